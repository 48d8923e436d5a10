#include "api/hyperpod/store.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "api/hyperpod/canonical.h"
#include "api/hyperpod/records.h"
#include "api/hyperpod/shapes.h"
#include "api/hyperpod/write.h"
#include "api/problem.h"

namespace muster::hyperpod {
namespace {

using nlohmann::json;

// What differs between the two kinds.
template <class T>
struct KindOfRecord;
template <>
struct KindOfRecord<ClusterSchedulerConfig> {
  static constexpr absl::string_view kName = "ClusterSchedulerConfig";
  static constexpr absl::string_view kArnPart = "cluster-scheduler-config";
  static const Shape& shape() { return ClusterSchedulerConfigShape(); }
  static ClusterSchedulerConfig Read(const json& v, Form form) { return ToClusterSchedulerConfig(v, form); }
  // Why `other` cannot be there beside `record`; "" when it can.
  static std::string Clash(const ClusterSchedulerConfig& record, const ClusterSchedulerConfig& other) {
    return record.cluster_arn == other.cluster_arn
               ? absl::StrCat("the cluster has a policy already, ", other.name, " (", other.id, ")")
               : "";
  }
  static void Merge(const ClusterSchedulerConfig& change, ClusterSchedulerConfig* record) {
    if (change.scheduler_config) record->scheduler_config = change.scheduler_config;
  }
};
template <>
struct KindOfRecord<ComputeQuota> {
  static constexpr absl::string_view kName = "ComputeQuota";
  static constexpr absl::string_view kArnPart = "compute-quota";
  static const Shape& shape() { return ComputeQuotaShape(); }
  static ComputeQuota Read(const json& v, Form form) { return ToComputeQuota(v, form); }
  static std::string Clash(const ComputeQuota& record, const ComputeQuota& other) {
    if (record.cluster_arn != other.cluster_arn) return "";
    if (record.name == other.name) return absl::StrCat("there is a quota ", other.name, " already (", other.id, ")");
    if (record.team_name != other.team_name) return "";
    return absl::StrCat("team ", other.team_name, " has a quota already, ", other.name, " (", other.id, ")");
  }
  static void Merge(const ComputeQuota& change, ComputeQuota* record) {
    if (change.config) record->config = change.config;
    if (!change.team_name.empty()) record->team_name = change.team_name;
    if (change.fair_share_weight) record->fair_share_weight = change.fair_share_weight;
    if (!change.activation_state.empty()) record->activation_state = change.activation_state;
  }
};

absl::Status Validation(const std::vector<api::Problem>& problems) {
  return absl::InvalidArgumentError(absl::StrCat("ValidationException: ", api::ToStatus(problems).message()));
}

template <class T>
json Describe(const T& record) {
  const std::string kind(KindOfRecord<T>::kName);
  json out = json::parse(ToCreateJson(record).dump());
  out.erase("Tags");
  out[kind + "Arn"] = record.arn;
  out[kind + "Id"] = record.id;
  out[kind + "Version"] = record.version;
  out["Status"] = record.status;
  out["CreationTime"] = 0;  // there is no clock here
  return out;
}

}  // namespace

template <class T>
absl::StatusOr<json> PolicyStore::CallFor(absl::string_view verb, const json& body, std::vector<T>* records) {
  using K = KindOfRecord<T>;
  const std::string kind(K::kName);
  if (verb == "List") {
    json list = json::array();
    for (const T& record : *records) list.push_back(Describe(record));
    return json{{kind + "Summaries", std::move(list)}};
  }
  const Form form = verb == "Create" ? Form::kCreate : verb == "Update" ? Form::kUpdate : Form::kDescribe;
  std::vector<api::Problem> problems;
  const json canonical = Canonical(body, K::shape(), "", &problems);
  T given = K::Read(canonical.is_object() ? canonical : json::object(), form);
  CheckRecord(given, body, &problems);
  if (api::HasErrors(problems)) return Validation(problems);

  if (verb == "Create") {
    for (const T& other : *records) {
      const std::string clash = K::Clash(given, other);
      if (!clash.empty()) return absl::AbortedError(absl::StrCat("ConflictException: ", clash));
    }
    given.id = absl::StrFormat("%012d", ++created_);
    const size_t cluster = given.cluster_arn.find(":cluster/");
    given.arn = cluster == std::string::npos
                    ? ""
                    : absl::StrCat(given.cluster_arn.substr(0, cluster), ":", K::kArnPart, "/", given.id);
    given.version = 1;
    given.status = "Created";
    given.form = Form::kDescribe;
    records->push_back(given);
    return json{{kind + "Arn", given.arn}, {kind + "Id", given.id}};
  }

  const auto it = std::find_if(records->begin(), records->end(), [&](const T& r) { return r.id == given.id; });
  if (it == records->end()) {
    return absl::NotFoundError(absl::StrCat("ResourceNotFound: there is no ", kind, " with id \"", given.id, "\""));
  }
  if (verb == "Describe") return Describe(*it);
  if (verb == "Delete") {
    records->erase(it);
    return json::object();
  }
  if (given.target_version != it->version) {
    return absl::AbortedError(absl::StrCat("ConflictException: TargetVersion ", given.target_version,
                                           " is not the version of ", RecordId(*it), ", which is ", it->version));
  }
  K::Merge(given, &*it);
  if (!given.description.empty()) it->description = given.description;
  it->version += 1;
  it->status = "Updated";
  return json{{kind + "Arn", it->arn}, {kind + "Version", it->version}};
}

absl::StatusOr<json> PolicyStore::Call(absl::string_view operation, const json& body) {
  if (operation == "ListComputeQuotas") return CallFor("List", body, &quotas_);
  if (operation == "ListClusterSchedulerConfigs") return CallFor("List", body, &policies_);
  for (absl::string_view verb : {"Create", "Update", "Describe", "Delete"}) {
    absl::string_view kind = operation;
    if (!absl::ConsumePrefix(&kind, verb)) continue;
    if (kind == "ClusterSchedulerConfig") return CallFor(verb, body, &policies_);
    if (kind == "ComputeQuota") return CallFor(verb, body, &quotas_);
  }
  return absl::UnimplementedError(absl::StrCat(operation, " is no call about policies or quotas"));
}

}  // namespace muster::hyperpod
