// What a pod of a manifest asks for, for the reports on a trace; decisions go by the manifest itself.
#ifndef MUSTER_SIM_TRACE_REQUESTS_OF_H_
#define MUSTER_SIM_TRACE_REQUESTS_OF_H_

#include "api/core.h"

namespace muster::sim {

// Requests of one pod, limits standing in for them; sidecars and overhead are left aside.
api::ResourceList RequestsOf(const api::PodSpec& spec);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_REQUESTS_OF_H_
