#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

namespace muster::base {
namespace {

TEST(ThreadPoolTest, EveryPieceIsDoneOnceAndSeenAfterwards) {
  struct Case {
    const char* about;
    int threads, pieces;
  };
  const Case cases[] = {
      {"the caller alone", 1, 10},           {"nothing to do", 3, 0},
      {"one piece wakes nobody", 3, 1},      {"fewer pieces than threads", 4, 2},
      {"more pieces than threads", 4, 1000},
  };
  for (const Case& c : cases) {
    ThreadPool pool(c.threads);
    for (int round = 0; round < 100; ++round) {
      std::vector<int> done(c.pieces);  // written without locks: each by the one who does it
      pool.Run(c.pieces, [&](int i) { ++done[i]; });
      EXPECT_EQ(done, std::vector<int>(c.pieces, 1)) << c.about;
    }
  }
}

TEST(ThreadPoolTest, PiecesAreDoneSideBySide) {
  ThreadPool pool(2);
  std::atomic<int> inside = 0;
  // Each waits for the other: with one thread this would never end.
  pool.Run(2, [&](int) {
    ++inside;
    while (inside < 2) std::this_thread::yield();
  });
  EXPECT_EQ(inside, 2);
}

}  // namespace
}  // namespace muster::base
