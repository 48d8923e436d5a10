// What Kueue sets on a job when it is created.
//
// Source of the rules: Kueue's jobframework.BaseWebhook and the webhooks of the kinds.
#ifndef MUSTER_WEBHOOK_JOBS_JOB_DEFAULTS_H_
#define MUSTER_WEBHOOK_JOBS_JOB_DEFAULTS_H_

#include "webhook/admission/handler.h"

namespace muster::webhook {

// The queue `default` of the namespace, if there is one and the job names none. `check_owner`: not for the jobs of
// other jobs. Failure: the namespace is not known (404).
[[nodiscard]] Failure DefaultQueue(const Env& env, bool check_owner, ObjectPatch& patch);
// The WorkloadPriorityClass `default`, likewise; never for the jobs of other jobs.
void DefaultPriorityClass(const Env& env, ObjectPatch& patch);
// Both, holding the job back, and handing it to MultiKueue where its queue says so.
Failure DefaultJob(const Env& env, const api::JobKind& kind, ObjectPatch& patch);

// DefaultJob, and the scheduling gate of elastic jobs on every pod template.
Failure DefaultElasticJob(const Env& env, const api::JobKind& kind, ObjectPatch& patch);
// DefaultJob, and what the one kind needs besides.
Failure DefaultMpiJob(const Env& env, const api::JobKind& kind, ObjectPatch& patch);
Failure DefaultTrainJob(const Env& env, const api::JobKind& kind, ObjectPatch& patch);

// Those that mark their pods instead of being suspended.
Failure DefaultDeployment(const Env& env, const api::JobKind& kind, ObjectPatch& patch);
Failure DefaultStatefulSet(const Env& env, const api::JobKind& kind, ObjectPatch& patch);
Failure DefaultLeaderWorkerSet(const Env& env, const api::JobKind& kind, ObjectPatch& patch);
Failure DefaultPod(const Env& env, const api::JobKind& kind, ObjectPatch& patch);

// Whether the pods of the StatefulSet are held back for another kind, of which it is a part.
bool BelongsToOther(const api::JobKind& kind, const nlohmann::json& stateful_set);

// Whether the job has the annotation of elastic jobs and these are on.
bool IsElastic(const Env& env, const nlohmann::json& job);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_JOBS_JOB_DEFAULTS_H_
