#include "sim/sweep/variant.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/object.h"
#include "api/yaml.h"
#include "sim/sweep/object_path.h"

namespace muster::sim {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxVariants = 1000;
constexpr char kConfiguration[] = "Configuration/";

absl::Status Wrong(const std::string& where, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", what));
}

absl::StatusOr<std::vector<std::string>> Texts(const Json& list, const std::string& where) {
  std::vector<std::string> texts;
  if (!list.is_array()) return Wrong(where, "has to be a list of names");
  for (const Json& text : list) {
    if (!text.is_string() || text.get_ref<const std::string&>().empty())
      return Wrong(where, "has to be a list of names");
    texts.push_back(text.get<std::string>());
  }
  return texts;
}

absl::StatusOr<ObjectChange> ParseSet(const Json& item, const std::string& where) {
  if (!item.is_object() || !item.contains("object") || !item["object"].is_string()) {
    return Wrong(where, "has to say which object: Kind/name");
  }
  ObjectChange change{item["object"].get<std::string>(), {}};
  for (const auto& [path, value] : item.items()) {
    if (path != "object") change.values.emplace_back(path, value);
  }
  if (change.values.empty()) return Wrong(where, absl::StrCat("nothing is set in ", change.object));
  return change;
}

// Whether an object is meant: the last part of the name may be *. A Configuration has no name.
bool IsMeant(const std::string& pattern, const std::string& id) {
  if (absl::EndsWith(pattern, "/*"))
    return absl::StartsWith(id, absl::string_view(pattern).substr(0, pattern.size() - 1));
  return pattern == id || absl::StrCat(pattern, "/") == id;
}

std::string Known(absl::Span<const std::string> ids, const std::string& pattern) {
  const std::string kind = pattern.substr(0, pattern.find('/') + 1);
  std::vector<std::string> near;
  for (const std::string& id : ids) {
    if (absl::StartsWith(id, kind) && near.size() < 20) near.push_back(id);
  }
  if (near.empty() || kind.empty()) return "; write Kind/name, or Kind/namespace/name";
  return absl::StrCat("; there is ", absl::StrJoin(near, ", "));
}

}  // namespace

absl::Status CheckVariantName(const std::string& name, const std::string& where) {
  const auto plain = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  };
  if (name.empty() || name.size() > 100 || name.front() == '.' || !std::all_of(name.begin(), name.end(), plain)) {
    return Wrong(where, absl::StrCat("\"", name, "\" cannot be a name; use at most 100 letters, digits, -, _ and ."));
  }
  if (name == kBaseName)
    return Wrong(where, absl::StrCat("\"", kBaseName, "\" is the policy as it is; use another name"));
  return absl::OkStatus();
}

absl::StatusOr<Variant> ParseChanges(const Json& members, const std::string& where) {
  Variant variant;
  variant.written = members;
  for (const auto& [key, value] : members.items()) {
    const std::string at = absl::StrCat(where, ": ", key);
    if (key == "set") {
      if (!value.is_array()) return Wrong(at, "has to be a list of objects and what to set in them");
      for (size_t i = 0; i < value.size(); ++i) {
        absl::StatusOr<ObjectChange> change = ParseSet(value[i], absl::StrCat(at, "[", i, "]"));
        if (!change.ok()) return change.status();
        variant.set.push_back(*std::move(change));
      }
    } else if (key == "remove" || key == "nodesDown") {
      absl::StatusOr<std::vector<std::string>> names = Texts(value, at);
      if (!names.ok()) return names.status();
      for (const std::string& name : *names)
        variant.remove.push_back(key == "remove" ? name : absl::StrCat("Node/", name));
    } else if (key == "featureGates") {
      if (!value.is_object()) return Wrong(at, "has to be names with true or false");
      ObjectChange change{kConfiguration, {}};
      for (const auto& [gate, on] : value.items()) {
        if (!on.is_boolean()) return Wrong(at, absl::StrCat(gate, " has to be true or false"));
        change.values.emplace_back(absl::StrCat("featureGates[\"", gate, "\"]"), on);
      }
      variant.set.push_back(std::move(change));
    } else {
      return Wrong(where, absl::StrCat("\"", key, "\" is not known; use name, set, remove, nodesDown or featureGates"));
    }
  }
  return variant;
}

absl::StatusOr<std::vector<Variant>> ParseVariants(absl::string_view text, const std::string& file) {
  const std::vector<api::YamlDocument> documents = api::ParseYaml(text);
  if (documents.size() != 1) return Wrong(file, "has to be one YAML document with `variants`");
  if (!documents[0].error.empty()) return Wrong(file, documents[0].error);
  const Json& root = documents[0].value;
  if (!root.is_object() || !root.contains("variants") || !root["variants"].is_array() || root["variants"].empty()) {
    return Wrong(file, "has to have a list `variants`");
  }
  for (const auto& [key, value] : root.items()) {
    if (key != "variants") return Wrong(file, absl::StrCat("\"", key, "\" is not known; use variants"));
  }
  if (root["variants"].size() > kMaxVariants) return Wrong(file, absl::StrCat("more than ", kMaxVariants, " variants"));
  std::vector<Variant> variants;
  std::set<std::string> names;
  for (size_t i = 0; i < root["variants"].size(); ++i) {
    Json members = root["variants"][i];
    std::string where = absl::StrCat(file, ": variants[", i, "]");
    if (!members.is_object() || !members.contains("name") || !members["name"].is_string()) {
      return Wrong(where, "has no name");
    }
    const std::string name = members["name"].get<std::string>();
    if (absl::Status s = CheckVariantName(name, where); !s.ok()) return s;
    if (!names.insert(name).second) return Wrong(where, absl::StrCat("the name \"", name, "\" is used before"));
    members.erase("name");
    absl::StatusOr<Variant> variant = ParseChanges(members, absl::StrCat(file, ": variant ", name));
    if (!variant.ok()) return variant.status();
    variant->name = name;
    variants.push_back(*std::move(variant));
  }
  return variants;
}

absl::StatusOr<api::LoadResult> ApplyVariant(absl::Span<const api::Decoded> policy, const Variant& variant) {
  std::vector<std::string> ids;
  std::vector<Json> objects;
  std::set<std::pair<std::string, std::string>> warned;  // fields that were unknown before
  for (const api::Decoded& decoded : policy) {
    ids.push_back(api::ObjectId(decoded.object));
    objects.push_back(api::Encode(decoded.object, decoded.raw));
    for (const api::Problem& warning : decoded.warnings) warned.emplace(warning.object, warning.path);
  }
  const bool configures = std::any_of(variant.set.begin(), variant.set.end(),
                                      [](const ObjectChange& c) { return IsMeant(c.object, kConfiguration); });
  if (configures && std::find(ids.begin(), ids.end(), kConfiguration) == ids.end()) {
    ids.push_back(kConfiguration);
    objects.push_back({{"apiVersion", "config.kueue.x-k8s.io/v1beta2"}, {"kind", "Configuration"}});
  }
  std::string mistakes;
  const auto mistake = [&](absl::string_view text) {
    absl::StrAppend(&mistakes, mistakes.empty() ? "" : "\n", "variant ", variant.name, ": ", text);
  };
  for (const ObjectChange& change : variant.set) {
    bool found = false;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (!IsMeant(change.object, ids[i])) continue;
      found = true;
      for (const auto& [path, value] : change.values) {
        if (absl::Status s = SetAt(path, value, &objects[i]); !s.ok()) mistake(absl::StrCat(ids[i], ": ", s.message()));
      }
    }
    if (!found)
      mistake(absl::StrCat("there is no object ", change.object, " in the policy", Known(ids, change.object)));
  }
  std::vector<bool> gone(ids.size(), false);
  for (const std::string& pattern : variant.remove) {
    bool found = false;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (!IsMeant(pattern, ids[i])) continue;
      found = gone[i] = true;
    }
    if (!found) mistake(absl::StrCat("there is no object ", pattern, " in the policy", Known(ids, pattern)));
  }
  if (!mistakes.empty()) return absl::InvalidArgumentError(mistakes);
  Json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", Json::array()}};
  for (size_t i = 0; i < objects.size(); ++i) {
    if (!gone[i]) list["items"].push_back(std::move(objects[i]));
  }
  api::LoadOptions options;
  options.set_defaults = true;
  options.validate = true;
  api::LoadResult loaded = api::LoadText(list.dump(-1, ' ', false, Json::error_handler_t::replace), "", options);
  for (const api::Problem& problem : loaded.problems) {
    const bool unknown = problem.rule == "UnknownField" && !warned.contains({problem.object, problem.path});
    if (problem.severity != api::Severity::kError && !unknown) continue;
    api::Problem shown = problem;
    shown.source = {};
    mistake(api::ToString(shown));
  }
  if (!mistakes.empty()) return absl::InvalidArgumentError(mistakes);
  return loaded;
}

}  // namespace muster::sim
