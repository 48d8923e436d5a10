#include "webhook/jobs/topology_validation.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/json_text.h"
#include "webhook/base/vocabulary.h"
#include "webhook/go/go_json.h"
#include "webhook/go/go_text.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using api::FieldErrors;
using api::JsonPath;
using api::Quoted;
using nlohmann::json;

constexpr size_t kMaxLayers = 3;
constexpr char kLayerCount[] = "topology constraints must contain between 1 and 3 entries";

std::string MayNotBeSetWhen(absl::string_view annotation) {
  return absl::StrCat("may not be set when '", annotation, "' is specified");
}

// The annotations of one subject, looked up once.
struct Annotations {
  explicit Annotations(const json* map)
      : required(Get(map, kRequiredTopology)),
        preferred(Get(map, kPreferredTopology)),
        unconstrained(Get(map, kUnconstrainedTopology)),
        slice_required(Get(map, kSliceRequiredTopology)),
        slice_size(Get(map, kSliceSize)),
        constraints(Get(map, kSliceConstraints)),
        group(Get(map, kPodSetGroupName)) {}

  static const std::string* Get(const json* map, absl::string_view key) {
    return map == nullptr ? nullptr : StringField(*map, key);
  }
  bool requests_topology() const {
    return required || preferred || unconstrained || slice_required || slice_size || constraints;
  }
  bool any() const { return requests_topology() || group; }

  const std::string* required;
  const std::string* preferred;
  const std::string* unconstrained;
  const std::string* slice_required;
  const std::string* slice_size;
  const std::string* constraints;
  const std::string* group;
};

struct Layer {
  std::string topology;
  int64_t size = 0;
};

// A list of layers. Errors: InvalidArgument with what encoding/json says.
absl::StatusOr<std::vector<Layer>> ParseLayers(const std::string& text) {
  if (std::string error = GoJsonSyntaxError(text); !error.empty()) return absl::InvalidArgumentError(error);
  absl::StatusOr<json> list = api::ParseJson(text);
  if (!list.ok()) return list.status();
  std::vector<Layer> layers;
  if (list->is_null()) return layers;
  constexpr char kType[] = "v1beta2.PodsetSliceRequiredTopologyConstraint";
  if (!list->is_array()) {
    return absl::InvalidArgumentError(
        absl::StrCat("json: cannot unmarshal ", JsonTypeName(*list), " into Go value of type []", kType));
  }
  const auto mismatch = [](const json& value, const char* field, const char* type) {
    return absl::InvalidArgumentError(absl::StrCat(
        "json: cannot unmarshal ", JsonTypeName(value), value.is_number() ? absl::StrCat(" ", value.dump()) : "",
        " into Go struct field PodsetSliceRequiredTopologyConstraint.", field, " of type ", type));
  };
  for (const json& item : *list) {
    Layer& layer = layers.emplace_back();
    if (item.is_null()) continue;
    if (!item.is_object()) {
      return absl::InvalidArgumentError(
          absl::StrCat("json: cannot unmarshal ", JsonTypeName(item), " into Go value of type ", kType));
    }
    if (const json* topology = Field(item, "topology")) {
      if (!topology->is_string()) return mismatch(*topology, "topology", "string");
      layer.topology = topology->get<std::string>();
    }
    if (const json* size = Field(item, "size")) {
      const bool fits = size->is_number_integer() && size->get<int64_t>() == static_cast<int32_t>(size->get<int64_t>());
      if (!fits) return mismatch(*size, "size", "int32");
      layer.size = size->get<int64_t>();
    }
  }
  return layers;
}

void CheckConstraints(const Env& env, const Annotations& a, const JsonPath& annotations, FieldErrors& errors) {
  if (a.constraints == nullptr) return;
  const JsonPath path = annotations.Key(kSliceConstraints);
  if (!env.config.gates[Gate::kTASMultiLayerTopology]) {
    return errors.Forbidden(path, "the TASMultiLayerTopology feature gate must be enabled to use this annotation");
  }
  if (a.slice_required != nullptr) errors.Forbidden(path, MayNotBeSetWhen(kSliceRequiredTopology));
  if (a.slice_size != nullptr) errors.Forbidden(path, MayNotBeSetWhen(kSliceSize));
  if (a.group != nullptr) errors.Forbidden(annotations.Key(kPodSetGroupName), MayNotBeSetWhen(kSliceConstraints));
  const absl::StatusOr<std::vector<Layer>> parsed = ParseLayers(*a.constraints);
  if (!parsed.ok()) {
    return errors.Invalid(path, GoQuote(*a.constraints),
                          absl::StrCat("must be a valid JSON array: ", parsed.status().message()));
  }
  const std::vector<Layer>& layers = *parsed;
  if (layers.empty() || layers.size() > kMaxLayers) {
    return errors.Invalid(path, GoQuote(*a.constraints), kLayerCount);
  }
  for (size_t i = 0; i < layers.size(); ++i) {
    const JsonPath item = path.Item(static_cast<int>(i));
    errors.CheckLabelKey(item.Field("topology"), layers[i].topology);
    if (layers[i].size < 1) {
      errors.Invalid(item.Field("size"), absl::StrCat(layers[i].size), "must be greater than or equal to 1");
    }
  }
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < layers.size(); ++i) {
    const auto [it, inserted] = seen.emplace(layers[i].topology, i);
    if (inserted) continue;
    const JsonPath item = path.Item(static_cast<int>(i));
    errors.Duplicate(item.Field("topology"),
                     Quoted(absl::StrCat(layers[i].topology, " (also at index ", it->second, ")")));
  }
  for (size_t i = 0; i + 1 < layers.size(); ++i) {
    if (layers[i + 1].size <= 0 || layers[i].size % layers[i + 1].size == 0) continue;
    const JsonPath item = path.Item(static_cast<int>(i + 1));
    errors.Invalid(item.Field("size"), absl::StrCat(layers[i + 1].size),
                   absl::StrCat("must evenly divide the parent layer size ", layers[i].size));
  }
}

void CheckGroupName(const Annotations& a, const JsonPath& annotations, FieldErrors& errors) {
  if (a.group == nullptr) return;
  const JsonPath path = annotations.Key(kPodSetGroupName);
  const bool number = !a.group->empty() && a.group->find_first_not_of("0123456789") == std::string::npos;
  uint64_t value = 0;
  if (number && absl::SimpleAtoi(*a.group, &value)) errors.Invalid(path, Quoted(*a.group), "must not be a number");
  if (a.slice_size != nullptr) errors.Forbidden(path, MayNotBeSetWhen(kSliceSize));
  if (a.slice_required != nullptr) errors.Forbidden(path, MayNotBeSetWhen(kSliceRequiredTopology));
  if (a.preferred == nullptr && a.required == nullptr) {
    errors.Forbidden(path, absl::StrCat("may not be set when neither '", kPreferredTopology, "' nor '",
                                        kRequiredTopology, "' is specified"));
  }
}

void CheckSliceSize(const Annotations& a, const JsonPath& annotations, FieldErrors& errors) {
  const JsonPath path = annotations.Key(kSliceSize);
  if (a.slice_size != nullptr) {
    const absl::StatusOr<int32_t> size = GoParseInt32(*a.slice_size);
    if (!size.ok()) {
      errors.Invalid(path, Quoted(*a.slice_size), "must be a numeric value");
    } else if (*size < 1) {
      errors.Invalid(path, Quoted(*a.slice_size), "must be greater than or equal to 1");
    }
  }
}

void CheckAnnotations(const Env& env, const Annotations& a, const JsonPath& annotations, FieldErrors& errors) {
  if ((a.required != nullptr) + (a.preferred != nullptr) + (a.unconstrained != nullptr) > 1) {
    errors.Invalid(annotations, "",
                   absl::StrCat("must not contain more than one topology annotation: [", Quoted(kRequiredTopology),
                                ", ", Quoted(kPreferredTopology), ", ", Quoted(kUnconstrainedTopology), "]"));
  }
  const auto check_label = [&](const std::string* value, absl::string_view key) {
    if (value != nullptr) errors.CheckLabelKey(annotations.Key(key), *value);
  };
  check_label(a.required, kRequiredTopology);
  check_label(a.preferred, kPreferredTopology);
  check_label(a.slice_required, kSliceRequiredTopology);
  CheckGroupName(a, annotations, errors);
  if (a.unconstrained != nullptr && !GoParseBool(*a.unconstrained).ok()) {
    errors.Invalid(annotations.Key(kUnconstrainedTopology), Quoted(*a.unconstrained), "must be a boolean value");
  }
  CheckSliceSize(a, annotations, errors);
  const JsonPath slice_size = annotations.Key(kSliceSize);
  if (a.slice_required != nullptr && a.slice_size == nullptr) {
    errors.Required(slice_size, absl::StrCat("must be set when '", kSliceRequiredTopology, "' is specified"));
  }
  if (a.slice_required == nullptr && a.slice_size != nullptr) {
    errors.Forbidden(slice_size, absl::StrCat("may not be set when '", kSliceRequiredTopology, "' is not specified"));
  }
  CheckConstraints(env, a, annotations, errors);
}

// No slice is larger than the pod set.
void CheckUpperBound(const Annotations& a, int32_t count, const JsonPath& annotations, FieldErrors& errors) {
  const std::string message = absl::StrCat("must not be greater than pod set count ", count);
  if (a.slice_size != nullptr) {
    const absl::StatusOr<int32_t> size = GoParseInt32(*a.slice_size);
    if (size.ok() && *size > count) errors.Invalid(annotations.Key(kSliceSize), Quoted(*a.slice_size), message);
  }
  if (a.constraints != nullptr) {
    const absl::StatusOr<std::vector<Layer>> layers = ParseLayers(*a.constraints);
    if (layers.ok() && !layers->empty() && layers->front().size > count) {
      errors.Invalid(annotations.Key(kSliceConstraints), absl::StrCat(layers->front().size), message);
    }
  }
}

// What making a topology request of the annotations fails with; "" when it does not.
std::string ParseError(const Env& env, const Annotations& a) {
  if (a.unconstrained != nullptr && a.required == nullptr && a.preferred == nullptr) {
    const absl::StatusOr<bool> value = GoParseBool(*a.unconstrained);
    if (!value.ok()) return std::string(value.status().message());
  }
  if (a.slice_required != nullptr && a.slice_size != nullptr) {
    const absl::StatusOr<int32_t> size = GoParseInt32(*a.slice_size);
    if (!size.ok()) return std::string(size.status().message());
  }
  if (a.constraints != nullptr && env.config.gates[Gate::kTASMultiLayerTopology]) {
    const absl::StatusOr<std::vector<Layer>> layers = ParseLayers(*a.constraints);
    if (!layers.ok()) {
      return absl::StrCat("failed to parse multi-layer topology constraints annotation: ", layers.status().message());
    }
    if (layers->empty() || layers->size() > kMaxLayers) return absl::StrCat(kLayerCount, ": got ", layers->size());
  }
  return "";
}

struct Member {
  const TopologySubject* subject;
  Annotations annotations;
};

void CheckGroups(const std::vector<Member>& members, FieldErrors& errors) {
  std::vector<std::pair<std::string, std::vector<const Member*>>> groups;
  for (const Member& member : members) {
    // A name alone is no topology request, and is refused for that.
    if (member.annotations.group == nullptr || !member.annotations.requests_topology()) continue;
    auto it = std::find_if(groups.begin(), groups.end(),
                           [&](const auto& group) { return group.first == *member.annotations.group; });
    if (it == groups.end()) it = groups.insert(groups.end(), {*member.annotations.group, {}});
    it->second.push_back(&member);
  }
  const JsonPath root;
  for (const auto& [name, group] : groups) {
    if (group.size() != 2) {
      for (const Member* member : group) {
        const JsonPath path = root.Field(member->subject->path);
        errors.Invalid(
            path.Key(kPodSetGroupName), Quoted(name),
            absl::StrCat("can only define groups of exactly 2 pod sets, got: ", group.size(), " pod set(s)"));
      }
      continue;
    }
    const JsonPath paths[] = {root.Field(group[0]->subject->path), root.Field(group[1]->subject->path)};
    const int32_t counts[] = {group[0]->subject->count, group[1]->subject->count};
    if (counts[0] != 1 && counts[1] != 1) {
      for (const JsonPath& path : paths) {
        errors.Invalid(path.Key(kPodSetGroupName), Quoted(name),
                       absl::StrCat("can only define groups where at least one pod set has only 1 replica, got: ",
                                    counts[0], " replica(s) and ", counts[1], " replica(s) in the group"));
      }
    }
    const auto same = [](const std::string* a, const std::string* b) {
      return a == nullptr || b == nullptr ? a == b : *a == *b;
    };
    const Annotations& a = group[0]->annotations;
    const Annotations& b = group[1]->annotations;
    const bool both =
        (a.required != nullptr || a.preferred != nullptr) && (b.required != nullptr || b.preferred != nullptr);
    if (both && same(a.required, b.required) && same(a.preferred, b.preferred)) continue;
    for (int i = 0; i < 2; ++i) {
      errors.Invalid(paths[i], "",
                     absl::StrCat("must specify '", kRequiredTopology, "' or '", kPreferredTopology,
                                  "' topology consistent with '", paths[1 - i].ToString(), "' in group '", name, "'"));
    }
  }
}

}  // namespace

std::vector<TopologySubject> SubjectsOf(const api::JobKind& kind, const json& job) {
  std::vector<TopologySubject> subjects;
  for (const api::PodSetView& set : api::PodSetsOf(kind, job)) {
    if (set.pod_template == nullptr || set.rule == nullptr) continue;
    const std::string path = set.TemplatePath();
    subjects.push_back({set.name, absl::StrCat(path, path.empty() ? "" : ".", "metadata.annotations"),
                        api::At(*set.pod_template, "/metadata/annotations"), set.count});
  }
  return subjects;
}

void CheckTopology(const Env& env, const std::vector<TopologySubject>& subjects, const TopologyRules& rules,
                   Validation& out) {
  if (!env.config.gates[Gate::kTopologyAwareScheduling]) return;
  std::vector<Member> members;
  for (const TopologySubject& subject : subjects) {
    Member member{&subject, Annotations(subject.annotations)};
    if (member.annotations.any()) members.push_back(std::move(member));
  }
  // What Kueue cannot turn into a request has no size and no group.
  std::string parse_error;
  for (const Member& member : members) {
    if (parse_error.empty()) parse_error = ParseError(env, member.annotations);
  }
  if (rules.parse_first && !parse_error.empty()) {
    out.failure = AdmissionResponse::Denied(std::move(parse_error));
    return;
  }
  const bool parsed = parse_error.empty();
  bool grouping = parsed && rules.grouping;
  const auto check_groups = [&] {
    if (std::exchange(grouping, false)) CheckGroups(members, out.errors);
  };
  const JsonPath root;
  for (const Member& member : members) {
    if (rules.grouping_after_first && member.subject != subjects.data()) check_groups();
    const JsonPath path = root.Field(member.subject->path);
    CheckAnnotations(env, member.annotations, path, out.errors);
    if (parsed && member.subject->has_count) {
      CheckUpperBound(member.annotations, member.subject->count, path, out.errors);
    }
  }
  check_groups();
  // Whatever cannot be parsed is an error of its own above; should it not be, it is refused all the same.
  if (!parsed && out.errors.empty()) out.failure = AdmissionResponse::Denied(std::move(parse_error));
}

}  // namespace muster::webhook
