// Who owns an object, and whether Kueue manages the owner.
//
// Source of the rules: Kueue's jobframework (FindAncestorJobManagedByKueue and the integration manager).
#ifndef MUSTER_WEBHOOK_JOBS_OWNERS_H_
#define MUSTER_WEBHOOK_JOBS_OWNERS_H_

#include <nlohmann/json_fwd.hpp>

#include "webhook/admission/handler.h"

namespace muster::webhook {

// Whether the object has a controller of a kind that is enabled or external. Looks at the reference alone.
bool IsOwnerManaged(const Env& env, const nlohmann::json& object);

// Whether one of the owners of the object, followed from controller to controller, is a job that Kueue manages: it is
// of a kind that is enabled or external, and has a queue, or jobs without one are managed. Sets *managed. Failure: an
// owner could not be read (404 when it is gone), the owners own each other, or there are more than ten. O(owners), each
// a ClusterState::Lookup.
Failure FindManagedAncestor(const Env& env, const nlohmann::json& object, bool* managed);

// Whether Kueue holds the object back when it is created. Failure: as FindManagedAncestor.
Failure ShouldBeSuspended(const Env& env, const nlohmann::json& object, bool* suspend);

// The answer when an object could not be read: what the API server said, or 403.
AdmissionResponse ReadFailure(absl::string_view what, const absl::Status& status);

// Whether the namespace exists and is one in which Kueue manages jobs.
bool IsNamespaceManaged(const Env& env, const std::string& ns);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_JOBS_OWNERS_H_
