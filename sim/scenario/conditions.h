// What Kueue's controllers write into the status of a Workload, change by change: the conditions `kubectl describe
// workload` shows.
//
// Source of the rules: Kueue, pkg/workload, pkg/controller/core/workload_controller.go, pkg/controller/jobframework.
#ifndef MUSTER_SIM_SCENARIO_CONDITIONS_H_
#define MUSTER_SIM_SCENARIO_CONDITIONS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/kueue.h"

namespace muster::sim {

// Sets a condition. The transition time moves when the status changes.
void SetCondition(api::Workload* w, absl::string_view type, bool status, absl::string_view reason,
                  absl::string_view message, absl::Time now);

// A cycle left it pending, for a reason.
void WritePending(api::Workload* w, absl::string_view reason, absl::string_view message, absl::Time now);
// It holds quota, and as nothing has to be checked, it is admitted.
void WriteAdmitted(api::Workload* w, absl::string_view cluster_queue, absl::Time now);
// It has to stop. It keeps its quota until WriteStopped.
void WriteEvicted(api::Workload* w, absl::string_view reason, absl::string_view message, absl::Time now);
// Its pods are gone: the quota is free, and it is queued again or waits for leave to be (see Requeued).
void WriteStopped(api::Workload* w, absl::Time now);
void WriteRequeued(api::Workload* w, absl::string_view reason, absl::string_view message, absl::Time now);
void WritePodsReady(api::Workload* w, bool ready, absl::string_view reason, absl::Time now);
void WriteFinished(api::Workload* w, absl::Time now);

}  // namespace muster::sim

#endif  // MUSTER_SIM_SCENARIO_CONDITIONS_H_
