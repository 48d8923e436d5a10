// The rows of the table of kind_rules.cc. Internal to manager/jobs.
#ifndef MUSTER_MANAGER_JOBS_KINDS_H_
#define MUSTER_MANAGER_JOBS_KINDS_H_

#include <vector>

#include "manager/jobs/kind_rules.h"

namespace muster::manager {

KindRules JobSetRules();
std::vector<KindRules> TrainingRules();
std::vector<KindRules> RayRules();
KindRules AppWrapperRules();
KindRules SparkRules();
KindRules TrainJobRules();

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_KINDS_H_
