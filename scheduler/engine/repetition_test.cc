#include "scheduler/engine/repetition.h"

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

using Part = Repetition::Part;

TEST(Repetition, ACycleThatChangedNothingRepeatsItself) {
  Repetition r;
  EXPECT_FALSE(r.repeats());
  r.Note(Part::kScan, 1, {}, {});
  r.EndCycle();
  EXPECT_TRUE(r.repeats());
}

TEST(Repetition, WhatStaysAsItIsIsNothingToNote) {
  Repetition r;
  r.Note(Part::kScan, 1, {3}, {3});
  r.EndCycle();
  EXPECT_TRUE(r.repeats());
  r.EndCycle();
  EXPECT_TRUE(r.repeats()) << "whether it is mentioned makes no difference";
  r.Note(Part::kPreemptor, 2, {1, 2}, {1, 2});
  r.EndCycle();
  EXPECT_TRUE(r.repeats());
}

TEST(Repetition, AScanRepeatsOnceItIsBackWhereItWas) {
  Repetition r;
  r.Note(Part::kScan, 1, {}, {0});
  r.EndCycle();
  EXPECT_FALSE(r.repeats());
  r.Note(Part::kScan, 1, {0}, {1});
  r.EndCycle();
  EXPECT_FALSE(r.repeats());
  r.Note(Part::kScan, 1, {1}, {});
  r.EndCycle();
  EXPECT_TRUE(r.repeats());
}

TEST(Repetition, TwoScansRepeatWhenBothAreBackTogether) {
  Repetition r;
  // One of two steps, one of three: back together after six.
  for (int64_t cycle = 0; cycle < 6; ++cycle) {
    r.Note(Part::kScan, 1, {cycle % 2}, {(cycle + 1) % 2});
    r.Note(Part::kScan, 2, {cycle % 3}, {(cycle + 1) % 3});
    r.EndCycle();
    EXPECT_EQ(r.repeats(), cycle == 5) << cycle;
  }
}

TEST(Repetition, ALoopIsFoundThatDoesNotComeBackToItsStart) {
  Repetition r;
  r.Note(Part::kPreemptor, 1, {}, {7});  // never goes back
  r.Note(Part::kScan, 1, {}, {0});
  r.EndCycle();
  EXPECT_FALSE(r.repeats());
  r.Note(Part::kPreemptor, 1, {7}, {7});
  r.Note(Part::kScan, 1, {0}, {});
  r.EndCycle();
  EXPECT_FALSE(r.repeats());
  r.Note(Part::kScan, 1, {}, {0});
  r.EndCycle();
  EXPECT_TRUE(r.repeats());
}

TEST(Repetition, ItGoesOnForAsLongAsCyclesDoWhatTheyDid) {
  Repetition r;
  const auto cycle = [&r](Repetition::Value before, Repetition::Value after) {
    r.Note(Part::kScan, 1, before, after);
    r.EndCycle();
    return r.repeats();
  };
  EXPECT_FALSE(cycle({}, {0}));
  EXPECT_FALSE(cycle({0}, {1}));
  EXPECT_TRUE(cycle({1}, {0})) << "as after the first";
  for (int round = 0; round < 5; ++round) {
    EXPECT_TRUE(cycle({0}, {1}));
    EXPECT_TRUE(cycle({1}, {0}));
  }
  EXPECT_FALSE(cycle({0}, {2})) << "that is new";
  EXPECT_FALSE(cycle({2}, {0}));
  EXPECT_TRUE(cycle({0}, {2}));
}

TEST(Repetition, AScanOfAWorkloadIsNotAPreemptorOfAQueue) {
  Repetition r;
  r.Note(Part::kScan, 1, {}, {5});
  r.EndCycle();
  r.Note(Part::kScan, 1, {5}, {});
  r.Note(Part::kPreemptor, 1, {}, {5});
  r.EndCycle();
  EXPECT_FALSE(r.repeats());
}

TEST(Repetition, RestartForgetsWhatWasSeen) {
  Repetition r;
  r.Note(Part::kScan, 1, {}, {0});
  r.EndCycle();
  r.Restart();
  EXPECT_FALSE(r.repeats());
  r.Note(Part::kScan, 1, {0}, {});
  r.EndCycle();
  EXPECT_FALSE(r.repeats()) << "{} was there before the restart, and counts no more";
  r.Note(Part::kScan, 1, {}, {0});
  r.EndCycle();
  EXPECT_TRUE(r.repeats());
}

}  // namespace
}  // namespace muster::scheduler
