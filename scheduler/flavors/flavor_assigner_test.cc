// Choosing flavors: which rating is better, when the search goes on, and what an assignment says of what it tried.
//
// Whole worlds are held against a naive model in scheduler/testing/small_worlds_test.cc; here are the rules one by one.
// One file, because all cases share the same small cluster and its helpers.
#include "scheduler/flavors/flavor_assigner.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "scheduler/testing/test_world.h"

namespace muster::scheduler {
namespace {

constexpr FitMode kWorstFirst[] = {FitMode::kNoFit, FitMode::kNoCandidates, FitMode::kPreempt, FitMode::kReclaim,
                                   FitMode::kFit};

TEST(RatedMode, TheModeDecidesThenBorrowing) {
  for (const FitMode better : kWorstFirst) {
    EXPECT_FALSE(IsPreferred({better, 0}, {better, 0}, false)) << "not strictly better";
    EXPECT_FALSE(IsPreferred({better, 0}, {better, 0}, true));
    for (const FitMode worse : kWorstFirst) {
      if (worse >= better) continue;
      // More borrowing speaks against it; that counts only for who would rather preempt than borrow, and never makes
      // anything worse than what cannot be.
      const bool hopeless = worse == FitMode::kNoFit || worse == FitMode::kNoCandidates;
      EXPECT_TRUE(IsPreferred({better, 2}, {worse, 1}, false));
      EXPECT_FALSE(IsPreferred({worse, 1}, {better, 2}, false));
      EXPECT_EQ(IsPreferred({better, 2}, {worse, 1}, true), hopeless);
      EXPECT_EQ(IsPreferred({worse, 1}, {better, 2}, true), !hopeless);
      EXPECT_TRUE(IsPreferred({better, 1}, {worse, 1}, true)) << "equal borrowing";
    }
    if (better == FitMode::kNoFit) continue;
    for (const bool preempt_rather : {false, true}) {
      EXPECT_TRUE(IsPreferred({better, 0}, {better, 1}, preempt_rather));
      EXPECT_FALSE(IsPreferred({better, 1}, {better, 0}, preempt_rather));
    }
  }
  EXPECT_FALSE(IsPreferred({FitMode::kNoFit, 0}, {FitMode::kNoFit, 1}, false));
}

TEST(RatedMode, ShowsAsOneOfThree) {
  EXPECT_EQ(ToMode(FitMode::kNoFit), Mode::kNoFit);
  EXPECT_EQ(ToMode(FitMode::kNoCandidates), Mode::kPreempt);
  EXPECT_EQ(ToMode(FitMode::kPreempt), Mode::kPreempt);
  EXPECT_EQ(ToMode(FitMode::kReclaim), Mode::kPreempt);
  EXPECT_EQ(ToMode(FitMode::kFit), Mode::kFit);
}

TEST(ShouldTryNextFlavor, FollowsTheRulesOfTheQueue) {
  struct Case {
    const char* about;
    RatedMode rated;
    // By (try next when can borrow, try next when can preempt).
    bool neither, borrow, preempt, both;
  };
  const Case kCases[] = {
      {"what does not fit is never the end", {FitMode::kNoFit, 0}, true, true, true, true},
      {"nor what nobody can be preempted for", {FitMode::kNoCandidates, 0}, true, true, true, true},
      {"it fits", {FitMode::kFit, 0}, false, false, false, false},
      {"it fits by borrowing", {FitMode::kFit, 1}, false, true, false, true},
      {"it fits by preempting", {FitMode::kPreempt, 0}, false, false, true, true},
      {"it fits by reclaiming", {FitMode::kReclaim, 0}, false, false, true, true},
      {"it fits by preempting while borrowing", {FitMode::kPreempt, 1}, false, true, true, true},
  };
  for (const Case& c : kCases) {
    const auto ask = [&](bool borrow, bool preempt) {
      ClusterQueueRules rules;
      rules.try_next_when_can_borrow = borrow;
      rules.try_next_when_can_preempt = preempt;
      return ShouldTryNextFlavor(c.rated, rules);
    };
    EXPECT_EQ(ask(false, false), c.neither) << c.about;
    EXPECT_EQ(ask(true, false), c.borrow) << c.about;
    EXPECT_EQ(ask(false, true), c.preempt) << c.about;
    EXPECT_EQ(ask(true, true), c.both) << c.about;
  }
}

// Two resource groups: flavors 0 and 1, flavors 2 and 3.
class NoFitReason : public ::testing::Test {
 protected:
  NoFitReason() {
    queue_.groups.resize(2);
    queue_.groups[0].flavors = {FlavorId(0), FlavorId(1)};
    queue_.groups[1].flavors = {FlavorId(2), FlavorId(3)};
    assignment_.mode = Mode::kNoFit;
    assignment_.pod_sets.resize(1);
    assignment_.pod_sets[0].mode = Mode::kNoFit;
    assignment_.pod_sets[0].reasons.resize(1);
    assignment_.attempted = {true};
    assignment_.scan_of = {0};
  }
  PendingReason Reason() const { return ResolveNoFitReason(queue_, assignment_); }
  void Refuse(FlavorId flavor, PendingReason reason) { assignment_.no_fit.push_back({0, flavor, reason}); }

  ClusterQueueState queue_;
  Assignment assignment_;
};

TEST_F(NoFitReason, IsTheMildestOfAGroupAndTheWorstOfGroups) {
  EXPECT_EQ(Reason(), PendingReason::kNone);
  Refuse(FlavorId(0), PendingReason::kNoMatchingFlavor);
  EXPECT_EQ(Reason(), PendingReason::kNoMatchingFlavor);
  Refuse(FlavorId(1), PendingReason::kWaitingForQuota);
  EXPECT_EQ(Reason(), PendingReason::kWaitingForQuota);
  Refuse(FlavorId(3), PendingReason::kExceedsMaxQuota);
  EXPECT_EQ(Reason(), PendingReason::kExceedsMaxQuota);
}

TEST_F(NoFitReason, ReasonsHaveAnOrder) {
  const PendingReason kMildestFirst[] = {PendingReason::kTopologyPlacementFailed, PendingReason::kWaitingForQuota,
                                         PendingReason::kExceedsMaxQuota, PendingReason::kNoMatchingFlavor};
  for (size_t mild = 0; mild < std::size(kMildestFirst); ++mild) {
    for (size_t bad = mild; bad < std::size(kMildestFirst); ++bad) {
      assignment_.no_fit.clear();
      Refuse(FlavorId(1), kMildestFirst[bad]);
      Refuse(FlavorId(0), kMildestFirst[mild]);
      EXPECT_EQ(Reason(), kMildestFirst[mild]) << "of one group";
      assignment_.no_fit.clear();
      Refuse(FlavorId(2), kMildestFirst[bad]);
      Refuse(FlavorId(0), kMildestFirst[mild]);
      EXPECT_EQ(Reason(), kMildestFirst[bad]) << "of two groups";
    }
  }
}

TEST_F(NoFitReason, IsTheWorstOfThePodSetsThatDoNotFit) {
  assignment_.pod_sets.resize(2);
  assignment_.pod_sets[1].mode = Mode::kNoFit;
  assignment_.pod_sets[1].reasons.resize(1);
  assignment_.attempted = {true, true};
  assignment_.scan_of = {0, 1};
  Refuse(FlavorId(0), PendingReason::kWaitingForQuota);
  assignment_.no_fit.push_back({1, FlavorId(0), PendingReason::kExceedsMaxQuota});
  EXPECT_EQ(Reason(), PendingReason::kExceedsMaxQuota);
  assignment_.pod_sets[1].mode = Mode::kPreempt;
  EXPECT_EQ(Reason(), PendingReason::kWaitingForQuota) << "the second could preempt";
  assignment_.scan_of = {1, 1};
  EXPECT_EQ(Reason(), PendingReason::kExceedsMaxQuota) << "both were looked at together";
}

TEST_F(NoFitReason, APodSetForWhichNoFlavorWasLookedAtMatchesNone) {
  assignment_.attempted[0] = false;
  EXPECT_EQ(Reason(), PendingReason::kNoMatchingFlavor);
  assignment_.pod_sets[0].reasons.clear();
  EXPECT_EQ(Reason(), PendingReason::kNone);  // nothing is said of it: it fits
  assignment_.pod_sets[0].error = "no TAS flavor assigned";
  EXPECT_EQ(Reason(), PendingReason::kNoMatchingFlavor);
}

TEST_F(NoFitReason, AFlavorWithoutAPlaceIsRefusedMostMildly) {
  assignment_.pod_sets[0].topology_flavor = FlavorId(0);
  assignment_.pod_sets[0].topology_failure.emplace();
  Refuse(FlavorId(1), PendingReason::kNoMatchingFlavor);
  EXPECT_EQ(Reason(), PendingReason::kTopologyPlacementFailed);
  assignment_.pod_sets[0].error = "it could not be asked";
  EXPECT_EQ(Reason(), PendingReason::kNoMatchingFlavor) << "then there is no word of its place";
  assignment_.pod_sets[0].error.clear();
  Refuse(FlavorId(2), PendingReason::kExceedsMaxQuota);  // before flavor 3, which provides the other resource
  EXPECT_EQ(Reason(), PendingReason::kExceedsMaxQuota);
  assignment_.mode = Mode::kPreempt;
  EXPECT_EQ(Reason(), PendingReason::kNone);
}

TEST(SearchReducedCounts, FindsTheLeastReductionThatFits) {
  for (int capacity = 0; capacity <= 12; ++capacity) {
    const std::vector<int32_t> full = {8, 4}, least = {2, 4};
    std::vector<int32_t> best;
    const bool found = SearchReducedCounts(full, least, [&](absl::Span<const int32_t> counts) {
      if (counts[0] + counts[1] > capacity) return false;
      best.assign(counts.begin(), counts.end());
      return true;
    });
    EXPECT_EQ(found, capacity >= 6) << capacity;
    if (!found) continue;
    EXPECT_EQ(best, (std::vector<int32_t>{std::min(8, capacity - 4), 4})) << capacity;
  }
}

// The gangs asked about, in order: halves first, as a binary search goes; all give up in proportion, rounded down.
TEST(SearchReducedCounts, AsksAsKueueDoes) {
  using Counts = std::vector<int32_t>;
  const Counts full = {7, 5}, least = {1, 2};  // 9 to give up: 6 and 3
  std::vector<Counts> asked;
  const bool found = SearchReducedCounts(full, least, [&](absl::Span<const int32_t> counts) {
    asked.emplace_back(counts.begin(), counts.end());
    return counts[0] <= 2;
  });
  // 5, 8, 7 and 6 given up; at 8 and at 7 the first has 2.
  EXPECT_EQ(asked, (std::vector<Counts>{{4, 4}, {2, 3}, {3, 3}}));
  EXPECT_TRUE(found);
  EXPECT_FALSE(SearchReducedCounts(full, full, [](absl::Span<const int32_t>) { return true; })) << "nothing to give up";
  // An answer that the search does not end at is none: Kueue asks whether the last that would do is the one found.
  int calls = 0;
  EXPECT_FALSE(SearchReducedCounts(full, least, [&](absl::Span<const int32_t>) { return ++calls > 99; }));
}

// ---- Whole assignments.

class RecordingOracle : public PreemptionOracle {
 public:
  RatedMode Ask(const WorkloadState&, ClusterQueueId, quota::FrId fr, quota::Amount amount) override {
    asked.push_back({fr, amount});
    const auto it = answers.find(fr);
    return it == answers.end() ? RatedMode{FitMode::kNoCandidates, 0} : it->second;
  }
  std::map<quota::FrId, RatedMode> answers;
  std::vector<quota::FrAmount> asked;
};

// Resources "cpu" (one group) and "nvidia.com/gpu" (another) of a queue; flavors "a" and "b" for both.
class AssignTest : public ::testing::Test {
 protected:
  AssignTest() {
    for (const char* name : {"a", "b", "c", "d"}) declared_.Apply(MakeFlavor(name, {{"type", name}}));
  }
  void Queue(std::vector<FlavorGpus> gpus, const std::string& cohort = "",
             std::function<void(api::ClusterQueue*)> change = {}) {
    api::ClusterQueue queue = MakeQueue("q", cohort, gpus);
    if (change) change(&queue);
    declared_.Apply(queue);
    declared_.RefreshForest();
    cq_ = declared_.FindClusterQueue("q");
  }
  quota::FrId Fr(const char* flavor, const char* resource = "nvidia.com/gpu") {
    return declared_.Fr(declared_.flavors.Find(flavor), declared_.resources.Find(resource));
  }
  void Use(const char* flavor, quota::Amount amount) {
    declared_.forest().AddUsage(declared_.NodeOf(cq_), Fr(flavor), amount);
  }
  // One pod set for each number of GPUs.
  void Workload(std::vector<int64_t> gpus, const std::string& group = "") {
    pod_sets_.clear();
    counts_.clear();
    for (const int64_t n : gpus) {
      PodSetState& ps = pod_sets_.emplace_back();
      ps.name = "ps" + std::to_string(pod_sets_.size() - 1);
      ps.group = group;
      ps.spec = std::make_shared<api::PodSpec>();
      if (n >= 0) ps.per_pod = {{declared_.resources.Intern("nvidia.com/gpu"), n}};
      counts_.push_back(1);
    }
    workload_.pod_sets = pod_sets_;
  }
  Assignment Assign(const ScanProgress* progress = nullptr, const FlavorPins* pins = nullptr,
                    const WorkloadState* replaced = nullptr) {
    return FlavorAssigner(declared_, options_, oracle_).Assign(workload_, cq_, counts_, progress, pins, replaced);
  }
  // "a" for each pod set, "-" for none.
  std::string Flavors(const Assignment& a) {
    std::string out;
    for (const PodSetDecision& ps : a.pod_sets) {
      if (ps.flavors.empty()) out += "-";
      for (const ResourceFlavorChoice& f : ps.flavors) out += declared_.flavors.Name(f.flavor);
    }
    return out;
  }
  // "a Fit+1, b Preempt: 2" for each flavor that is told of: its mode or whom preemption could remove, what it borrows,
  // how many reasons there are.
  std::string Attempts(const Assignment& a, size_t pod_set = 0) {
    std::vector<std::string> out;
    for (const FlavorAttempt& t : a.pod_sets.at(pod_set).attempts) {
      std::string text = declared_.flavors.Name(t.flavor) + " " + std::string(ToString(t.mode));
      if (t.preemption != FlavorAttempt::Preemption::kNone) text += "/" + std::string(ToString(t.preemption));
      if (t.borrow > 0) text += "+" + std::to_string(t.borrow);
      if (!t.reasons.empty()) text += ": " + std::to_string(t.reasons.size());
      out.push_back(text);
    }
    return absl::StrJoin(out, ", ");
  }
  static std::vector<FlavorReason::Code> Codes(const Assignment& a, size_t pod_set = 0) {
    std::vector<FlavorReason::Code> out;
    for (const FlavorReason& r : a.pod_sets.at(pod_set).reasons) out.push_back(r.code);
    return out;
  }
  using Code = FlavorReason::Code;

  Declared declared_;
  EngineOptions options_;
  RecordingOracle oracle_;
  ClusterQueueId cq_;
  std::vector<PodSetState> pod_sets_;
  std::vector<int32_t> counts_;
  WorkloadState workload_;
};

TEST_F(AssignTest, TheFirstThatFits) {
  Queue({{"a", 2}, {"b", 4}});
  Workload({2});
  Assignment a = Assign();
  EXPECT_EQ(a.mode, Mode::kFit);
  EXPECT_EQ(Flavors(a), "a");
  EXPECT_TRUE(a.pod_sets[0].reasons.empty());
  EXPECT_EQ(a.usage, (quota::FrAmounts{{Fr("a"), 2}}));
  EXPECT_EQ(a.pod_sets[0].flavors[0].tried_flavor_idx, 0) << "there is more to try";
  Workload({3});
  a = Assign();
  EXPECT_EQ(Flavors(a), "b");
  EXPECT_TRUE(a.pod_sets[0].reasons.empty()) << "once one fits, nobody hears of the others";
  EXPECT_EQ(a.pod_sets[0].flavors[0].tried_flavor_idx, -1) << "the last one";
  Workload({5});
  a = Assign();
  EXPECT_EQ(a.mode, Mode::kNoFit);
  EXPECT_EQ(Flavors(a), "-");
  EXPECT_EQ(a.no_fit_reason, PendingReason::kExceedsMaxQuota);
  EXPECT_EQ(Codes(a), (std::vector<Code>{Code::kExceedsMaxQuota, Code::kExceedsMaxQuota}));
  EXPECT_EQ(a.pod_sets[0].reasons[1].requested, 5);
  EXPECT_EQ(a.pod_sets[0].reasons[1].earlier, 0);
  EXPECT_EQ(a.pod_sets[0].reasons[1].capacity, 4);
  EXPECT_TRUE(oracle_.asked.empty());
}

TEST_F(AssignTest, AnAdmissionTellsWhichFlavorsWereLookedAt) {
  Queue({{"d", 2}, {"a", 4}, {"b", 9}});
  Workload({2});
  EXPECT_EQ(Attempts(Assign()), "") << "the first fits without borrowing";
  Workload({5});
  Assignment a = Assign();
  EXPECT_EQ(Attempts(a), "a NoFit: 1, d NoFit: 1") << "by name; the one that fits is not told of";
  EXPECT_EQ(a.pod_sets[0].attempts[0].reasons[0].capacity, 4);
  EXPECT_EQ(a.pod_sets[0].attempts[1].reasons[0].capacity, 2) << "each has its own reasons";
  Use("d", 1);
  Use("a", 4);
  oracle_.answers[Fr("a")] = {FitMode::kReclaim, 2};
  Workload({2});
  EXPECT_EQ(Attempts(Assign()), "a Preempt/Reclaim+2: 1, d Preempt/NoCandidates: 1");
  Workload({10});
  EXPECT_EQ(Attempts(Assign()), "") << "what does not fit has its reasons";
}

TEST_F(AssignTest, AFlavorThatFitsByBorrowingIsToldOf) {
  declared_.Apply(MakeQueue("lender", "org", {{"a", 4}}));
  Queue({{"a", 2}}, "org");
  Workload({3, 1});
  const Assignment a = Assign();
  EXPECT_EQ(a.mode, Mode::kFit);
  EXPECT_EQ(Attempts(a), "a Fit+1");
  EXPECT_EQ(Attempts(a, 1), "a Fit+1") << "with what the first takes";
  EXPECT_TRUE(a.pod_sets[0].reasons.empty());
}

TEST_F(AssignTest, CountsMultiplyAndLaterPodSetsSeeEarlierOnes) {
  Queue({{"a", 6}, {"b", 6}});
  Workload({2, 3});
  counts_ = {2, 1};
  Assignment a = Assign();
  EXPECT_EQ(Flavors(a), "ab") << "4 of 6 are taken by the first";
  EXPECT_EQ(a.requests[0][0].amount, 4);
  counts_ = {2, 3};
  a = Assign();
  EXPECT_EQ(a.mode, Mode::kNoFit);
  ASSERT_EQ(a.pod_sets.size(), 2u);
  EXPECT_EQ(a.pod_sets[1].reasons[0].earlier, 4);
  EXPECT_EQ(a.pod_sets[1].reasons[0].requested, 9);
  EXPECT_EQ(a.pod_sets[1].reasons[1].earlier, 0);
  // What comes behind one that does not fit is not looked at.
  Workload({7, 1});
  EXPECT_EQ(Assign().pod_sets.size(), 1u);
}

TEST_F(AssignTest, WhatIsInUseIsMissing) {
  Queue({{"a", 4}, {"b", 4}});
  Use("a", 3);
  Use("b", 2);
  Workload({3});
  Assignment a = Assign();
  EXPECT_EQ(a.mode, Mode::kPreempt) << "within nominal quota somebody might be preempted";
  EXPECT_EQ(Codes(a), (std::vector<Code>{Code::kInsufficientUnusedQuota, Code::kInsufficientUnusedQuota}));
  EXPECT_EQ(a.pod_sets[0].reasons[0].missing, 2);
  EXPECT_EQ(a.pod_sets[0].reasons[1].missing, 1);
  EXPECT_EQ(Flavors(a), "a") << "nobody can be preempted in either: the first";
  EXPECT_EQ(oracle_.asked, (std::vector<quota::FrAmount>{{Fr("a"), 3}, {Fr("b"), 3}}));
  oracle_.answers[Fr("b")] = {FitMode::kPreempt, 0};
  EXPECT_EQ(Flavors(Assign()), "b");
  oracle_.answers[Fr("a")] = {FitMode::kPreempt, 0};
  EXPECT_EQ(Flavors(Assign()), "a") << "of equals the first";
  oracle_.answers[Fr("b")] = {FitMode::kReclaim, 0};
  EXPECT_EQ(Flavors(Assign()), "b");
}

TEST_F(AssignTest, BeyondNominalSomeoneHasToAllowPreemption) {
  const auto lend = [this] { declared_.Apply(MakeQueue("lender", "c", {{"a", 4}})); };
  lend();
  Queue({{"a", 2}}, "c");
  Use("a", 4);
  Workload({3});
  Assignment a = Assign();
  EXPECT_EQ(a.mode, Mode::kNoFit) << "it would borrow, and may not preempt for it";
  EXPECT_EQ(a.no_fit_reason, PendingReason::kWaitingForQuota);
  EXPECT_TRUE(oracle_.asked.empty());
  Workload({2});
  EXPECT_EQ(Assign().mode, Mode::kFit) << "2 of the 6 are left";
  EXPECT_EQ(Assign().borrowing, 1);
  // Each of these lets it ask.
  Workload({3});
  options_ = EngineOptions::FairSharing();
  EXPECT_EQ(Assign().mode, Mode::kNoFit) << "reclaimWithinCohort is Never";
  Queue({{"a", 2}}, "c", [](api::ClusterQueue* q) {
    q->preemption.emplace();
    q->preemption->reclaim_within_cohort = "Any";
  });
  Use("a", 4);
  EXPECT_EQ(Assign().mode, Mode::kPreempt);
  options_ = EngineOptions::Default();
  EXPECT_EQ(Assign().mode, Mode::kNoFit);
  Queue({{"a", 2}}, "c", [](api::ClusterQueue* q) {
    q->preemption.emplace();
    q->preemption->reclaim_within_cohort = "Any";
    q->preemption->borrow_within_cohort = {"LowerPriority", std::nullopt};
  });
  Use("a", 4);
  EXPECT_EQ(Assign().mode, Mode::kPreempt);
}

TEST_F(AssignTest, GoesOnWhereTheLastAttemptStopped) {
  Queue({{"a", 4}, {"b", 4}, {"c", 4}});
  Workload({1});
  ScanProgress progress;
  progress.last_tried = {{{declared_.resources.Find("nvidia.com/gpu"), 0}}};
  Assignment a = Assign(&progress);
  EXPECT_EQ(Flavors(a), "b");
  EXPECT_EQ(a.last_tried[0][0].second, 1);
  progress.last_tried[0][0].second = 1;
  EXPECT_EQ(Flavors(Assign(&progress)), "c");
  progress.last_tried[0][0].second = -1;
  EXPECT_EQ(Flavors(Assign(&progress)), "a") << "all have been tried: from the start";
  progress.last_tried[0][0] = {declared_.resources.Intern("cpu"), 0};
  EXPECT_EQ(Flavors(Assign(&progress)), "a") << "that was another resource";
  progress.last_tried = {};
  EXPECT_EQ(Flavors(Assign(&progress)), "a");
  progress.last_tried = {{{declared_.resources.Find("nvidia.com/gpu"), 0}}};
  ASSERT_TRUE(options_.gates.Set("FlavorFungibility", false).ok());
  a = Assign(&progress);
  EXPECT_EQ(Flavors(a), "a") << "without fungibility every attempt is the first";
  EXPECT_EQ(a.last_tried[0][0].second, 0);
}

TEST_F(AssignTest, WithoutFungibilityTheBestModeWhateverItBorrows) {
  declared_.Apply(MakeQueue("lender", "c", {{"b", 9}}));
  const auto preempt_rather = [](api::ClusterQueue* q) {
    q->flavor_fungibility.emplace();
    q->flavor_fungibility->when_can_preempt = "MayStopSearch";
    q->flavor_fungibility->when_can_borrow = "TryNextFlavor";
  };
  Queue({{"a", 4}, {"b", 0}, {"c", 4}}, "c", preempt_rather);
  Use("a", 3);
  Workload({2});
  oracle_.answers[Fr("a")] = {FitMode::kPreempt, 0};
  EXPECT_EQ(Flavors(Assign()), "a") << "preempting ends the search";
  ASSERT_TRUE(options_.gates.Set("FlavorFungibility", false).ok());
  Assignment a = Assign();
  EXPECT_EQ(Flavors(a), "b") << "one that fits ends it";
  EXPECT_EQ(a.borrowing, 1);
  EXPECT_EQ(a.pod_sets[0].flavors[0].tried_flavor_idx, 0);
}

TEST_F(AssignTest, RefusalsThatAreNoMatterOfQuota) {
  Queue({{"a", 4}, {"b", 4}});
  Workload({1});
  const auto only = [&](std::vector<std::string> allowed) { workload_.allowed_flavors = std::move(allowed); };
  only({"b"});
  EXPECT_EQ(Flavors(Assign()), "b");
  only({""});  // names none
  Assignment a = Assign();
  EXPECT_EQ(a.mode, Mode::kNoFit);
  EXPECT_EQ(Codes(a), (std::vector<Code>{Code::kNotAllowedByAnnotation, Code::kNotAllowedByAnnotation}));
  EXPECT_EQ(a.no_fit_reason, PendingReason::kNoMatchingFlavor);
  EXPECT_FALSE(a.attempted[0]);
  workload_.allowed_flavors.clear();
  // Pinned to the flavors of an earlier assignment.
  const ResourceId gpu = declared_.resources.Find("nvidia.com/gpu");
  FlavorPins pins = {{{gpu, declared_.flavors.Find("b")}}};
  EXPECT_EQ(Flavors(Assign(nullptr, &pins)), "b");
  pins = {{}};
  EXPECT_EQ(Codes(Assign(nullptr, &pins)),
            (std::vector<Code>{Code::kNotInNominationMapping, Code::kNotInNominationMapping}));
  pins = {};
  EXPECT_EQ(Assign(nullptr, &pins).mode, Mode::kNoFit);
  // Flavors that pods cannot use, or that do not exist.
  auto spec = std::make_shared<api::PodSpec>();
  spec->node_selector = {{"type", "b"}};
  pod_sets_[0].spec = spec;
  EXPECT_EQ(Flavors(Assign()), "b");
  declared_.DeleteFlavor("b");
  a = Assign();
  EXPECT_EQ(Codes(a), (std::vector<Code>{Code::kNodeAffinityMismatch, Code::kFlavorNotFound}));
  EXPECT_EQ(a.pod_sets[0].reasons[1].flavor, declared_.flavors.Find("b"));
  EXPECT_TRUE(a.attempted[0]);
  only({"a"});
  EXPECT_EQ(Codes(Assign()), (std::vector<Code>{Code::kNodeAffinityMismatch, Code::kFlavorNotFound}))
      << "one that does not exist cannot be disallowed";
}

TEST_F(AssignTest, AResourceThatNobodyCovers) {
  Queue({{"a", 4}});
  Workload({1});
  const ResourceId nic = declared_.resources.Intern("nic");
  pod_sets_[0].per_pod.push_back({nic, 1});
  workload_.pod_sets = pod_sets_;
  Assignment a = Assign();
  EXPECT_EQ(a.mode, Mode::kNoFit);
  EXPECT_EQ(Codes(a), std::vector<Code>{Code::kResourceUnavailable});
  EXPECT_EQ(a.pod_sets[0].reasons[0].resource, nic);
  EXPECT_TRUE(a.usage.empty());
  options_.quota_check = QuotaCheckStrategy::kIgnoreUndeclared;
  EXPECT_EQ(Assign().mode, Mode::kFit);
  options_.quota_check = QuotaCheckStrategy::kBlockUndeclared;
  pod_sets_[0].per_pod[1].amount = 0;
  EXPECT_EQ(Assign().mode, Mode::kFit) << "of nothing there is always enough";
}

TEST_F(AssignTest, AGroupOfPodSetsGetsOneFlavor) {
  Queue({{"a", 4}, {"b", 6}});
  Workload({3, 3});
  EXPECT_EQ(Flavors(Assign()), "ab");
  Workload({3, 3}, "together");
  const Assignment a = Assign();
  EXPECT_EQ(Flavors(a), "bb");
  EXPECT_EQ(a.usage, (quota::FrAmounts{{Fr("b"), 6}}));
  // Where one of them may not run, none does; it is told of both.
  auto spec = std::make_shared<api::PodSpec>();
  spec->node_selector = {{"type", "a"}};
  pod_sets_[1].spec = spec;
  const Assignment none = Assign();
  EXPECT_EQ(none.mode, Mode::kNoFit);
  ASSERT_EQ(none.pod_sets.size(), 2u);
  EXPECT_EQ(Codes(none, 0), (std::vector<Code>{Code::kExceedsMaxQuota, Code::kNodeAffinityMismatch}));
  EXPECT_EQ(Codes(none, 1), Codes(none, 0));
}

// The slice of an elastic job that takes another's place: only what it asks beyond that counts.
TEST_F(AssignTest, AReplacedSliceKeepsItsFlavor) {
  Queue({{"a", 4}, {"b", 4}});
  Use("b", 3);
  Workload({4});
  WorkloadState old;
  old.held.emplace_back();
  old.held[0].name = "ps0";
  old.held[0].items = {{declared_.resources.Find("nvidia.com/gpu"), declared_.flavors.Find("b"), 3}};
  const Assignment a = Assign(nullptr, nullptr, &old);
  EXPECT_EQ(a.mode, Mode::kFit);
  EXPECT_EQ(Flavors(a), "b");
  EXPECT_EQ(a.usage, (quota::FrAmounts{{Fr("b"), 1}}));
  Workload({8});
  const Assignment more = Assign(nullptr, nullptr, &old);
  EXPECT_EQ(more.mode, Mode::kNoFit);
  EXPECT_EQ(Codes(more),
            (std::vector<Code>{Code::kSliceFlavorMismatch, Code::kExceedsMaxQuota, Code::kExceedsMaxQuota}));
  EXPECT_EQ(more.pod_sets[0].reasons[0].detail, "b");
  EXPECT_EQ(more.pod_sets[0].reasons[2].requested, 5);
  old.held[0].name = "another";
  Workload({4});
  EXPECT_EQ(Flavors(Assign(nullptr, nullptr, &old)), "a") << "what other pod sets held is no matter";
}

// What holds quota already keeps its flavors: a second pass is about its place alone.
TEST_F(AssignTest, ASecondPassKeepsWhatIsHeld) {
  Queue({{"a", 4}, {"b", 4}});
  Workload({9});
  workload_.phase = WorkloadPhase::kReserved;
  workload_.held.emplace_back();
  workload_.held[0].name = "ps0";
  workload_.held[0].count = 2;
  workload_.held[0].items = {{declared_.resources.Find("nvidia.com/gpu"), declared_.flavors.Find("b"), 3}};
  Assignment a = Assign();
  EXPECT_EQ(a.mode, Mode::kFit);
  EXPECT_EQ(Flavors(a), "b");
  EXPECT_EQ(a.pod_sets[0].count, 2);
  EXPECT_EQ(a.pod_sets[0].delayed_topology, "");
  EXPECT_EQ(a.requests[0].size(), 1u);
  EXPECT_EQ(a.requests[0][0].amount, 3);
  EXPECT_TRUE(a.usage.empty());
  EXPECT_EQ(a.no_fit_reason, PendingReason::kNone);
  workload_.held[0].delayed_topology = "Pending";
  EXPECT_EQ(Assign().pod_sets[0].delayed_topology, "Ready");
}

// A ClusterQueue that covers "pods" counts them, whatever the pods say of themselves.
TEST_F(AssignTest, PodsAreCountedWhereTheyAreCovered) {
  Queue({{"a", 9}}, "", [](api::ClusterQueue* q) {
    q->resource_groups[0].covered_resources.push_back("pods");
    api::ResourceQuota pods;
    pods.name = "pods";
    pods.nominal_quota = api::Quantity::FromValue(3);
    q->resource_groups[0].flavors[0].resources.push_back(pods);
  });
  Workload({1});
  pod_sets_[0].per_pod.push_back({declared_.resources.Find("pods"), 7});
  workload_.pod_sets = pod_sets_;
  counts_ = {3};
  const Assignment a = Assign();
  EXPECT_EQ(a.mode, Mode::kFit);
  ASSERT_EQ(a.requests[0].size(), 2u);
  EXPECT_EQ(a.requests[0][0].amount, 3) << "nvidia.com/gpu comes before pods";
  EXPECT_EQ(a.requests[0][1].amount, 3);
  counts_ = {4};
  EXPECT_EQ(Assign().mode, Mode::kNoFit);
}

TEST_F(AssignTest, NobodyIsPreemptedWithoutAnOracle) {
  declared_.Apply(MakeQueue("lender", "c", {{"a", 4}}));
  Queue({{"a", 2}}, "c");
  NoPreemptionOracle oracle(declared_);
  const RatedMode within = oracle.Ask(workload_, cq_, Fr("a"), 2), beyond = oracle.Ask(workload_, cq_, Fr("a"), 3);
  EXPECT_EQ(within.mode, FitMode::kNoCandidates);
  EXPECT_EQ(within.borrow, 0);
  EXPECT_EQ(beyond.borrow, 1);
}

}  // namespace
}  // namespace muster::scheduler
