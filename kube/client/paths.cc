#include "kube/client/paths.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace muster::kube {
namespace {

// Kubernetes' own limit of names in paths.
constexpr size_t kMaxName = 253;

}  // namespace

std::string ResourceName(const ResourceType& type) {
  return type.group.empty() ? std::string(type.plural) : absl::StrCat(type.plural, ".", type.group);
}

std::string GroupPath(absl::string_view group, absl::string_view version) {
  return group.empty() ? absl::StrCat("/api/", version) : absl::StrCat("/apis/", group, "/", version);
}

std::string CollectionPath(const ResourceType& type) {
  return absl::StrCat(GroupPath(type.group, type.version), "/", type.plural);
}

bool IsPathSegment(absl::string_view text) {
  if (text.empty() || text.size() > kMaxName || text == "." || text == "..") return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == ':' || c == '_';
  });
}

std::string Escaped(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) {
      escaped.push_back(c);
    } else {
      absl::StrAppend(&escaped, "%", absl::BytesToHexString(absl::string_view(&c, 1)));
    }
  }
  return escaped;
}

}  // namespace muster::kube
