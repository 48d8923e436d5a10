#include "api/hyperpod/policy.h"

#include "absl/strings/str_cat.h"

namespace muster::hyperpod {
namespace {

std::string Id(absl::string_view kind, const Record& record) {
  const std::string& name = record.name.empty() ? record.id : record.name;
  return name.empty() ? std::string(kind) : absl::StrCat(kind, "/", name);
}

}  // namespace

std::string RecordId(const ClusterSchedulerConfig& policy) { return Id("ClusterSchedulerConfig", policy); }
std::string RecordId(const ComputeQuota& quota) { return Id("ComputeQuota", quota); }

}  // namespace muster::hyperpod
