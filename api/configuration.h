// The Configuration file of the Kueue manager (config.kueue.x-k8s.io, v1beta1 and v1beta2): the fields a scheduling
// decision or an admission answer depends on. The rest (certificates, metrics, leader election …) is kept by the codec.
#ifndef MUSTER_API_CONFIGURATION_H_
#define MUSTER_API_CONFIGURATION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "api/core.h"
#include "api/meta.h"
#include "api/quantity.h"

namespace muster::api {

struct FairSharingConfig {
  // v1beta1 and the test corpus have it; in v1beta2 the presence of the object is what enables.
  std::optional<bool> enable;
  // LessThanOrEqualToFinalShare, LessThanInitialShare; empty = both, in this order.
  std::vector<std::string> preemption_strategies;
};

struct AdmissionFairSharingConfig {
  absl::Duration usage_half_life_time = absl::ZeroDuration();
  std::optional<absl::Duration> usage_sampling_interval;  // nullopt = 5m
  std::map<std::string, double> resource_weights;         // absent resource = 1
};

struct RequeuingStrategy {
  std::string timestamp;                        // "" = Eviction; Creation
  std::optional<int32_t> backoff_limit_count;   // nullopt = no limit
  std::optional<int32_t> backoff_base_seconds;  // nullopt = 60
  std::optional<int32_t> backoff_max_seconds;   // nullopt = 3600
};

struct WaitForPodsReady {
  std::optional<bool> enable;  // v1beta1 only
  std::optional<absl::Duration> timeout;
  std::optional<absl::Duration> recovery_timeout;
  std::optional<bool> block_admission;  // nullopt = false
  std::optional<RequeuingStrategy> requeuing_strategy;
};

struct ResourceTransformation {
  std::string input;
  std::string strategy;     // "" = Retain; Replace
  std::string multiply_by;  // resource the outputs are multiplied by, "" = none
  ResourceList outputs;
};

struct ResourcesConfig {
  std::vector<std::string> exclude_resource_prefixes;
  std::vector<ResourceTransformation> transformations;
  std::string quota_check_strategy;  // "" = BlockUndeclared; IgnoreUndeclared
};

struct Integrations {
  std::vector<std::string> frameworks;  // empty = ["batch/job"]
  std::vector<std::string> external_frameworks;
  std::vector<std::string> label_keys_to_copy;
};

struct Configuration {
  ObjectMeta metadata;  // a Configuration has none; here so that every kind has it
  std::string ns;       // namespace the manager runs in; "" = kueue-system
  bool manage_jobs_without_queue_name = false;
  std::optional<LabelSelector> managed_jobs_namespace_selector;
  std::optional<WaitForPodsReady> wait_for_pods_ready;
  std::optional<Integrations> integrations;
  std::optional<FairSharingConfig> fair_sharing;                     // nullopt = off
  std::optional<AdmissionFairSharingConfig> admission_fair_sharing;  // nullopt = off
  std::optional<ResourcesConfig> resources;
  std::map<std::string, bool> feature_gates;
};

}  // namespace muster::api

#endif  // MUSTER_API_CONFIGURATION_H_
