// Every sentence that a decision can come to, word for word as Kueue has it.
#include "scheduler/decision_text.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

// Ids as the engine gives them: in the order of first mention.
template <typename Id>
Id IdIn(NameList* names, const std::string& name) {
  for (int32_t id = 0; id < names->size(); ++id) {
    if ((*names)[id] == name) return Id(id);
  }
  names->Add(name);
  return Id(names->size() - 1);
}
std::shared_ptr<NameList> FlavorList() {
  static const auto* const kNames = new std::shared_ptr<NameList>(std::make_shared<NameList>());
  return *kNames;
}
std::shared_ptr<NameList> ResourceList() {
  static const auto* const kNames = new std::shared_ptr<NameList>(std::make_shared<NameList>());
  return *kNames;
}

Decision MakeDecision() {
  Decision d;
  d.identity = Shared<WorkloadIdentity>(WorkloadIdentity{"ns/w", "uid-w", "uid-j"});
  d.queue = Shared<QueueIdentity>(QueueIdentity{"q", "/org/q", FlavorList(), ResourceList()});
  d.pod_sets.emplace_back();
  d.pod_sets[0].name = "main";
  d.pod_sets[0].count = 3;
  return d;
}

FlavorReason Reason(FlavorReason::Code code, const std::string& detail = "", const std::string& resource = "gpu") {
  FlavorReason r;
  r.code = code;
  r.detail = detail;
  r.flavor = IdIn<FlavorId>(FlavorList().get(), "f");
  r.resource = IdIn<ResourceId>(ResourceList().get(), resource);
  r.earlier = 1;
  r.requested = 2;
  r.capacity = 3;
  r.missing = 4;
  return r;
}

TEST(Message, OfEveryFlavorReason) {
  using Code = FlavorReason::Code;
  FlavorReason unlimited = Reason(Code::kExceedsMaxQuota), all_missing = Reason(Code::kInsufficientUnusedQuota);
  unlimited.capacity = all_missing.missing = quota::kUnlimited;
  const std::pair<FlavorReason, const char*> kCases[] = {
      {Reason(Code::kResourceUnavailable), "resource gpu unavailable in ClusterQueue"},
      {Reason(Code::kFlavorNotFound), "flavor f not found"},
      {Reason(Code::kUntoleratedTaint, "{k v e <nil>}"), "untolerated taint {k v e <nil>} in flavor f"},
      {Reason(Code::kNodeAffinityMismatch), "flavor f doesn't match node affinity"},
      {Reason(Code::kExceedsMaxQuota),
       "insufficient quota for gpu in flavor f, previously considered podsets requests (1) + current podset request "
       "(2) "
       "> maximum capacity (3)"},
      {Reason(Code::kExceedsMaxQuota, "", "cpu"),
       "insufficient quota for cpu in flavor f, previously considered podsets requests (1m) + current podset request "
       "(2m) > maximum capacity (3m)"},
      {unlimited,
       "insufficient quota for gpu in flavor f, previously considered podsets requests (1) + current podset request "
       "(2) "
       "> maximum capacity (unlimited)"},
      {Reason(Code::kInsufficientUnusedQuota), "insufficient unused quota for gpu in flavor f, 4 more needed"},
      {all_missing, "insufficient unused quota for gpu in flavor f, unlimited more needed"},
      {Reason(Code::kNotInNominationMapping),
       "skipping flavor f as it is not found in the nomination mapping for resource gpu"},
      {Reason(Code::kNotAllowedByAnnotation),
       "skipping flavor f due to WorkloadAllowedResourceFlavorAnnotation annotation"},
      {Reason(Code::kSliceFlavorMismatch, "g"), "could not assign f flavor since the original workload is assigned: g"},
      {Reason(Code::kTopologyUnsupported), "Flavor \"f\" does not support TopologyAwareScheduling"},
      {Reason(Code::kTopologyOnly), "Flavor \"f\" supports only TopologyAwareScheduling"},
      {Reason(Code::kText, "in so many words"), "in so many words"},
  };
  for (const auto& [reason, text] : kCases) {
    Decision d = MakeDecision();
    d.pod_sets[0].reasons = {reason};
    EXPECT_EQ(Message(d), std::string("couldn't assign flavors to pod set main: ") + text);
  }
}

TEST(FlavorsConsidered, NamesWhatDidNotFitAtOnce) {
  using Code = FlavorReason::Code;
  using Preemption = FlavorAttempt::Preemption;
  Decision d = MakeDecision();
  EXPECT_EQ(FlavorsConsidered(d), "");
  const FlavorId f = IdIn<FlavorId>(FlavorList().get(), "f"), g = IdIn<FlavorId>(FlavorList().get(), "g");
  const FlavorReason missing = Reason(Code::kInsufficientUnusedQuota);
  d.pod_sets.resize(3);
  d.pod_sets[0].attempts = {{f, Mode::kFit, Preemption::kNone, 2}};
  d.pod_sets[1].name = "silent";
  d.pod_sets[2].name = "more";
  d.pod_sets[2].attempts = {
      {f, Mode::kPreempt, Preemption::kNoCandidates, 1, {missing, missing}},
      {g, Mode::kNoFit, Preemption::kNone, 0, {Reason(Code::kText, "z"), Reason(Code::kText, "a")}}};
  EXPECT_EQ(FlavorsConsidered(d),
            "main: f(Fit;borrow=2) | more: f(preemptionMode=NoCandidates;borrow=1;insufficient unused quota for gpu in "
            "flavor f, 4 more needed), g(NoFit;a;z)");
}

TEST(Message, OfSeveralPodSets) {
  using Code = FlavorReason::Code;
  Decision d = MakeDecision();
  EXPECT_EQ(Message(d), "");
  d.pod_sets.resize(3);
  d.pod_sets[1].name = "silent";
  d.pod_sets[2].name = "more";
  d.pod_sets[0].reasons = {Reason(Code::kText, "z"), Reason(Code::kText, "a")};
  d.pod_sets[2].reasons = {Reason(Code::kText, "m")};
  EXPECT_EQ(Message(d), "couldn't assign flavors to pod set main: a, z; couldn't assign flavors to pod set more: m");
  d.pod_sets[2].error = "it is not known";
  EXPECT_EQ(Message(d), "failed to assign flavors to pod set more: it is not known") << "an error is all that is said";
}

TEST(Message, OfEveryNote) {
  const std::pair<Note, const char*> kCases[] = {
      {Note::kFailedAdmissionChecks, "The workload has failed admission checks"},
      {Note::kClusterQueueInactive, "ClusterQueue q is inactive"},
      {Note::kClusterQueueNotFound, "ClusterQueue q not found"},
      {Note::kNamespaceMissing, "detail"},
      {Note::kNamespaceMismatch, "workload namespace doesn't match ClusterQueue selector"},
      {Note::kResourceValidation, "resources validation failed: detail"},
      {Note::kLimitRange, "resources didn't satisfy LimitRange constraints: detail"},
      {Note::kDeferredFit,
       "Workload has overlapping preemption targets with another workload, but will fit after these preemptions "
       "complete"},
      {Note::kOverlappingTargets, "Workload has overlapping preemption targets with another workload"},
      {Note::kNoLongerFits, "Workload no longer fits after processing another workload"},
      {Note::kPreemptionGated, "Workload requires preemption, but it's gated"},
      {Note::kMoreFavorableAdmitted, "A more favorable variant is already admitted"},
      {Note::kBelowLastAcceptableFlavor, "Target flavor is below LastAcceptableFlavorName"},
      {Note::kNoReplacement, "Workload was evicted as there was no replacement for unhealthy node(s): detail"},
  };
  for (const auto& [note, text] : kCases) {
    Decision d = MakeDecision();
    d.note = note;
    d.note_detail = "detail";
    d.pod_sets[0].reasons = {Reason(FlavorReason::Code::kText, "not told")};
    EXPECT_EQ(Message(d), text);
    d.pending_preemptions = 1;
    EXPECT_EQ(Message(d), std::string(text) + ". Pending the preemption of 1 workload(s)");
    d.migrates = WorkloadId(0, 0);
    EXPECT_EQ(Message(d),
              std::string(text) + ". Pending the migration of 1 workload(s). Pending the preemption of 1 workload(s)");
    d.pending_preemptions = 0;
    EXPECT_EQ(Message(d), std::string(text) + ". Pending the migration of 1 workload(s)");
  }
}

TEST(PreemptionMessage, NamesBothSidesAndTheRule) {
  Decision d = MakeDecision();
  PreemptionTarget target;
  target.queue = Shared<QueueIdentity>(QueueIdentity{"p", "/org/p"});
  const std::pair<PreemptionReason, const char*> kRules[] = {
      {PreemptionReason::kInClusterQueue, "prioritization in the ClusterQueue"},
      {PreemptionReason::kInCohortReclamation, "reclamation within the cohort"},
      {PreemptionReason::kInCohortFairSharing, "Fair Sharing within the cohort"},
      {PreemptionReason::kInCohortReclaimWhileBorrowing, "reclamation within the cohort while borrowing"},
  };
  for (const auto& [rule, words] : kRules) {
    target.reason = rule;
    EXPECT_EQ(PreemptionMessage(d, target),
              std::string("Preempted to accommodate a workload (UID: uid-w, JobUID: uid-j) due to ") + words +
                  "; preemptor path: /org/q; preemptee path: /org/p");
  }
  d.identity = Shared<WorkloadIdentity>(WorkloadIdentity{"ns/w", "", ""});
  EXPECT_EQ(PreemptionMessage(d, target),
            "Preempted to accommodate a workload (UID: UNKNOWN, JobUID: UNKNOWN) due to reclamation within the cohort "
            "while borrowing; preemptor path: /org/q; preemptee path: /org/p");
}

TEST(Message, OfMigrationAndReplacement) {
  EXPECT_EQ(MigrationMessage(MakeDecision()),
            "Evicted to accommodate a workload (UID: uid-w) due to migration to more favorable resource flavor");
  EXPECT_EQ(ReplacementMessage(MakeDecision()),
            "Replaced to accommodate a workload (UID: uid-w, JobUID: uid-j) due to workload slice aggregation");
}

TEST(Describe, IsOneLine) {
  const auto flavor = [](const char* resource, const char* name) {
    ResourceFlavorChoice f;
    f.resource = IdIn<ResourceId>(ResourceList().get(), resource);
    f.flavor = IdIn<FlavorId>(FlavorList().get(), name);
    return f;
  };
  Decision d = MakeDecision();
  d.outcome = Outcome::kAdmitted;
  d.retry = Retry::kNone;
  EXPECT_EQ(Describe(d), "admitted ns/w in q: main x3");
  d.pod_sets[0].flavors = {flavor("cpu", "a"), flavor("gpu", "b")};
  d.pod_sets.emplace_back();
  d.pod_sets[1].name = "driver";
  d.pod_sets[1].count = 1;
  EXPECT_EQ(Describe(d), "admitted ns/w in q: main x3 cpu=a,gpu=b; driver x1");
  d.borrowing = 1;
  EXPECT_EQ(Describe(d), "admitted ns/w in q: main x3 cpu=a,gpu=b; driver x1; borrowing");

  d = MakeDecision();
  d.note = Note::kNoLongerFits;
  d.borrowing = 1;
  EXPECT_EQ(Describe(d), "pending ns/w in q: Workload no longer fits after processing another workload");
  d.retry = Retry::kNever;
  EXPECT_EQ(Describe(d), "pending ns/w in q, never: Workload no longer fits after processing another workload");
  d.outcome = Outcome::kRefused;
  EXPECT_EQ(Describe(d), "refused ns/w in q, never: Workload no longer fits after processing another workload");
  d.outcome = Outcome::kEvicted;
  d.retry = Retry::kNone;
  EXPECT_EQ(Describe(d), "evicted ns/w in q: Workload no longer fits after processing another workload");

  d = MakeDecision();
  d.outcome = Outcome::kPreempting;
  d.retry = Retry::kNone;
  d.pending_preemptions = 2;
  for (const char* key : {"ns/v1", "ns/v2"}) {
    d.targets.emplace_back();
    d.targets.back().identity = Shared<WorkloadIdentity>(WorkloadIdentity{key, "", ""});
  }
  EXPECT_EQ(Describe(d), "preempting ns/w in q (ns/v1, ns/v2): . Pending the preemption of 2 workload(s)");
  d.migrates = WorkloadId(1, 0);
  d.migrates_identity = Shared<WorkloadIdentity>(WorkloadIdentity{"ns/old", "", ""});
  EXPECT_EQ(Describe(d),
            "preempting ns/w in q (ns/v1, ns/v2, ns/old): . Pending the migration of 1 workload(s). Pending the "
            "preemption of 2 workload(s)");
}

TEST(ToString, NamesOutcomesAndRetries) {
  EXPECT_EQ(ToString(Outcome::kAdmitted), "admitted");
  EXPECT_EQ(ToString(Outcome::kPreempting), "preempting");
  EXPECT_EQ(ToString(Outcome::kPending), "pending");
  EXPECT_EQ(ToString(Outcome::kRefused), "refused");
  EXPECT_EQ(ToString(Outcome::kEvicted), "evicted");
  EXPECT_EQ(ToString(Retry::kNone), "");
  EXPECT_EQ(ToString(Retry::kNotNow), "not now");
  EXPECT_EQ(ToString(Retry::kNever), "never");
}

}  // namespace
}  // namespace muster::scheduler
