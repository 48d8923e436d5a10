#include "sim/scenario/service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace muster::sim {

using hyperpod::ClusterSchedulerConfig;
using hyperpod::ComputeQuota;

namespace {

absl::Status Refuse(absl::StatusCode code, absl::string_view name, absl::string_view what) {
  return absl::Status(code, absl::StrCat(std::string(name), ": ", std::string(what)));
}

absl::Status NotFound(absl::string_view id) {
  return Refuse(absl::StatusCode::kNotFound, "ResourceNotFound", absl::StrCat("there is no record ", std::string(id)));
}

absl::StatusOr<hyperpod::Documents> ReadRequest(const Manifest& request) {
  hyperpod::ReadResult read;
  hyperpod::ReadDocument(request.value, request.source, &read);
  if (absl::Status s = read.status(); !s.ok()) {
    return Refuse(absl::StatusCode::kInvalidArgument, "ValidationException", s.message());
  }
  return std::move(read.documents);
}

std::string IdOf(const Manifest& request, const char* field) {
  if (!request.value.is_object()) return "";
  const auto it = request.value.find(field);
  return it != request.value.end() && it->is_string() ? it->get<std::string>() : "";
}

template <class T>
T* FindRecord(std::vector<T>* records, absl::string_view id) {
  for (T& record : *records) {
    if (record.id == id) return &record;
  }
  return nullptr;
}

absl::Status CheckVersion(const hyperpod::Record& record, int64_t target) {
  if (target == record.version) return absl::OkStatus();
  return Refuse(
      absl::StatusCode::kAborted, "ConflictException",
      absl::StrCat("TargetVersion ", target, " is not the current version ", record.version, " of ", record.name));
}

void Merge(const ClusterSchedulerConfig& update, ClusterSchedulerConfig* record) {
  if (update.scheduler_config.has_value()) record->scheduler_config = update.scheduler_config;
  if (!update.description.empty()) record->description = update.description;
}

void Merge(const ComputeQuota& update, ComputeQuota* record) {
  if (update.config.has_value()) record->config = update.config;
  if (update.fair_share_weight.has_value()) record->fair_share_weight = update.fair_share_weight;
  if (!update.activation_state.empty()) record->activation_state = update.activation_state;
  if (!update.description.empty()) record->description = update.description;
}

// The team of a quota cannot change.
absl::Status CheckFixed(const ClusterSchedulerConfig&, const ClusterSchedulerConfig&) { return absl::OkStatus(); }
absl::Status CheckFixed(const ComputeQuota& update, const ComputeQuota& record) {
  if (update.team_name.empty() || update.team_name == record.team_name) return absl::OkStatus();
  return Refuse(absl::StatusCode::kInvalidArgument, "ValidationException",
                absl::StrCat("ComputeQuotaTarget.TeamName: \"", update.team_name, "\" is not \"", record.team_name,
                             "\": a quota cannot be given to another team"));
}

template <class T>
absl::StatusOr<std::string> Update(const std::vector<T>& updates, std::vector<T>* records) {
  if (updates.size() != 1) return Refuse(absl::StatusCode::kInvalidArgument, "ValidationException", "is no update");
  const T& update = updates.front();
  T* record = FindRecord(records, update.id);
  if (record == nullptr) return NotFound(update.id);
  if (absl::Status s = CheckVersion(*record, update.target_version); !s.ok()) return s;
  if (absl::Status s = CheckFixed(update, *record); !s.ok()) return s;
  Merge(update, record);
  ++record->version;
  record->status = "Updated";
  return absl::StrCat(hyperpod::RecordId(*record), " updated to version ", record->version);
}

template <class T>
absl::StatusOr<std::string> Delete(const std::string& id, std::vector<T>* records) {
  T* record = FindRecord(records, id);
  if (record == nullptr) return NotFound(id);
  std::string text = absl::StrCat(hyperpod::RecordId(*record), " deleted");
  records->erase(records->begin() + (record - records->data()));
  return text;
}

template <class T>
absl::StatusOr<std::string> Describe(const std::string& id, std::vector<T>* records) {
  const T* record = FindRecord(records, id);
  if (record == nullptr) return NotFound(id);
  return absl::StrCat(hyperpod::RecordId(*record), " is ", record->status, ", version ", record->version);
}

}  // namespace

bool PolicyService::Knows(const nlohmann::json& object) { return hyperpod::LooksLikeHyperPod(object); }

absl::StatusOr<std::string> PolicyService::Create(ClusterSchedulerConfig policy) {
  // A cluster has one policy.
  if (!policies_.empty()) {
    return Refuse(absl::StatusCode::kAlreadyExists, "ConflictException",
                  absl::StrCat("the cluster has a policy already, ", policies_.front().name));
  }
  if (policy.id.empty()) policy.id = absl::StrFormat("policy%06d", ++policies_made_);
  policy.version = std::max<int64_t>(policy.version, 1);
  policy.status = "Created";
  policy.form = hyperpod::Form::kCreate;
  policies_.push_back(std::move(policy));
  return absl::StrCat(hyperpod::RecordId(policies_.back()), " created, id ", policies_.back().id, ", version ",
                      policies_.back().version);
}

absl::StatusOr<std::string> PolicyService::Create(ComputeQuota quota) {
  for (const ComputeQuota& other : quotas_) {
    if (other.name != quota.name && other.team_name != quota.team_name) continue;
    return Refuse(absl::StatusCode::kAlreadyExists, "ConflictException",
                  absl::StrCat("there is a quota already with ", other.name == quota.name
                                                                     ? absl::StrCat("the name ", quota.name)
                                                                     : absl::StrCat("the team ", quota.team_name)));
  }
  if (quota.id.empty()) quota.id = absl::StrFormat("quota%07d", ++quotas_made_);
  quota.version = std::max<int64_t>(quota.version, 1);
  quota.status = "Created";
  quota.form = hyperpod::Form::kCreate;
  quotas_.push_back(std::move(quota));
  return absl::StrCat(hyperpod::RecordId(quotas_.back()), " created, id ", quotas_.back().id, ", version ",
                      quotas_.back().version);
}

absl::StatusOr<std::string> PolicyService::Call(const std::string& operation, const Manifest& request) {
  absl::string_view verb = operation;
  const bool quota = absl::EndsWith(verb, "ComputeQuota");
  if (!quota && !absl::EndsWith(verb, "ClusterSchedulerConfig")) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", operation,
                     "\" is not an operation here; use Create, Update, Delete or Describe with ComputeQuota or "
                     "ClusterSchedulerConfig"));
  }
  verb.remove_suffix(quota ? 12 : 22);
  if (verb == "Delete" || verb == "Describe") {
    const std::string id = IdOf(request, quota ? "ComputeQuotaId" : "ClusterSchedulerConfigId");
    if (verb == "Delete") return quota ? Delete(id, &quotas_) : Delete(id, &policies_);
    return quota ? Describe(id, &quotas_) : Describe(id, &policies_);
  }
  absl::StatusOr<hyperpod::Documents> read = ReadRequest(request);
  if (!read.ok()) return read.status();
  if (verb == "Update") return quota ? Update(read->quotas, &quotas_) : Update(read->policies, &policies_);
  if (verb != "Create") return absl::InvalidArgumentError(absl::StrCat("\"", operation, "\" is not an operation here"));
  const size_t records = quota ? read->quotas.size() : read->policies.size();
  if (records != 1) {
    return Refuse(absl::StatusCode::kInvalidArgument, "ValidationException",
                  absl::StrCat("the request is not one of ", operation));
  }
  return quota ? Create(std::move(read->quotas[0])) : Create(std::move(read->policies[0]));
}

absl::StatusOr<std::vector<std::string>> PolicyService::Load(const Manifest& object, std::vector<api::Node>* nodes) {
  absl::StatusOr<hyperpod::Documents> read = ReadRequest(object);
  if (!read.ok()) return read.status();
  std::vector<std::string> told;
  for (ClusterSchedulerConfig& policy : read->policies) {
    absl::StatusOr<std::string> text = Create(std::move(policy));
    if (!text.ok()) return text.status();
    told.push_back(*std::move(text));
  }
  for (ComputeQuota& quota : read->quotas) {
    absl::StatusOr<std::string> text = Create(std::move(quota));
    if (!text.ok()) return text.status();
    told.push_back(*std::move(text));
  }
  for (const hyperpod::Cluster& cluster : read->clusters) {
    for (api::Node& node : hyperpod::MakeNodes(cluster)) nodes->push_back(std::move(node));
  }
  return told;
}

absl::StatusOr<std::vector<api::Object>> PolicyService::Compile(const std::vector<api::Node>& nodes) const {
  return hyperpod::Compile(policies_, quotas_, hyperpod::CapacityOf(nodes));
}

}  // namespace muster::sim
