// What is wrong between objects: two of one name, and references to what is not there.
#ifndef MUSTER_API_CROSS_VALIDATION_H_
#define MUSTER_API_CROSS_VALIDATION_H_

#include <vector>

#include "api/codec.h"
#include "api/problem.h"

namespace muster::api {

// Looks at all objects of a (simulated) cluster together. Errors: the second and further objects of one kind and name.
// Warnings, because a cluster accepts them and waits for the other object: a LocalQueue without its ClusterQueue; a
// Workload without its LocalQueue or its priority class; a ClusterQueue without one of its ResourceFlavors or
// AdmissionChecks; a ResourceFlavor without its Topology. A Cohort needs no object. (Cycles of Cohorts are for quota/.)
// Problems come in the order of the objects and have their sources. O(n log n) in the number of objects.
std::vector<Problem> CrossValidate(const std::vector<Decoded>& objects);

}  // namespace muster::api

#endif  // MUSTER_API_CROSS_VALIDATION_H_
