// Writes to a Workload's status, as Kueue shares it out among field managers.
//
// Problem: server-side apply takes away what a manager owned and does not send again. So whoever writes as
// "kueue-admission" sends all that belongs to it: admission, requeueState, most conditions, checks, and so on.
//
//   StatusDraft draft(*workload, typed.status);
//   draft.Set(kQuotaReserved, true, "QuotaReserved", "...", now);
//   if (draft.changed()) plan.steps.push_back({draft.Apply(Strictness::kStrict)});
//
// Source of the rules: kueue-manager.md, "Write protocol"; Kueue, pkg/workload.
// Thread-compatible; pure.
#ifndef MUSTER_MANAGER_WORKLOAD_WRITES_H_
#define MUSTER_MANAGER_WORKLOAD_WRITES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/kueue.h"
#include "kube/object.h"
#include "kube/request.h"
#include "manager/plan.h"

namespace muster::manager {

// kStrict: refused when the object is no longer the one that was read. kLoose: last writer wins.
enum class Strictness { kStrict, kLoose };

// The status of a Workload while it is being changed.
class StatusDraft {
 public:
  // REQUIRES: `workload` outlives this.
  StatusDraft(const kube::Object& workload, api::WorkloadStatus status);

  const kube::Object& object() const { return *object_; }
  const api::WorkloadStatus& status() const { return status_; }
  // Whatever is changed through this counts as a change.
  api::WorkloadStatus& Change() {
    changed_ = true;
    return status_;
  }
  bool changed() const { return changed_; }

  // Sets a condition with the object's generation. Returns whether that changed something, which then counts.
  bool Set(absl::string_view type, bool status, absl::string_view reason, absl::string_view message, absl::Time now);
  bool SetWithoutGeneration(absl::string_view type, bool status, absl::string_view reason, absl::string_view message,
                            absl::Time now);
  bool Remove(absl::string_view type);
  // What the pod sets ask for in total, as status.resourceRequests has it; an empty list removes it.
  void SetResourceRequests(nlohmann::json requests);

  // Admitted follows from QuotaReserved, the checks and delayed topology. With Admitted becoming False, the time it was
  // True is added to what the workload ran for. Returns whether something changed. `required`: the checks it has to pass.
  bool SyncAdmitted(const std::vector<std::string>& required, absl::Time now);
  // The quota is given back: no admission, QuotaReserved False, Admitted with it. Returns whether something changed.
  bool ClearQuotaReservation(absl::string_view reason, absl::string_view message, absl::Time now);

  // The write of everything that "kueue-admission" owns.
  kube::Request Apply(Strictness strictness) const;

 private:
  bool SetAt(absl::string_view type, bool status, absl::string_view reason, absl::string_view message,
             std::optional<int64_t> generation, absl::Time now);

  const kube::Object* object_;
  api::WorkloadStatus status_;
  nlohmann::json raw_;  // the status as it was read
  bool changed_ = false;
};

// A write of some fields of the status by a manager of their own, strict.
kube::Request ApplyStatus(const kube::Object& workload, absl::string_view field_manager, nlohmann::json status);

// Why a workload is evicted.
struct Eviction {
  absl::string_view reason;  // names.h
  std::string cause;         // of a deactivation or a timeout; "" = none
  std::string message;
};

// Marks it as evicted, with all that goes with it: checks start again, counters go up. The event is said once the write
// succeeded, and only of a workload that holds quota. The admission stays until its job has stopped.
Step Evict(StatusDraft draft, const Eviction& eviction, Strictness strictness, absl::string_view recorder,
           absl::Time now);

// Finished=True, unless it is finished already: then no step.
std::optional<Step> Finish(StatusDraft draft, absl::string_view reason, absl::string_view message, absl::Time now);

// Takes a finalizer off an object, whole (a PUT).
kube::Request WithoutFinalizer(const kube::Object& object, absl::string_view finalizer);

// An event about the object.
EventNote Note(const kube::Object& object, absl::string_view recorder, bool warning, absl::string_view reason,
               absl::string_view message);

// Whole seconds since the workload was queued (again): what wait times are counted from.
absl::Duration QueuedWaitTime(const api::Workload& workload, absl::Time now);

// As messages print a time that was waited: rounded to seconds, never below zero.
int64_t WholeSeconds(absl::Duration duration);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_WORKLOAD_WRITES_H_
