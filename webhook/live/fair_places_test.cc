#include "webhook/live/fair_places.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace muster::webhook {
namespace {

const kube::SteadyTime kNow = kube::SteadyNow();
const kube::SteadyTime kLate = kube::After(absl::Minutes(5));

TEST(FairPlaces, IsFullForOneGroupBeforeItIsFullForAll) {
  FairPlaces places({.places = 1, .guests = 3, .of_group = 2});
  std::list<FairPlaces::Guest> guests;
  EXPECT_TRUE(guests.emplace_back(&places, "a", kNow).welcome());
  EXPECT_TRUE(guests.emplace_back(&places, "a", kNow).welcome());
  EXPECT_FALSE(FairPlaces::Guest(&places, "a", kNow).welcome());
  EXPECT_TRUE(guests.emplace_back(&places, "b", kNow).welcome());
  EXPECT_FALSE(FairPlaces::Guest(&places, "c", kNow).welcome());
  guests.pop_front();
  EXPECT_TRUE(FairPlaces::Guest(&places, "c", kNow).welcome());
}

TEST(FairPlaces, WaitsAtTheDoor) {
  FairPlaces places({.places = 1, .guests = 1, .of_group = 1});
  auto inside = std::make_unique<FairPlaces::Guest>(&places, "a", kNow);
  std::thread outside([&] { EXPECT_TRUE(FairPlaces::Guest(&places, "a", kLate).welcome()); });
  inside.reset();
  outside.join();
}

TEST(FairPlaces, AGuestThatWaitedInVainTakesNoPlace) {
  FairPlaces places({.places = 1, .guests = 9, .of_group = 9});
  auto holder = std::make_unique<FairPlaces::Guest>(&places, "a", kNow);
  ASSERT_TRUE(holder->AwaitPlace(kLate));
  {
    FairPlaces::Guest late(&places, "b", kNow);
    EXPECT_FALSE(late.AwaitPlace(kube::After(absl::Milliseconds(5))));
  }
  holder.reset();
  FairPlaces::Guest next(&places, "c", kNow);
  EXPECT_TRUE(next.AwaitPlace(kLate));
}

// Ten of one group came first; the one of the other is not the eleventh.
TEST(FairPlaces, GroupsTakeTurns) {
  FairPlaces places({.places = 1, .guests = 99, .of_group = 99});
  auto holder = std::make_unique<FairPlaces::Guest>(&places, "crowd", kNow);
  ASSERT_TRUE(holder->AwaitPlace(kLate));
  std::mutex mutex;
  std::vector<std::string> order;
  int waiting = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 11; ++i) {
    const std::string group = i < 10 ? "crowd" : "single";
    threads.emplace_back([&, group] {
      FairPlaces::Guest guest(&places, group, kLate);
      {
        const std::lock_guard<std::mutex> lock(mutex);
        ++waiting;
      }
      ASSERT_TRUE(guest.AwaitPlace(kLate));
      const std::lock_guard<std::mutex> lock(mutex);
      order.push_back(group);
    });
  }
  for (bool all = false; !all;) {
    absl::SleepFor(absl::Milliseconds(20));  // also the moment between the count and the wait
    const std::lock_guard<std::mutex> lock(mutex);
    all = waiting == 11;
  }
  holder.reset();
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQ(order.size(), 11u);
  EXPECT_LE(std::find(order.begin(), order.end(), "single") - order.begin(), 1);
}

}  // namespace
}  // namespace muster::webhook
