#include "api/hyperpod/service.h"

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
  static std::string Id(int64_t number) { return absl::StrFormat("policy%06d", number); }
  static const Shape& shape() { return ClusterSchedulerConfigShape(); }
  static ClusterSchedulerConfig Read(const json& v, Form form) { return ToClusterSchedulerConfig(v, form); }
  // Why `other` cannot be there beside `record`; "" when it can.
  static std::string Clash(const ClusterSchedulerConfig& record, const ClusterSchedulerConfig& other) {
    return record.cluster_arn == other.cluster_arn
               ? absl::StrCat("the cluster has a policy already, ", other.name, " (", other.id, ")")
               : "";
  }
  // Why `change` cannot be made to `record`; "" when it can.
  static std::string Fixed(const ClusterSchedulerConfig&, const ClusterSchedulerConfig&) { return ""; }
  static void Merge(const ClusterSchedulerConfig& change, ClusterSchedulerConfig* record) {
    if (change.scheduler_config) record->scheduler_config = change.scheduler_config;
  }
};
template <>
struct KindOfRecord<ComputeQuota> {
  static constexpr absl::string_view kName = "ComputeQuota";
  static constexpr absl::string_view kArnPart = "compute-quota";
  static std::string Id(int64_t number) { return absl::StrFormat("quota%07d", number); }
  static const Shape& shape() { return ComputeQuotaShape(); }
  static ComputeQuota Read(const json& v, Form form) { return ToComputeQuota(v, form); }
  static std::string Clash(const ComputeQuota& record, const ComputeQuota& other) {
    if (record.cluster_arn != other.cluster_arn) return "";
    if (record.name == other.name) return absl::StrCat("there is a quota ", other.name, " already (", other.id, ")");
    if (record.team_name != other.team_name) return "";
    return absl::StrCat("team ", other.team_name, " has a quota already, ", other.name, " (", other.id, ")");
  }
  // UpdateComputeQuota's target has a TeamName, but CloudFormation documents it as settable at creation alone:
  // "reassignment is not supported".
  static std::string Fixed(const ComputeQuota& change, const ComputeQuota& record) {
    if (change.team_name.empty() || change.team_name == record.team_name) return "";
    return absl::StrCat("ComputeQuotaTarget.TeamName: \"", change.team_name, "\" is not \"", record.team_name,
                        "\": a quota cannot be given to another team");
  }
  static void Merge(const ComputeQuota& change, ComputeQuota* record) {
    if (change.config) record->config = change.config;
    if (change.fair_share_weight) record->fair_share_weight = change.fair_share_weight;
    if (!change.activation_state.empty()) record->activation_state = change.activation_state;
  }
};

absl::Status Validation(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("ValidationException: ", what));
}

template <class T>
auto FindRecord(std::vector<T>& records, absl::string_view id) {
  return std::find_if(records.begin(), records.end(), [&](const T& r) { return r.id == id; });
}

template <class T>
std::string ArnOf(const T& record) {
  const size_t cluster = record.cluster_arn.find(":cluster/");
  if (cluster == std::string::npos) return "";
  return absl::StrCat(record.cluster_arn.substr(0, cluster), ":", KindOfRecord<T>::kArnPart, "/", record.id);
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
absl::StatusOr<PolicyAnswer> PolicyService::Insert(T record, Shelf<T> shelf) {
  using K = KindOfRecord<T>;
  for (const T& other : shelf.records) {
    std::string clash = K::Clash(record, other);
    if (clash.empty() && record.id == other.id) clash = absl::StrCat("the id ", other.id, " is that of ", other.name);
    if (!clash.empty()) return absl::AlreadyExistsError(absl::StrCat("ConflictException: ", clash));
  }
  while (record.id.empty()) {
    record.id = K::Id(++shelf.ids);
    if (FindRecord(shelf.records, record.id) != shelf.records.end()) record.id.clear();
  }
  if (record.arn.empty()) record.arn = ArnOf(record);
  record.version = std::max<int64_t>(record.version, 1);
  if (record.status.empty()) record.status = "Created";
  if (record.form == Form::kCreate) record.form = Form::kDescribe;
  const std::string kind(K::kName);
  PolicyAnswer answer{
      {{kind + "Arn", record.arn}, {kind + "Id", record.id}},
      absl::StrCat(RecordId(record), " created, id ", record.id, ", version ", record.version),
  };
  shelf.records.push_back(std::move(record));
  return answer;
}

template <class T>
absl::StatusOr<PolicyAnswer> PolicyService::AddTo(T record, Shelf<T> shelf) {
  if (record.form == Form::kUpdate) {
    return Validation(absl::StrCat(RecordId(record), ": is an update; give what it is an update of"));
  }
  if (record.status == "Deleted") return PolicyAnswer{json::object(), absl::StrCat(RecordId(record), " is deleted")};
  return Insert(std::move(record), shelf);
}

absl::StatusOr<PolicyAnswer> PolicyService::Add(ClusterSchedulerConfig policy) {
  return AddTo(std::move(policy), Policies());
}
absl::StatusOr<PolicyAnswer> PolicyService::Add(ComputeQuota quota) { return AddTo(std::move(quota), Quotas()); }

template <class T>
absl::StatusOr<PolicyAnswer> PolicyService::CallFor(absl::string_view verb, const json& body, const api::Source& source,
                                                    Shelf<T> shelf) {
  using K = KindOfRecord<T>;
  const std::string kind(K::kName);
  if (verb == "List") {
    json list = json::array();
    for (const T& record : shelf.records) list.push_back(Describe(record));
    std::string text = absl::StrCat(list.size(), " of ", kind);
    return PolicyAnswer{{{kind + "Summaries", std::move(list)}}, std::move(text)};
  }
  const Form form = verb == "Create" ? Form::kCreate : verb == "Update" ? Form::kUpdate : Form::kDescribe;
  std::vector<api::Problem> problems;
  const json canonical = Canonical(body, K::shape(), "", &problems);
  T given = K::Read(canonical.is_object() ? canonical : json::object(), form);
  CheckRecord(given, body, &problems);
  if (api::HasErrors(problems)) {
    for (api::Problem& problem : problems) {
      problem.source = source;
      problem.object = RecordId(given);
    }
    return Validation(api::ToStatus(problems).message());
  }

  if (verb == "Create") {
    T record = std::move(given);
    record.source = source;
    // What the service alone decides is not the client's to say.
    record.id.clear();
    record.arn.clear();
    record.version = 0;
    record.status.clear();
    return Insert(std::move(record), shelf);
  }

  const auto it = FindRecord(shelf.records, given.id);
  if (it == shelf.records.end()) {
    return absl::NotFoundError(absl::StrCat("ResourceNotFound: there is no ", kind, " with id \"", given.id, "\""));
  }
  if (verb == "Describe") {
    return PolicyAnswer{Describe(*it), absl::StrCat(RecordId(*it), " is ", it->status, ", version ", it->version)};
  }
  if (verb == "Delete") {
    PolicyAnswer answer{json::object(), absl::StrCat(RecordId(*it), " deleted")};
    shelf.records.erase(it);
    return answer;
  }
  if (given.target_version != it->version) {
    return absl::AbortedError(absl::StrCat("ConflictException: TargetVersion ", given.target_version,
                                           " is not the current version ", it->version, " of ", it->name));
  }
  if (const std::string fixed = K::Fixed(given, *it); !fixed.empty()) return Validation(fixed);
  K::Merge(given, &*it);
  if (!given.description.empty()) it->description = given.description;
  it->version += 1;
  it->status = "Updated";
  return PolicyAnswer{{{kind + "Arn", it->arn}, {kind + "Version", it->version}},
                      absl::StrCat(RecordId(*it), " updated to version ", it->version)};
}

absl::StatusOr<PolicyAnswer> PolicyService::Call(absl::string_view operation, const json& body,
                                                 const api::Source& source) {
  if (operation == "ListComputeQuotas") return CallFor("List", body, source, Quotas());
  if (operation == "ListClusterSchedulerConfigs") return CallFor("List", body, source, Policies());
  for (absl::string_view verb : {"Create", "Update", "Describe", "Delete"}) {
    absl::string_view kind = operation;
    if (!absl::ConsumePrefix(&kind, verb)) continue;
    if (kind == "ClusterSchedulerConfig") return CallFor(verb, body, source, Policies());
    if (kind == "ComputeQuota") return CallFor(verb, body, source, Quotas());
  }
  return absl::UnimplementedError(
      absl::StrCat("\"", operation,
                   "\" is not an operation here; use Create, Update, Delete or Describe with ComputeQuota or "
                   "ClusterSchedulerConfig, ListComputeQuotas or ListClusterSchedulerConfigs"));
}

}  // namespace muster::hyperpod
