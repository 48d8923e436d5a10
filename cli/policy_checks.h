// What only shows when all objects of a policy are seen.
#ifndef MUSTER_CLI_POLICY_CHECKS_H_
#define MUSTER_CLI_POLICY_CHECKS_H_

#include "api/load.h"

namespace muster::cli {

// Adds to the problems: cohorts whose parents run in a circle (an error), ClusterQueues that take jobs of no namespace (a
// warning), and Topologies whose placement nobody knows (an error).
void CheckTogether(api::LoadResult* loaded);

}  // namespace muster::cli

#endif  // MUSTER_CLI_POLICY_CHECKS_H_
