// batch/v1 Jobs. Internal to manager/jobs.
#ifndef MUSTER_MANAGER_JOBS_BATCH_JOB_H_
#define MUSTER_MANAGER_JOBS_BATCH_JOB_H_

#include <cstdint>
#include <string>

#include "manager/jobs/kind_rules.h"

namespace muster::manager {

KindRules BatchJobRules();

// How many of the indexes below `completions` are in one of two lists like "0-3,7". What is no such list does not count.
// O(length log length).
int64_t TerminalIndexes(const std::string& completed, const std::string& failed, int64_t completions);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_BATCH_JOB_H_
