#include "webhook/patch/object_patch.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

std::string KeyOf(absl::string_view token) {
  std::string key(token);
  if (key.find('~') != std::string::npos) absl::StrReplaceAll({{"~1", "/"}, {"~0", "~"}}, &key);
  return key;
}

// Whether the token is an index as RFC 6901 writes it: digits, without zeros in front.
bool ParseIndex(absl::string_view token, size_t* index) {
  if (token.empty() || !absl::ascii_isdigit(token[0]) || (token[0] == '0' && token.size() > 1)) return false;
  return absl::SimpleAtoi(token, index);
}

// The child the token names, or nullptr.
json* Child(json& at, absl::string_view token) {
  if (at.is_object()) {
    const auto it = at.find(KeyOf(token));
    return it == at.end() ? nullptr : &*it;
  }
  size_t index = 0;
  if (!at.is_array() || !ParseIndex(token, &index) || index >= at.size()) return nullptr;
  return &at[index];
}

// Walks down the pointer as far as there is something. Returns the last value reached; `used` is how much of the
// pointer led there.
json* Walk(json& root, absl::string_view pointer, size_t* used) {
  json* at = &root;
  *used = 0;
  while (*used < pointer.size()) {
    const size_t end = std::min(pointer.find('/', *used + 1), pointer.size());
    json* child = Child(*at, pointer.substr(*used + 1, end - *used - 1));
    if (child == nullptr) break;
    at = child;
    *used = end;
    if (child->is_null()) break;
  }
  return at;
}

// About how long the value is as text.
size_t SizeOf(const json& value) {
  constexpr size_t kScalar = 8;
  if (value.is_string()) return value.get_ref<const std::string&>().size() + 2;
  if (!value.is_structured()) return kScalar;
  size_t size = 2;
  for (auto it = value.begin(); it != value.end(); ++it) {
    size += SizeOf(*it) + (value.is_object() ? it.key().size() + 4 : 1);
  }
  return size;
}

}  // namespace

std::string PointerToken(absl::string_view key) { return absl::StrReplaceAll(key, {{"~", "~0"}, {"/", "~1"}}); }

void ObjectPatch::Add(const char* op, absl::string_view pointer, const json* value) {
  constexpr size_t kFrame = 32;  // {"op":"…","path":"…","value":…},
  bytes_ += kFrame + pointer.size() + (value == nullptr ? 0 : SizeOf(*value));
  if (too_large()) return;
  json entry = json::object();
  entry.emplace("op", op);
  entry.emplace("path", std::string(pointer));
  if (value != nullptr) entry.emplace("value", *value);
  ops_.push_back(std::move(entry));
}

void ObjectPatch::Set(absl::string_view pointer, json value) {
  if (too_large()) return;
  size_t used = 0;
  json* at = Walk(object_, pointer, &used);
  if (used == pointer.size() && !at->is_null()) {
    if (*at == value) return;
    Add("replace", pointer, &value);
    *at = std::move(value);
    return;
  }
  // The part of the pointer that leads nowhere yet becomes nested objects around the value.
  const bool over_null = at->is_null() && used > 0;
  if (over_null && used == pointer.size() && value.is_null()) return;
  const size_t keep = over_null ? used : std::min(pointer.find('/', used + 1), pointer.size());
  absl::string_view rest = pointer.substr(keep);
  while (!rest.empty()) {
    const size_t last = rest.rfind('/');
    json wrapped = json::object();
    wrapped.emplace(KeyOf(rest.substr(last + 1)), std::move(value));
    value = std::move(wrapped);
    rest = rest.substr(0, last);
  }
  if (over_null) {
    Add("replace", pointer.substr(0, keep), &value);
    *at = std::move(value);
    return;
  }
  if (!at->is_object()) return;
  Add("add", pointer.substr(0, keep), &value);
  at->emplace(KeyOf(pointer.substr(used + 1, keep - used - 1)), std::move(value));
}

void ObjectPatch::Append(absl::string_view pointer, json value) {
  size_t used = 0;
  json* at = Walk(object_, pointer, &used);
  if (used < pointer.size() || at->is_null()) return Set(pointer, json::array({std::move(value)}));
  if (!at->is_array() || too_large()) return;
  Add("add", absl::StrCat(pointer, "/", at->size()), &value);
  at->push_back(std::move(value));
}

void ObjectPatch::Remove(absl::string_view pointer) {
  size_t used = 0;
  const size_t parent_end = pointer.rfind('/');
  if (parent_end == absl::string_view::npos) return;
  json* parent = Walk(object_, pointer.substr(0, parent_end), &used);
  if (used < parent_end) return;
  const absl::string_view token = pointer.substr(parent_end + 1);
  if (Child(*parent, token) == nullptr) return;
  Add("remove", pointer, nullptr);
  if (parent->is_object()) {
    parent->erase(KeyOf(token));
  } else {
    size_t index = 0;
    if (ParseIndex(token, &index)) parent->erase(index);
  }
}

}  // namespace muster::webhook
