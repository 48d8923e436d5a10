// The way back: the HyperPod policy that Kueue objects stand for.
//
// Works on what Compile wrote and on what `kubectl get -o yaml` prints of a HyperPod cluster. The amounts of a queue's
// flavor become the shortest entry that stands for them (Count, else Accelerators or AcceleratorPartition, with VCpu
// and MemoryInGiB where the ratio does not say them); borrowing limits become a percentage, and absolute limits where
// none fits. Every guess is checked by compiling it: Compile of the result gives the same objects again, unless a note
// says what could not be expressed. Pure.
#ifndef MUSTER_API_HYPERPOD_DECOMPILE_H_
#define MUSTER_API_HYPERPOD_DECOMPILE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "api/hyperpod/compile.h"
#include "api/hyperpod/policy.h"
#include "api/object.h"

namespace muster::hyperpod {

struct Decompiled {
  std::vector<ClusterSchedulerConfig> policies;  // one, or none when nothing shows that there is a policy
  std::vector<ComputeQuota> quotas;              // by team
  Capacity capacity;  // the flavors, and of the nodes what Node objects or else the idle pool show, or `unknown`
  std::vector<std::string> notes;  // what could not be expressed, one line each
};

// `options` are those the objects were compiled with. O(teams x flavors^2 x resources).
Decompiled Decompile(absl::Span<const api::Object> objects, const CompileOptions& options = {});

// The shortest entry that amounts to `wanted`, or nullopt. Amounts over 2^63-1 compare as that. O(1).
std::optional<ResourceConfig> EntryFor(const InstanceType& type, const Amounts& wanted,
                                       EfaOfParts efa = EfaOfParts::kRoundUp);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_DECOMPILE_H_
