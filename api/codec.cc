#include "api/codec.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/convert.h"
#include "api/decoder.h"
#include "api/encoder.h"
#include "api/fields_configuration.h"
#include "api/fields_kueue.h"
#include "api/fields_workload.h"
#include "api/kinds.h"
#include "api/nearest_name.h"

namespace muster::api {
namespace {

using nlohmann::json;

constexpr absl::string_view kKueueGroup = "kueue.x-k8s.io";

struct KindEntry {
  absl::string_view group;
  absl::string_view kind;
  absl::string_view written_version;  // "group/version"
  Object (*read)(DecodeContext&, const json&);
};

template <class T>
Object ReadObject(DecodeContext& context, const json& document) {
  T object;
  const JsonPath root;
  DecodeVisitor visitor(context, root, document);
  visitor.Ignored({"apiVersion", "kind"});
  Fields(visitor, object);
  return object;
}

template <class... T>
constexpr std::array<KindEntry, sizeof...(T)> MakeKindTable(const std::variant<T...>*) {
  return {KindEntry{KindOf<T>::kGroup, KindOf<T>::kKind, KindOf<T>::kApiVersion, &ReadObject<T>}...};
}
constexpr auto kKinds = MakeKindTable(static_cast<const Object*>(nullptr));

// Whether objects of that version of a known kind can be read.
bool IsReadableVersion(const KindEntry& kind, absl::string_view api_version) {
  if (api_version == kind.written_version) return true;
  if (kind.kind == "Configuration") return api_version == "config.kueue.x-k8s.io/v1beta1";
  if (kind.group != kKueueGroup) return false;
  if (api_version == "kueue.x-k8s.io/v1beta1") return true;
  return api_version == "kueue.x-k8s.io/v1alpha1" && (kind.kind == "Cohort" || kind.kind == "Topology");
}

std::string GroupOf(absl::string_view api_version) {
  const size_t slash = api_version.find('/');
  return slash == absl::string_view::npos ? "" : std::string(api_version.substr(0, slash));
}

std::string StringField(const json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : "";
}

// "ClusterQueue/team-a", as ObjectId() would say, without reading the object.
std::string RawObjectId(const json& document, absl::string_view kind) {
  const auto metadata = document.find("metadata");
  if (metadata == document.end() || !metadata->is_object()) return std::string(kind);
  const std::string ns = StringField(*metadata, "namespace");
  return absl::StrCat(kind, "/", ns, ns.empty() ? "" : "/", StringField(*metadata, "name"));
}

DecodeResult OneError(const Source& source, std::string object, std::string path, std::string rule,
                      std::string message) {
  DecodeResult result;
  result.problems.push_back({.source = source,
                             .object = std::move(object),
                             .path = std::move(path),
                             .message = std::move(message),
                             .severity = Severity::kError,
                             .rule = std::move(rule),
                             .value = ""});
  return result;
}

DecodeResult KeepUnsupported(json document, const Source& source, std::string api_version, std::string kind,
                             std::string why, Severity severity) {
  DecodeResult result;
  Unsupported& kept = result.unsupported.emplace();
  if (const auto metadata = document.find("metadata"); metadata != document.end() && metadata->is_object()) {
    kept.ns = StringField(*metadata, "namespace");
    kept.name = StringField(*metadata, "name");
  }
  result.problems.push_back({.source = source,
                             .object = RawObjectId(document, kind),
                             .path = "",
                             .message = std::move(why),
                             .severity = severity,
                             .rule = "UnknownKind",
                             .value = ""});
  kept.api_version = std::move(api_version);
  kept.kind = std::move(kind);
  kept.source = source;
  kept.raw = std::move(document);
  return result;
}

// What there is in Kueue's groups besides the kinds that are read.
constexpr absl::string_view kOtherKueueKinds[] = {"DynamicResourceAllocationConfig", "MultiKueueCluster",
                                                  "MultiKueueConfig", "ProvisioningRequestConfig"};

// A kind nobody reads. In Kueue's own groups that is a mistake: nothing but Kueue reads it there either.
DecodeResult UnknownKind(json document, const Source& source, std::string api_version, std::string kind,
                         const std::string& group) {
  std::string why = absl::StrCat("kind ", kind, " of ", api_version, " is not used here, kept as it is");
  Severity severity = Severity::kWarning;
  const KindEntry* namesake = nullptr;
  std::vector<absl::string_view> kinds, groups;
  for (const KindEntry& candidate : kKinds) {
    if (candidate.kind == kind) {
      namesake = &candidate;
      groups.push_back(candidate.group);
    }
    if (candidate.group == group) kinds.push_back(candidate.kind);
  }
  const bool other =
      std::find(std::begin(kOtherKueueKinds), std::end(kOtherKueueKinds), kind) != std::end(kOtherKueueKinds);
  if ((group == kKueueGroup && !other) || group == KindOf<Configuration>::kGroup) {
    if (group == kKueueGroup) kinds.insert(kinds.end(), std::begin(kOtherKueueKinds), std::end(kOtherKueueKinds));
    severity = Severity::kError;
    why = absl::StrCat("there is no kind ", kind, " in ", group, MeantHint(kind, kinds));
  } else if (namesake != nullptr && !NearestName(group, groups).empty()) {
    absl::StrAppend(&why, "; is ", namesake->written_version, " meant?");
  }
  return KeepUnsupported(std::move(document), source, std::move(api_version), std::move(kind), std::move(why),
                         severity);
}

}  // namespace

DecodeResult Decode(json document, const Source& source) {
  if (!document.is_object())
    return OneError(source, "", "", "TypeInvalid", "must be a Kubernetes object with apiVersion and kind");
  std::string kind = StringField(document, "kind");
  std::string api_version = StringField(document, "apiVersion");
  if (kind.empty()) return OneError(source, "", "kind", "Required", "for example ClusterQueue");
  if (api_version.empty()) {
    return OneError(source, RawObjectId(document, kind), "apiVersion", "Required",
                    "for example kueue.x-k8s.io/v1beta2");
  }

  const KindEntry* entry = nullptr;
  const std::string group = GroupOf(api_version);
  for (const KindEntry& candidate : kKinds) {
    if (candidate.kind == kind && candidate.group == group) entry = &candidate;
  }
  if (entry == nullptr) {
    return UnknownKind(std::move(document), source, std::move(api_version), std::move(kind), group);
  }
  if (!IsReadableVersion(*entry, api_version)) {
    std::string why =
        absl::StrCat("version ", api_version, " of ", kind, " is not known here; use ", entry->written_version);
    const bool kueues = entry->group == kKueueGroup || entry->group == KindOf<Configuration>::kGroup;
    return KeepUnsupported(std::move(document), source, std::move(api_version), std::move(kind), std::move(why),
                           kueues ? Severity::kError : Severity::kWarning);
  }
  if (api_version != entry->written_version) {
    if (entry->group == kKueueGroup) {
      UpgradeToV1Beta2(kind, document);
    } else {
      document["apiVersion"] = std::string(entry->written_version);
    }
  }

  DecodeContext context;
  DecodeResult result;
  Object object = entry->read(context, document);
  result.problems = context.TakeProblems();
  const std::string id = RawObjectId(document, kind);
  std::vector<Problem> warnings;
  for (Problem& problem : result.problems) {
    problem.source = source;
    problem.object = id;
    if (problem.severity == Severity::kWarning) warnings.push_back(problem);
  }
  result.decoded = Decoded{std::move(object), source, std::move(document), std::move(warnings)};
  return result;
}

absl::StatusOr<Object> DecodeObject(const json& document) {
  DecodeResult result = Decode(document);
  if (absl::Status status = ToStatus(result.problems); !status.ok()) return status;
  if (!result.decoded.has_value()) return absl::UnimplementedError(ToString(result.problems.front()));
  return std::move(result.decoded->object);
}

json Encode(const Object& object, json raw) {
  if (!raw.is_object()) raw = json::object();
  raw["apiVersion"] = std::string(ApiVersion(object));
  raw["kind"] = std::string(Kind(object));
  std::visit([&raw](const auto& o) { WriteValue(o, raw); }, object);
  return raw;
}

template <class T>
absl::StatusOr<T> DecodePart(const json& value, absl::string_view name) {
  DecodeContext context;
  JsonPath path;
  path.name = name;
  T out;
  ReadValue(context, path, value, out);
  if (absl::Status status = ToStatus(context.TakeProblems()); !status.ok()) return status;
  return out;
}

template <class T>
json EncodePart(const T& value, json raw) {
  WriteValue(value, raw);
  return raw;
}

#define MUSTER_API_PART(T)                                                  \
  template absl::StatusOr<T> DecodePart<T>(const json&, absl::string_view); \
  template json EncodePart<T>(const T&, json)

MUSTER_API_PART(ResourceFlavor);
MUSTER_API_PART(ClusterQueue);
MUSTER_API_PART(LocalQueue);
MUSTER_API_PART(Cohort);
MUSTER_API_PART(Workload);
MUSTER_API_PART(WorkloadPriorityClass);
MUSTER_API_PART(Topology);
MUSTER_API_PART(AdmissionCheck);
MUSTER_API_PART(Configuration);
MUSTER_API_PART(Namespace);
MUSTER_API_PART(Node);
MUSTER_API_PART(Pod);
MUSTER_API_PART(PriorityClass);
MUSTER_API_PART(LimitRange);
MUSTER_API_PART(RuntimeClass);
MUSTER_API_PART(Job);
MUSTER_API_PART(PodTemplate);
MUSTER_API_PART(PodSet);
MUSTER_API_PART(PodTemplateSpec);
MUSTER_API_PART(PodSpec);
MUSTER_API_PART(Container);
MUSTER_API_PART(Toleration);
MUSTER_API_PART(Taint);
MUSTER_API_PART(TopologyRequest);
MUSTER_API_PART(Admission);
MUSTER_API_PART(PodSetAssignment);
MUSTER_API_PART(TopologyAssignment);
MUSTER_API_PART(WorkloadSpec);
MUSTER_API_PART(WorkloadStatus);
MUSTER_API_PART(ResourceGroup);
MUSTER_API_PART(LabelSelector);
MUSTER_API_PART(Condition);
MUSTER_API_PART(ClusterQueuePreemption);
MUSTER_API_PART(FlavorFungibility);

#undef MUSTER_API_PART

}  // namespace muster::api
