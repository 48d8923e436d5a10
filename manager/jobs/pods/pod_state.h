// What state a pod is in, as quota sees it.
//
// Source of the rules: Kueue, pkg/controller/jobs/pod and pkg/util/pod.
// Pure.
#ifndef MUSTER_MANAGER_JOBS_PODS_POD_STATE_H_
#define MUSTER_MANAGER_JOBS_PODS_POD_STATE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kube/object.h"

namespace muster::manager {

using Pods = std::vector<kube::ObjectPtr>;

bool HasGate(const kube::Object& pod, absl::string_view gate);
// Takes gates out of a pod that is being changed; the list goes with its last.
void RemoveGate(nlohmann::json* pod, absl::string_view gate);

// Whether it waits for quota.
bool IsGated(const kube::Object& pod);
// Whether it ended, well or badly.
bool IsTerminated(const kube::Object& pod);
bool IsReady(const kube::Object& pod);
// Whether it can still run, runs, or ended well. One that is deleted before it got a node never will.
bool IsRunnableOrSucceeded(const kube::Object& pod);
// Whether it runs, and is not stuck on its way out.
bool IsRunning(const kube::Object& pod, absl::Time now);

// The group it is in, "" for none; the number of pods the group is to have, 0 when that cannot be read.
std::string GroupOf(const kube::Object& pod);
int64_t GroupSize(const kube::Object& pod);
// Which pods of a group are alike: the name of their pod set.
std::string RoleOf(const kube::Object& pod);

// Orders pods so that those at the end are the ones to spare: without finalizer, gated, or made last.
void SortActive(Pods* pods);
// Orders pods so that those at the end are the ones to let go: without finalizer, or ended first.
void SortInactive(Pods* pods, absl::Time now);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_PODS_POD_STATE_H_
