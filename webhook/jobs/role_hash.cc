#include "webhook/jobs/role_hash.h"

#include <openssl/evp.h>

#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "api/quantity_text.h"
#include "webhook/go/go_json.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr size_t kHashLength = 8;

// A field of a Go struct, and what is written of it.
struct Member {
  const char* name;
  const char* zero = nullptr;  // what is written when it is not there; nullptr = nothing, also when it is zero or empty
  bool pointer = false;        // written whenever it is there
};

// Go writes the fields of a struct in the order of their declaration, and the keys of a map sorted. These are the
// structs within the shape; a value in a field that is not named here is itself a map or a scalar.
struct Order {
  const char* field;  // where the struct is found
  std::initializer_list<Member> members;
};

constexpr char kNoText[] = R"("")";
constexpr Member Pointer(const char* name) { return {name, nullptr, true}; }
constexpr Member Always(const char* name, const char* zero) { return {name, zero, true}; }

constexpr std::initializer_list<Member> kRequirement = {
    Always("key", kNoText), Always("operator", kNoText), {"values"}};
constexpr std::initializer_list<Member> kSelector = {{"matchLabels"}, {"matchExpressions"}};
constexpr std::initializer_list<Member> kTerms = {{"matchExpressions"}, {"matchFields"}};
constexpr std::initializer_list<Member> kRules = {Pointer("requiredDuringSchedulingIgnoredDuringExecution"),
                                                  {"preferredDuringSchedulingIgnoredDuringExecution"}};
constexpr std::initializer_list<Member> kPodRules = {{"requiredDuringSchedulingIgnoredDuringExecution"},
                                                     {"preferredDuringSchedulingIgnoredDuringExecution"}};
// Of nodes it has the terms, of pods the rest.
constexpr std::initializer_list<Member> kRequired = {
    Pointer("nodeSelectorTerms"), Pointer("labelSelector"), {"namespaces"},       Pointer("topologyKey"),
    Pointer("namespaceSelector"), {"matchLabelKeys"},       {"mismatchLabelKeys"}};

const Order kOrders[] = {
    {"tolerations", {{"key"}, {"operator"}, {"value"}, {"effect"}, Pointer("tolerationSeconds")}},
    {"ports", {{"name"}, {"hostPort"}, Always("containerPort", "0"), {"protocol"}, {"hostIP"}}},
    {"topologySpreadConstraints",
     {Always("maxSkew", "0"),
      Always("topologyKey", kNoText),
      Always("whenUnsatisfiable", kNoText),
      Pointer("labelSelector"),
      Pointer("minDomains"),
      Pointer("nodeAffinityPolicy"),
      Pointer("nodeTaintsPolicy"),
      {"matchLabelKeys"}}},
    {"resourceClaims", {Always("name", kNoText), Pointer("resourceClaimName"), Pointer("resourceClaimTemplateName")}},
    {"affinity", {Pointer("nodeAffinity"), Pointer("podAffinity"), Pointer("podAntiAffinity")}},
    {"nodeAffinity", kRules},
    {"podAffinity", kPodRules},
    {"podAntiAffinity", kPodRules},
    {"preferredDuringSchedulingIgnoredDuringExecution",
     {Always("weight", "0"), Pointer("preference"), Pointer("podAffinityTerm")}},
    {"requiredDuringSchedulingIgnoredDuringExecution", kRequired},
    {"podAffinityTerm", kRequired},
    {"nodeSelectorTerms", kTerms},
    {"preference", kTerms},
    {"matchExpressions", kRequirement},
    {"matchFields", kRequirement},
    {"labelSelector", kSelector},
    {"namespaceSelector", kSelector},
};

const Order* OrderOf(absl::string_view field) {
  for (const Order& order : kOrders) {
    if (field == order.field) return &order;
  }
  return nullptr;
}

void Write(const json& value, absl::string_view field, std::string& out);

void WriteMember(const std::string& key, const json& value, bool& first, std::string& out) {
  if (!first) out.push_back(',');
  first = false;
  AppendGoJsonString(key, &out);
  out.push_back(':');
  Write(value, key, out);
}

// null, "", 0, false and what has nothing in it.
bool IsZero(const json& value) {
  return value.is_null() || value == "" || value == 0 || value == false || (value.is_structured() && value.empty());
}

void WriteStruct(const json& value, const Order& order, std::string& out) {
  bool first = true;
  for (const Member& member : order.members) {
    const json* there = Field(value, member.name);
    if (there != nullptr && (member.pointer || !IsZero(*there))) {
      WriteMember(member.name, *there, first, out);
    } else if (there == nullptr && member.zero != nullptr) {
      WriteMember(member.name, json::parse(member.zero), first, out);
    }
  }
}

void Write(const json& value, absl::string_view field, std::string& out) {
  if (value.is_string()) {
    AppendGoJsonString(value.get_ref<const std::string&>(), &out);
  } else if (value.is_array()) {
    out.push_back('[');
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out.push_back(',');
      Write(value[i], field, out);
    }
    out.push_back(']');
  } else if (value.is_object()) {
    out.push_back('{');
    if (const Order* order = OrderOf(field)) {
      WriteStruct(value, *order, out);
    } else {
      bool first = true;
      for (const auto& [key, member] : value.items()) WriteMember(key, member, first, out);
    }
    out.push_back('}');
  } else {
    out += value.dump();
  }
}

json Copy(const json& from, absl::string_view field) {
  const json* value = Field(from, field);
  return value == nullptr ? json() : *value;
}

json Amounts(const json& from, absl::string_view field) {
  json amounts = Copy(from, field);
  if (!amounts.is_object()) return amounts;
  for (json& amount : amounts) {
    const std::string text = amount.is_string() ? amount.get<std::string>() : amount.dump();
    absl::StatusOr<std::string> written = api::RewrittenQuantity(absl::StripAsciiWhitespace(text));
    if (written.ok()) amount = *std::move(written);
  }
  return amounts;
}

json ContainersShape(const json& spec, absl::string_view field) {
  const json* containers = Field(spec, field);
  if (containers == nullptr || !containers->is_array() || containers->empty()) return nullptr;
  json shape = json::array();
  for (const json& container : *containers) {
    const json* resources = Field(container, "resources");
    shape.push_back({{"ports", Copy(container, "ports")},
                     {"resources", {{"requests", resources == nullptr ? json() : Amounts(*resources, "requests")}}}});
  }
  return shape;
}

json SpecShape(const json& spec) {
  json shape = json::object();
  for (const char* field : {"initContainers", "containers"}) shape[field] = ContainersShape(spec, field);
  for (const char* field : {"nodeSelector", "affinity", "tolerations", "runtimeClassName", "priority",
                            "topologySpreadConstraints", "resourceClaims"}) {
    shape[field] = Copy(spec, field);
  }
  shape["overhead"] = Amounts(spec, "overhead");
  if (const json* resources = Field(spec, "resources")) shape["resources"] = Amounts(*resources, "requests");
  return shape;
}

const json& SpecOf(const json& pod) {
  static const json& empty = *new json(json::object());
  const json* spec = Field(pod, "spec");
  return spec != nullptr && spec->is_object() ? *spec : empty;
}

bool IsListOfMaps(const json& value) { return value.is_array() && !value.empty() && value[0].is_object(); }

void Compare(const json& now, const json& before, const std::string& name, const api::JsonPath& path,
             api::FieldErrors& errors) {
  // Containers and their resources are gone through; the rest is compared as a whole.
  if (name.empty() || name == "resources_of_container" || name == "container") {
    for (const auto& [key, value] : now.items()) {
      const auto it = before.find(key);
      const json& other = it == before.end() ? json() : *it;
      const bool container = name == "container" && key == "resources";
      Compare(value, other, container ? "resources_of_container" : key, path.Field(key), errors);
    }
    for (const auto& [key, value] : before.items()) {
      if (!now.contains(key)) Compare(json(), value, key, path.Field(key), errors);
    }
    return;
  }
  if ((name == "containers" || name == "initContainers") && IsListOfMaps(now) && IsListOfMaps(before) &&
      now.size() == before.size()) {
    for (size_t i = 0; i < now.size(); ++i) {
      Compare(now[i], before[i], "container", path.Item(static_cast<int>(i)), errors);
    }
    return;
  }
  // Nothing and an empty list or map are the same, wherever they are not written out.
  const auto is_nothing = [](const json& value) { return value.is_null() || (value.is_structured() && value.empty()); };
  if (now == before || (is_nothing(now) && is_nothing(before))) return;
  std::string text;
  std::string text_before;
  Write(now, name, text);
  Write(before, name, text_before);
  if (text == text_before) return;
  errors.Invalid(path, text, "field is immutable");
}

}  // namespace

std::string RoleHash(const json& pod) {
  std::string text = R"({"spec":)";
  Write(SpecShape(SpecOf(pod)), "", text);
  text.push_back('}');
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) return "";
  const absl::string_view bytes(reinterpret_cast<const char*>(digest.data()), length);
  return absl::BytesToHexString(bytes).substr(0, kHashLength);
}

void CheckSameShape(const json& now, const json& before, const api::JsonPath& path, api::FieldErrors& errors) {
  Compare(SpecShape(SpecOf(now)), SpecShape(SpecOf(before)), "", path, errors);
}

}  // namespace muster::webhook
