// The JobSet that a TrainJob becomes: what its runtime describes, with what the job says over it.
//
// Problem: a TrainJob says little. Its pods are described by a TrainingRuntime or ClusterTrainingRuntime; how many there
// are follows from the runtime's policy and the job. Kubeflow's trainer makes a JobSet of both; for quota it has to be
// known before that JobSet is there.
//
// What the trainer adds only when it makes the JobSet (rendezvous variables, ports, volumes of MPI) asks for no quota, is
// not looked at by Kueue, and is left out here too.
//
// Source of the rules: Kueue, pkg/controller/jobs/trainjob; Kubeflow trainer 2.3, pkg/runtime.
// Pure. Internal to manager/jobs.
#ifndef MUSTER_MANAGER_JOBS_TRAINING_RUNTIME_H_
#define MUSTER_MANAGER_JOBS_TRAINING_RUNTIME_H_

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "kube/object.h"
#include "manager/world.h"

namespace muster::manager {

// Errors: NotFound for a runtime that is not there, in Kueue's words; InvalidArgument for one of another kind, or with
// parts that cannot be read; Unimplemented for jobs whose command the trainer writes (Flux, torchtune). O(size).
absl::StatusOr<kube::ObjectPtr> JobSetOfTrainJob(const World& world, const kube::Object& train_job);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_TRAINING_RUNTIME_H_
