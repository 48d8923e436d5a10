// Who owns an object, and whether the owner is a job that is managed.
//
// Source of the rules: Kueue, jobframework (FindAncestorJobManagedByKueue).
#ifndef MUSTER_MANAGER_JOBS_ANCESTORS_H_
#define MUSTER_MANAGER_JOBS_ANCESTORS_H_

#include "absl/status/statusor.h"
#include "kube/object.h"
#include "manager/world.h"

namespace muster::manager {

// The topmost owner, followed from controller to controller, that is a job of a kind that is managed and has a queue (or
// jobs without one are managed); null when there is none. Errors: NotFound for an owner that is gone, OutOfRange for more
// than ten above each other, FailedPrecondition when they own each other. O(owners).
absl::StatusOr<kube::ObjectPtr> FindManagedAncestor(const World& world, const kube::ObjectPtr& object);

// Whether the namespace is there and is one in which jobs are managed.
bool IsNamespaceManaged(const World& world, absl::string_view ns);

// Whether an object that holds pods back is to be managed by itself: it has a queue, or such without are managed, and no
// managed job owns it. Errors: as FindManagedAncestor.
absl::StatusOr<bool> ShouldBeManaged(const World& world, const kube::ObjectPtr& object);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_ANCESTORS_H_
