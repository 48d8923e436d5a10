#include "webhook/jobs/topology_validation.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/json_text.h"
#include "api/vocabulary.h"
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
      : required(Get(map, api::kRequiredTopologyAnnotation)),
        preferred(Get(map, api::kPreferredTopologyAnnotation)),
        unconstrained(Get(map, api::kUnconstrainedTopologyAnnotation)),
        slice_required(Get(map, api::kSliceRequiredTopologyAnnotation)),
        slice_size(Get(map, api::kSliceSizeAnnotation)),
        constraints(Get(map, api::kSliceConstraintsAnnotation)),
        group(Get(map, api::kPodSetGroupNameAnnotation)) {}

  static const std::string* Get(const json* map, absl::string_view key) {
    return map == nullptr ? nullptr : StringField(*map, key);
  }
  bool any() const {
    return required || preferred || unconstrained || slice_required || slice_size || constraints || group;
  }

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
  const JsonPath path = annotations.Key(api::kSliceConstraintsAnnotation);
  if (!env.config.gates[Gate::kTASMultiLayerTopology]) {
    return errors.Forbidden(path, "the TASMultiLayerTopology feature gate must be enabled to use this annotation");
  }
  if (a.slice_required != nullptr) errors.Forbidden(path, MayNotBeSetWhen(api::kSliceRequiredTopologyAnnotation));
  if (a.slice_size != nullptr) errors.Forbidden(path, MayNotBeSetWhen(api::kSliceSizeAnnotation));
  if (a.group != nullptr)
    errors.Forbidden(annotations.Key(api::kPodSetGroupNameAnnotation),
                     MayNotBeSetWhen(api::kSliceConstraintsAnnotation));
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
  const JsonPath path = annotations.Key(api::kPodSetGroupNameAnnotation);
  const bool number = !a.group->empty() && a.group->find_first_not_of("0123456789") == std::string::npos;
  uint64_t value = 0;
  if (number && absl::SimpleAtoi(*a.group, &value)) errors.Invalid(path, Quoted(*a.group), "must not be a number");
  if (a.slice_size != nullptr) errors.Forbidden(path, MayNotBeSetWhen(api::kSliceSizeAnnotation));
  if (a.slice_required != nullptr) errors.Forbidden(path, MayNotBeSetWhen(api::kSliceRequiredTopologyAnnotation));
  if (a.preferred == nullptr && a.required == nullptr) {
    errors.Forbidden(path, absl::StrCat("may not be set when neither '", api::kPreferredTopologyAnnotation, "' nor '",
                                        api::kRequiredTopologyAnnotation, "' is specified"));
  }
}

void CheckSliceSize(const Annotations& a, const JsonPath& annotations, FieldErrors& errors) {
  const JsonPath path = annotations.Key(api::kSliceSizeAnnotation);
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
    errors.Invalid(
        annotations, "",
        absl::StrCat("must not contain more than one topology annotation: [", Quoted(api::kRequiredTopologyAnnotation),
                     ", ", Quoted(api::kPreferredTopologyAnnotation), ", ",
                     Quoted(api::kUnconstrainedTopologyAnnotation), "]"));
  }
  const auto check_label = [&](const std::string* value, absl::string_view key) {
    if (value != nullptr) errors.CheckLabelKey(annotations.Key(key), *value);
  };
  check_label(a.required, api::kRequiredTopologyAnnotation);
  check_label(a.preferred, api::kPreferredTopologyAnnotation);
  check_label(a.slice_required, api::kSliceRequiredTopologyAnnotation);
  CheckGroupName(a, annotations, errors);
  if (a.unconstrained != nullptr && !GoParseBool(*a.unconstrained).ok()) {
    errors.Invalid(annotations.Key(api::kUnconstrainedTopologyAnnotation), Quoted(*a.unconstrained),
                   "must be a boolean value");
  }
  CheckSliceSize(a, annotations, errors);
  const JsonPath slice_size = annotations.Key(api::kSliceSizeAnnotation);
  if (a.slice_required != nullptr && a.slice_size == nullptr) {
    errors.Required(slice_size,
                    absl::StrCat("must be set when '", api::kSliceRequiredTopologyAnnotation, "' is specified"));
  }
  if (a.slice_required == nullptr && a.slice_size != nullptr) {
    errors.Forbidden(
        slice_size, absl::StrCat("may not be set when '", api::kSliceRequiredTopologyAnnotation, "' is not specified"));
  }
  CheckConstraints(env, a, annotations, errors);
}

// No slice is larger than the pod set.
void CheckUpperBound(const Annotations& a, int32_t count, const JsonPath& annotations, FieldErrors& errors) {
  const std::string message = absl::StrCat("must not be greater than pod set count ", count);
  if (a.slice_size != nullptr) {
    const absl::StatusOr<int32_t> size = GoParseInt32(*a.slice_size);
    if (size.ok() && *size > count)
      errors.Invalid(annotations.Key(api::kSliceSizeAnnotation), Quoted(*a.slice_size), message);
  }
  if (a.constraints != nullptr) {
    const absl::StatusOr<std::vector<Layer>> layers = ParseLayers(*a.constraints);
    if (layers.ok() && !layers->empty() && layers->front().size > count) {
      errors.Invalid(annotations.Key(api::kSliceConstraintsAnnotation), absl::StrCat(layers->front().size), message);
    }
  }
}

// What making a topology request of the annotations fails with; "" when it does not.
std::string ParseError(const Env& env, const Annotations& a) {
  if (a.unconstrained != nullptr && a.required == nullptr && a.preferred == nullptr) {
    const absl::StatusOr<bool> value = GoParseBool(*a.unconstrained);
    if (!value.ok()) return std::string(value.status().message());
  }
  // Layers take the place of a slice, of which nothing is read then.
  if (a.constraints != nullptr && env.config.gates[Gate::kTASMultiLayerTopology]) {
    const absl::StatusOr<std::vector<Layer>> layers = ParseLayers(*a.constraints);
    if (!layers.ok()) {
      return absl::StrCat("failed to parse multi-layer topology constraints annotation: ", layers.status().message());
    }
    if (layers->empty() || layers->size() > kMaxLayers) return absl::StrCat(kLayerCount, ": got ", layers->size());
  } else if (a.slice_required != nullptr && a.slice_size != nullptr) {
    const absl::StatusOr<int32_t> size = GoParseInt32(*a.slice_size);
    if (!size.ok()) return std::string(size.status().message());
  }
  return "";
}

struct Member {
  const TopologySubject* subject;
  Annotations annotations;
};

// The subjects that have annotations.
std::vector<Member> MembersOf(const std::vector<TopologySubject>& subjects) {
  std::vector<Member> members;
  for (const TopologySubject& subject : subjects) {
    Member member{&subject, Annotations(subject.annotations)};
    if (member.annotations.any()) members.push_back(std::move(member));
  }
  return members;
}

// All subjects by the name of their pod set, which is in lower case.
class ByName {
 public:
  explicit ByName(const std::vector<TopologySubject>& subjects) {
    for (const TopologySubject& subject : subjects) {
      const auto [it, inserted] = found_.emplace(absl::AsciiStrToLower(subject.name), Entry{&subject, &subject});
      if (!inserted) it->second.last = &subject;
    }
  }
  int32_t CountOf(const TopologySubject& subject) const { return Find(subject).first->count; }
  const std::string& PathOf(const TopologySubject& subject) const { return Find(subject).last->path; }

 private:
  struct Entry {
    const TopologySubject* first;
    const TopologySubject* last;
  };
  const Entry& Find(const TopologySubject& subject) const { return found_.at(absl::AsciiStrToLower(subject.name)); }

  std::map<std::string, Entry> found_;
};

// What the pod sets of a group ask for, `required` first.
struct Request {
  explicit Request(const Annotations& a)
      : required(a.required), preferred(a.required != nullptr ? nullptr : a.preferred) {}
  const std::string* required;
  const std::string* preferred;
};

bool IsSame(const Request& a, const Request& b) {
  const auto same = [](const std::string* a, const std::string* b) {
    return a == nullptr || b == nullptr ? a == b : *a == *b;
  };
  return same(a.required, b.required) && same(a.preferred, b.preferred);
}

void CheckPair(const std::string& name, const Member& first, const Member& second, const ByName& by_name,
               FieldErrors& errors) {
  const JsonPath root;
  const JsonPath paths[] = {root.Field(by_name.PathOf(*first.subject)), root.Field(by_name.PathOf(*second.subject))};
  const int32_t counts[] = {first.subject->count, second.subject->count};
  if (counts[0] != 1 && counts[1] != 1) {
    for (const JsonPath& path : paths) {
      errors.Invalid(path.Key(api::kPodSetGroupNameAnnotation), Quoted(name),
                     absl::StrCat("can only define groups where at least one pod set has only 1 replica, got: ",
                                  counts[0], " replica(s) and ", counts[1], " replica(s) in the group"));
    }
  }
  if (IsSame(Request(first.annotations), Request(second.annotations))) return;
  for (int i = 0; i < 2; ++i) {
    errors.Invalid(
        paths[i], "",
        absl::StrCat("must specify '", api::kRequiredTopologyAnnotation, "' or '", api::kPreferredTopologyAnnotation,
                     "' topology consistent with '", paths[1 - i].ToString(), "' in group '", name, "'"));
  }
}

void CheckGroups(const std::vector<Member>& members, const ByName& by_name, FieldErrors& errors) {
  std::vector<std::vector<const Member*>> groups;  // in the order in which they are named first
  std::map<absl::string_view, size_t> found;
  for (const Member& member : members) {
    // A name alone makes no group, and is refused for that.
    const Annotations& a = member.annotations;
    if (a.group == nullptr || (a.required == nullptr && a.preferred == nullptr)) continue;
    const auto [it, inserted] = found.emplace(*a.group, groups.size());
    if (inserted) groups.emplace_back();
    groups[it->second].push_back(&member);
  }
  const JsonPath root;
  for (const std::vector<const Member*>& group : groups) {
    const std::string& name = *group[0]->annotations.group;
    if (group.size() == 2) {
      CheckPair(name, *group[0], *group[1], by_name, errors);
      continue;
    }
    for (const Member* member : group) {
      const JsonPath path = root.Field(by_name.PathOf(*member->subject));
      errors.Invalid(path.Key(api::kPodSetGroupNameAnnotation), Quoted(name),
                     absl::StrCat("can only define groups of exactly 2 pod sets, got: ", group.size(), " pod set(s)"));
    }
  }
}

}  // namespace

std::vector<TopologySubject> SubjectsOf(const api::JobKind& kind, const json& job) {
  std::vector<TopologySubject> subjects;
  for (const api::PodSetView& set : api::PodSetsOf(kind, job)) {
    if (set.rule == nullptr) continue;
    const std::string path = set.TemplatePath();
    // The replicas of a JobSet are a plain number in Go, which is zero when the API server has not filled it in.
    const json* list = set.rule->count == api::CountRule::kReplicatedJob ? api::At(job, set.rule->at) : nullptr;
    const bool none =
        list != nullptr && api::At((*list)[static_cast<size_t>(set.index)], set.rule->replicas) == nullptr;
    subjects.push_back({set.name, absl::StrCat(path, path.empty() ? "" : ".", "metadata.annotations"),
                        set.pod_template == nullptr ? nullptr : api::At(*set.pod_template, "/metadata/annotations"),
                        none ? 0 : set.count});
  }
  return subjects;
}

void CheckTopologyAnnotations(const Env& env, const std::vector<TopologySubject>& subjects, FieldErrors& errors) {
  if (!env.config.gates[Gate::kTopologyAwareScheduling]) return;
  const JsonPath root;
  for (const Member& member : MembersOf(subjects)) {
    if (env.budget.Spent()) return;
    CheckAnnotations(env, member.annotations, root.Field(member.subject->path), errors);
  }
}

void CheckSliceSizes(const Env& env, const std::vector<TopologySubject>& subjects, FieldErrors& errors) {
  if (!env.config.gates[Gate::kTopologyAwareScheduling]) return;
  const JsonPath root;
  for (const Member& member : MembersOf(subjects)) {
    if (member.subject->has_count) {
      CheckUpperBound(member.annotations, member.subject->count, root.Field(member.subject->path), errors);
    }
  }
}

void CheckTopology(const Env& env, const std::vector<TopologySubject>& subjects, const TopologyRules& rules,
                   Validation& out) {
  if (!env.config.gates[Gate::kTopologyAwareScheduling]) return;
  const std::vector<Member> members = MembersOf(subjects);
  // What Kueue cannot turn into a request has no size and no group.
  std::string parse_error;
  for (const Member& member : members) {
    if (parse_error.empty() && !env.budget.Spent()) parse_error = ParseError(env, member.annotations);
  }
  const bool parsed = parse_error.empty();
  if (rules.parse_first && !parsed) {
    out.failure = AdmissionResponse::Denied(std::move(parse_error));
    return;
  }
  const ByName by_name(subjects);
  FieldErrors errors;
  bool grouping = parsed && rules.grouping;
  const auto check_groups = [&] {
    if (std::exchange(grouping, false)) CheckGroups(members, by_name, errors);
  };
  const JsonPath root;
  for (const Member& member : members) {
    if (env.budget.Spent()) return;
    const bool first = member.subject == subjects.data();
    if (rules.grouping_after_first && !first) check_groups();
    if (!member.subject->checked || (rules.rest_only_when_parsed && !parsed && !first)) continue;
    const JsonPath path = root.Field(member.subject->path);
    CheckAnnotations(env, member.annotations, path, errors);
    if (parsed && member.subject->has_count) {
      CheckUpperBound(member.annotations, by_name.CountOf(*member.subject), path, errors);
    }
  }
  check_groups();
  // What cannot be parsed is mostly an error of its own above. Where it is not, it is the whole answer.
  if (!parsed && errors.empty()) {
    out.failure = AdmissionResponse::Denied(std::move(parse_error));
    return;
  }
  for (api::Problem& problem : errors.Take()) out.errors.Append(std::move(problem));
}

}  // namespace muster::webhook
