// The instance types of HyperPod: what one instance has, as quotas count it (nominal) and as pods get it (allocatable).
//
// The figures come from instance_types.txt beside this file, which says where they are from. Thread-safety: the tables
// are made on first use and never change.
#ifndef MUSTER_API_HYPERPOD_CATALOG_H_
#define MUSTER_API_HYPERPOD_CATALOG_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace muster::hyperpod {

inline constexpr absl::string_view kCpu = "cpu";
inline constexpr absl::string_view kMemory = "memory";
inline constexpr absl::string_view kGpu = "nvidia.com/gpu";
inline constexpr absl::string_view kNeuronDevice = "aws.amazon.com/neurondevice";
inline constexpr absl::string_view kEfa = "vpc.amazonaws.com/efa";

struct InstanceType {
  std::string name;  // "ml.g5.12xlarge"
  int64_t vcpus = 0;
  int64_t memory_bytes = 0;
  int64_t accelerators = 0;           // GPUs, or Trainium chips
  std::string accelerator_resource;   // kGpu, kNeuronDevice, or "" without accelerators
  double accelerator_memory_gib = 0;  // of one, as the driver sees it; 0 = not published
  int64_t efa = 0;                    // Elastic Fabric Adapter interfaces
  double network_gbps = 0;            // 0 = not published
  int64_t neuron_cores = 0;           // of the instance
  int64_t allocatable_milli_cpu = 0;  // what Kubernetes leaves to pods; computed where it is not published
  int64_t allocatable_memory_bytes = 0;
  int64_t max_pods = 0;                   // 0 = not published
  std::vector<std::string> mig_profiles;  // "mig-1g.5gb", …: what its GPUs can be split into
  bool in_hyp_table = false;              // the `hyp` command knows the type
  bool in_newest_sdk_only = false;
  bool topology_aware = false;  // documented for topology-aware scheduling

  // Whether its GPUs can be split into the profile.
  bool SupportsMig(absl::string_view profile) const;
};

// All types, by name.
const std::vector<InstanceType>& InstanceTypes();

// The type of that name, or nullptr. O(log n).
const InstanceType* FindInstanceType(absl::string_view name);

// The profiles a compute quota may name (the API's MIGProfileType), whatever the type.
const std::vector<std::string>& ApiMigProfiles();

// Of "mig-3g.40gb": 3, the GPU slices of seven. 0 when it is no profile name. O(1).
int64_t MigSlices(absl::string_view profile);

// The name Kubernetes counts a profile by: "nvidia.com/mig-3g.40gb".
std::string MigResource(absl::string_view profile);

// What Kubernetes keeps back of a node, as the `hyp` command reckons (sagemaker-hyperpod-cli@011ca92,
// quota_allocation_util.py): milli-CPU of `vcpus`, bytes of `memory_bytes`.
int64_t ReservedMilliCpu(int64_t vcpus);
int64_t ReservedMemoryBytes(int64_t memory_bytes);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_CATALOG_H_
