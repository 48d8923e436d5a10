// What a ProvisioningRequestConfig says, and which one an AdmissionCheck names.
//
// Source of the rules: Kueue, apis/kueue/v1beta2 and pkg/util/admissioncheck.
// Pure.
#ifndef MUSTER_MANAGER_PROVISIONING_CONFIG_H_
#define MUSTER_MANAGER_PROVISIONING_CONFIG_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/meta.h"
#include "kube/object.h"
#include "manager/world.h"

namespace muster::manager {

struct ProvisioningConfig {
  std::string class_name;
  api::StringMap parameters;
  std::set<std::string> managed_resources;  // empty = all
  // How often, and after how many seconds, a request that failed is made again.
  int32_t backoff_limit = 3;
  int64_t backoff_base = 60;
  int64_t backoff_max = 1800;
  // Node labels that pods get, by the detail of the class that has their value; nullopt = nothing is said about them.
  std::optional<std::vector<std::pair<std::string, std::string>>> node_selector;
  std::string merge_policy;  // "" = pod sets are not merged
};

// Fields of another type than they should have are as good as absent.
ProvisioningConfig ReadProvisioningConfig(const kube::Object& config);

// Whether the check is one of this controller's.
bool IsProvisioningCheck(const kube::Object& admission_check);

// The config that a check names. Errors: InvalidArgument for a check that names none, NotFound when there is none of that
// name; both in Kueue's words.
absl::StatusOr<kube::ObjectPtr> FindProvisioningConfig(const World& world, const kube::Object& admission_check);

// The checks that name the config.
std::vector<kube::ObjectPtr> ChecksWithConfig(const World& world, absl::string_view config);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROVISIONING_CONFIG_H_
