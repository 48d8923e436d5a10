// ClusterQueue, Cohort, ResourceFlavor and Workload. Their rules are those of api/validation.h and api/defaulting.h.
#ifndef MUSTER_WEBHOOK_KUEUE_HANDLERS_H_
#define MUSTER_WEBHOOK_KUEUE_HANDLERS_H_

#include "webhook/handler.h"

namespace muster::webhook {

// ClusterQueue and ResourceFlavor: the finalizer.
Failure DefaultFinalizer(const Env& env, const api::JobKind& kind, ObjectPatch& patch);
// Without partial admission no pod set has a minimum.
Failure DefaultWorkload(const Env& env, const api::JobKind& kind, ObjectPatch& patch);

void ValidateKueueObject(const Env& env, const api::JobKind& kind, const nlohmann::json& object,
                         const nlohmann::json* old, Validation& out);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_KUEUE_HANDLERS_H_
