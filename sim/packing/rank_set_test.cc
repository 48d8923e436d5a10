#include "sim/packing/rank_set.h"

#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <set>

namespace muster::sim {
namespace {

TEST(RankSetTest, KnowsWhatASetKnows) {
  for (const int size : {1, 63, 64, 65, 4096, 4097, 9000}) {
    std::mt19937 random(size);
    RankSet set(size);
    std::set<int> model;
    for (int step = 0; step < 3000; ++step) {
      const int n = static_cast<int>(random() % static_cast<unsigned>(size));
      if (model.insert(n).second) {
        set.Insert(n);
      } else {
        model.erase(n);
        set.Erase(n);
      }
      ASSERT_EQ(set.count(), static_cast<int>(model.size()));
      ASSERT_EQ(set.empty(), model.empty());
      if (model.empty()) continue;
      ASSERT_EQ(set.Least(), *model.begin());
      const int nth = static_cast<int>(random() % model.size());
      ASSERT_EQ(set.Nth(nth), *std::next(model.begin(), nth));
    }
  }
}

}  // namespace
}  // namespace muster::sim
