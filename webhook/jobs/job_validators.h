// The validating handlers of jobs, one per kind that differs.
//
// Source of the rules: the webhooks of Kueue's integrations.
#ifndef MUSTER_WEBHOOK_JOBS_JOB_VALIDATORS_H_
#define MUSTER_WEBHOOK_JOBS_JOB_VALIDATORS_H_

#include "webhook/admission/handler.h"

namespace muster::webhook {

// The kinds of the training operator.
void ValidateTrainingJob(const Env& env, const api::JobKind& kind, const nlohmann::json& job, const nlohmann::json* old,
                         Validation& out);
void ValidateBatchJob(const Env& env, const api::JobKind& kind, const nlohmann::json& job, const nlohmann::json* old,
                      Validation& out);
void ValidateJobSet(const Env& env, const api::JobKind& kind, const nlohmann::json& job, const nlohmann::json* old,
                    Validation& out);
void ValidateMpiJob(const Env& env, const api::JobKind& kind, const nlohmann::json& job, const nlohmann::json* old,
                    Validation& out);
void ValidateTrainJob(const Env& env, const api::JobKind& kind, const nlohmann::json& job, const nlohmann::json* old,
                      Validation& out);
// AppWrapper, and what is beyond Kueue: the common rules alone.
void ValidatePlainJob(const Env& env, const api::JobKind& kind, const nlohmann::json& job, const nlohmann::json* old,
                      Validation& out);

// RayCluster, RayJob and RayService.
void ValidateRay(const Env& env, const api::JobKind& kind, const nlohmann::json& job, const nlohmann::json* old,
                 Validation& out);
void ValidateSpark(const Env& env, const api::JobKind& kind, const nlohmann::json& job, const nlohmann::json* old,
                   Validation& out);

void ValidatePod(const Env& env, const api::JobKind& kind, const nlohmann::json& pod, const nlohmann::json* old,
                 Validation& out);
void ValidateDeployment(const Env& env, const api::JobKind& kind, const nlohmann::json& object,
                        const nlohmann::json* old, Validation& out);
void ValidateStatefulSet(const Env& env, const api::JobKind& kind, const nlohmann::json& object,
                         const nlohmann::json* old, Validation& out);
void ValidateLeaderWorkerSet(const Env& env, const api::JobKind& kind, const nlohmann::json& object,
                             const nlohmann::json* old, Validation& out);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_JOBS_JOB_VALIDATORS_H_
