#include "webhook/jobs/job_handlers.h"

#include "webhook/jobs/job_defaults.h"
#include "webhook/jobs/job_validators.h"

namespace muster::webhook {
namespace {

constexpr JobHandlers kRows[] = {
    {"batch/job", &DefaultElasticJob, &ValidateBatchJob},
    {"jobset.x-k8s.io/jobset", &DefaultJob, &ValidateJobSet},
    {"kubeflow.org/tfjob", &DefaultJob, &ValidateTrainingJob},
    {"kubeflow.org/pytorchjob", &DefaultJob, &ValidateTrainingJob},
    {"kubeflow.org/xgboostjob", &DefaultJob, &ValidateTrainingJob},
    {"kubeflow.org/paddlejob", &DefaultJob, &ValidateTrainingJob},
    {"kubeflow.org/jaxjob", &DefaultJob, &ValidateTrainingJob},
    {"kubeflow.org/mpijob", &DefaultMpiJob, &ValidateMpiJob},
    {"ray.io/raycluster", &DefaultElasticJob, &ValidateRay},
    {"ray.io/rayjob", &DefaultJob, &ValidateRay},
    {"ray.io/rayservice", &DefaultElasticJob, &ValidateRay},
    {"sparkoperator.k8s.io/sparkapplication", &DefaultJob, &ValidateSpark},
    {"trainer.kubeflow.org/trainjob", &DefaultTrainJob, &ValidateTrainJob},
    {"workload.codeflare.dev/appwrapper", &DefaultJob, &ValidatePlainJob},
    {"pod", &DefaultPod, &ValidatePod},
    {"deployment", &DefaultDeployment, &ValidateDeployment, /*mutates_updates=*/true},
    {"statefulset", &DefaultStatefulSet, &ValidateStatefulSet, /*mutates_updates=*/true},
    {"leaderworkerset.x-k8s.io/leaderworkerset", &DefaultLeaderWorkerSet, &ValidateLeaderWorkerSet,
     /*mutates_updates=*/true},
    {"sagemaker.amazonaws.com/hyperpodpytorchjob", &DefaultJob, &ValidateTrainingJob},
    {"inference.sagemaker.aws.amazon.com/inferenceendpointconfig", &DefaultJob, &ValidatePlainJob},
    {"inference.sagemaker.aws.amazon.com/jumpstartmodel", &DefaultJob, &ValidatePlainJob},
};

}  // namespace

absl::Span<const JobHandlers> AllJobHandlers() { return kRows; }

}  // namespace muster::webhook
