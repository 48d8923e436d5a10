// Which jobs are looked at again when an object changes.
//
// Source of the rules: the watches of Kueue's job controllers.
// Pure.
#ifndef MUSTER_MANAGER_JOBS_LOOK_AT_H_
#define MUSTER_MANAGER_JOBS_LOOK_AT_H_

#include <vector>

#include "kube/object.h"
#include "manager/world.h"

namespace muster::manager {

// Keys for ReconcileJob, of kinds that are managed: the object itself if it is such a job; of a Workload its job, and the
// batch Jobs that belong to its job; of a job that another one made, that one. Called for what was added, changed and
// deleted alike. O(what is given back).
std::vector<kube::ObjectKey> JobsToLookAt(const World& world, const kube::Object& changed);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_LOOK_AT_H_
