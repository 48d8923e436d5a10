#include "conformance/case.h"

#include <fstream>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace muster::conformance {
namespace {

const Json& Nothing() {
  static const Json* const nothing = new Json();
  return *nothing;
}

std::string Short(const Json& value) {
  constexpr size_t kMax = 600;
  std::string text = value.dump();
  if (text.size() > kMax) text = text.substr(0, kMax) + "...";
  return text;
}

// The innermost pair of values that makes the two differ, following members and items both have.
std::pair<const Json*, const Json*> Narrow(const Json& expected, const Json& got, std::string* path) {
  if (expected.is_object() && got.is_object()) {
    for (const auto& [key, want] : expected.items()) {
      const Json& have = Get(got, key.c_str());
      if (want == have) continue;
      absl::StrAppend(path, ".", key);
      return Narrow(want, have, path);
    }
  } else if (expected.is_array() && got.is_array() && expected.size() == got.size()) {
    for (size_t i = 0; i < got.size(); ++i) {
      if (expected[i] == got[i] || !expected[i].is_structured()) continue;
      absl::StrAppend(path, "[", i, "]");
      return Narrow(expected[i], got[i], path);
    }
  }
  return {&expected, &got};
}

}  // namespace

const Json& Case::operator[](const char* key) const { return Get(doc, key); }

absl::StatusOr<Case> LoadCase(const std::string& path) {
  std::ifstream in(path);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  Case c;
  c.doc = Json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (!c.doc.is_object()) return absl::InvalidArgumentError(absl::StrCat(path, ": not a JSON object"));
  c.name = GetString(c.doc, "case");
  return c;
}

const Json& Get(const Json& object, const char* key) {
  if (!object.is_object()) return Nothing();
  const auto it = object.find(key);
  return it == object.end() ? Nothing() : *it;
}

std::string GetString(const Json& object, const char* key) {
  const Json& value = Get(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool GetBool(const Json& object, const char* key) {
  const Json& value = Get(object, key);
  return value.is_boolean() && value.get<bool>();
}

bool Verdict::Equal(absl::string_view path, const Json& expected, const Json& got) {
  if (expected == got || ignored_.count(std::string(path)) > 0) return true;
  if (!first_) {
    std::string at(path);
    const auto [want, have] = Narrow(expected, got, &at);
    Fail(at, Short(*want), Short(*have));
  }
  return false;
}

void Verdict::Fail(absl::string_view path, absl::string_view expected, absl::string_view got) {
  if (!first_) first_ = absl::StrCat(path, ": expected ", expected, ", got ", got);
}

void Verdict::Unsupported(absl::string_view what) {
  if (!first_) first_ = absl::StrCat("cannot be run: ", what);
}

}  // namespace muster::conformance
