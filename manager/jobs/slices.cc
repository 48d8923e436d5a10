#include "manager/jobs/slices.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/priority.h"
#include "manager/jobs/read.h"
#include "manager/jobs/workloads_of_job.h"
#include "manager/names.h"
#include "manager/vocabulary.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;
using Counts = std::map<std::string, int64_t>;

template <class List>
Counts CountsOf(const List& pod_sets) {
  Counts counts;
  for (const json& pod_set : pod_sets) counts[TextAt(pod_set, "/name")] = IntAt(pod_set, "/count", 1);
  return counts;
}

Counts CountsOf(const ReadWorkload& slice) { return CountsOf(ListAt(slice.object->value(), "/spec/podSets")); }

bool SameNames(const Counts& a, const Counts& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first; });
}

// REQUIRES: SameNames.
bool AnyFewer(const Counts& a, const Counts& b) {
  for (const auto& [name, count] : a) {
    if (count < b.at(name)) return true;
  }
  return false;
}

std::string KeyText(const kube::Object& workload) { return absl::StrCat(workload.ns(), "/", workload.name()); }

void SetCounts(const ReadWorkload& slice, const Counts& counts, Plan* plan) {
  json after = slice.object->value();
  for (json& pod_set : after["spec"]["podSets"]) pod_set["count"] = counts.at(TextAt(pod_set, "/name"));
  Step step;
  step.request = Update(*slice.object, std::move(after));
  plan->steps.push_back(std::move(step));
}

// Which of several slices count.
struct Chain {
  const ReadWorkload* reserved = nullptr;                   // the newest that holds quota
  const ReadWorkload* selected = nullptr;                   // the one that stands for the job
  std::map<std::string, const ReadWorkload*> replacements;  // by what they replace
};

Chain Classify(const std::vector<ReadWorkload>& slices) {
  Chain chain;
  for (const ReadWorkload& slice : slices) {
    const std::string replaced(slice.object->annotation(api::kReplacementForAnnotation));
    if (!slice.object->HasAnnotation(api::kReplacementForAnnotation) || slice.HasTrue(kEvicted)) continue;
    const ReadWorkload*& known = chain.replacements[replaced];
    if (known == nullptr || (!known->HasTrue(kQuotaReserved) && slice.HasTrue(kQuotaReserved))) known = &slice;
  }
  const auto replacement_of = [&](const ReadWorkload& slice) {
    const auto it = chain.replacements.find(KeyText(*slice.object));
    return it == chain.replacements.end() ? nullptr : it->second;
  };
  const ReadWorkload* newest = nullptr;
  for (const ReadWorkload& slice : slices) {
    if (slice.HasTrue(kEvicted)) continue;
    newest = &slice;
    if (!slice.HasTrue(kQuotaReserved)) continue;
    const ReadWorkload* by = replacement_of(slice);
    if (by == nullptr || !by->HasTrue(kQuotaReserved)) chain.reserved = &slice;
  }
  chain.selected = chain.reserved == nullptr ? newest : chain.reserved;
  if (chain.reserved != nullptr) {
    const ReadWorkload* by = replacement_of(*chain.reserved);
    if (by != nullptr && !by->HasTrue(kQuotaReserved)) chain.selected = by;
  }
  return chain;
}

// Finishes all slices but the one that stands for the job and the one that holds its quota.
void FinishOthers(const std::vector<ReadWorkload>& slices, const Chain& chain, absl::Time now, Plan* plan) {
  for (const ReadWorkload& slice : slices) {
    if (&slice == chain.selected || &slice == chain.reserved) continue;
    const bool replaced = chain.replacements.count(KeyText(*slice.object)) > 0;
    std::optional<Step> finish = Finish(StatusDraft(*slice.object, slice.typed->status),
                                        replaced ? kReasonWorkloadSliceReplaced : kReasonOutOfSync,
                                        replaced ? "Replaced to accommodate a new workload slice"
                                                 : "The workload slice is out of sync with its parent job",
                                        now);
    if (finish.has_value()) plan->steps.push_back(*std::move(finish));
  }
}

// The priority of all slices that count follows the job's label. Returns whether anything has to be written.
bool FollowPriorities(const Job& job, const std::vector<ReadWorkload>& slices, const ReadWorkload* selected,
                      Plan* plan) {
  std::vector<const ReadWorkload*> live;
  if (selected != nullptr) live.push_back(selected);
  const ReadWorkload* reserved = LatestReserved(slices);
  if (reserved != nullptr && reserved != selected) live.push_back(reserved);
  for (const ReadWorkload* slice : live) {
    absl::StatusOr<std::optional<Step>> step =
        FollowPriority(job.world(), job.object(), job.recorder(), *slice->object, slice->HasTrue(kQuotaReserved),
                       job.PriorityClass(), plan);
    if (!step.ok()) {
      plan->error = step.status();
      return true;
    }
    if (step->has_value()) plan->steps.push_back(**std::move(step));
  }
  return !plan->steps.empty();
}

}  // namespace

std::optional<Ensured> EnsureSlice(const Job& job, absl::Time now, Plan* plan) {
  const auto fail = [&](const absl::Status& status) {
    plan->error = status;
    return Ensured{std::nullopt, true};
  };
  const absl::StatusOr<std::vector<json>> pod_sets = job.PodSets();
  if (!pod_sets.ok()) return fail(pod_sets.status());
  const absl::StatusOr<std::vector<ReadWorkload>> slices = UnfinishedWorkloads(job.world(), job.object());
  if (!slices.ok()) return fail(slices.status());
  Chain chain;
  if (slices->size() == 1) {
    chain.selected = &slices->front();
  } else if (slices->size() > 1) {
    chain = Classify(*slices);
    FinishOthers(*slices, chain, now, plan);
    if (!plan->steps.empty()) return Ensured{std::nullopt, true};
  }
  const Counts wanted = CountsOf(*pod_sets);
  const ReadWorkload* slice = chain.selected;
  if (slice != nullptr) {
    const Counts has = CountsOf(*slice);
    if (!SameNames(wanted, has)) return std::nullopt;
    if (wanted != has) {
      const bool shrinks = AnyFewer(wanted, has) && !AnyFewer(has, wanted);
      if (!slice->HasTrue(kQuotaReserved) || shrinks) {
        SetCounts(*slice, wanted, plan);
        return Ensured{std::nullopt, true};
      }
      slice = nullptr;
    }
  }
  if (FollowPriorities(job, *slices, slice, plan)) return Ensured{std::nullopt, true};
  if (slice == nullptr) return Ensured{};
  return Ensured{*slice, false};
}

absl::Status NameSlice(const Job& job, json* workload) {
  SetMetadata(*workload, "annotations", api::kElasticJobAnnotation, "true");
  const absl::StatusOr<std::vector<ReadWorkload>> slices = UnfinishedWorkloads(job.world(), job.object());
  if (!slices.ok()) return slices.status();
  if (slices->empty()) {
    SetMetadata(*workload, "annotations", kWorkloadSliceNameAnnotation, TextAt(*workload, "/metadata/name"));
    return absl::OkStatus();
  }
  if (slices->size() > 1) {
    return absl::FailedPreconditionError(absl::StrCat("unexpected workload-slices count: ", slices->size()));
  }
  const kube::Object& before = *slices->front().object;
  SetMetadata(*workload, "annotations", api::kReplacementForAnnotation, KeyText(before));
  SetMetadata(*workload, "annotations", kWorkloadSliceNameAnnotation, SliceName(before));
  return absl::OkStatus();
}

}  // namespace muster::manager
