#include "api/label_syntax.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::api {
namespace {

constexpr size_t kMaxNamePart = 63;
constexpr size_t kMaxSubdomain = 253;

constexpr absl::string_view kNamePartError =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr absl::string_view kLabelValueError =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
constexpr absl::string_view kSubdomainError =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    R"('[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*'))";

std::string TooLong(size_t max) { return absl::StrCat("must be no more than ", max, " bytes"); }

// ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]
bool IsNamePart(absl::string_view text) {
  if (text.empty() || !absl::ascii_isalnum(text.front()) || !absl::ascii_isalnum(text.back())) return false;
  for (char c : text) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

bool IsLowerAlnum(char c) { return absl::ascii_isdigit(c) || absl::ascii_islower(c); }

}  // namespace

bool IsDns1123Label(absl::string_view text) {
  if (text.empty() || !IsLowerAlnum(text.front()) || !IsLowerAlnum(text.back())) return false;
  for (char c : text) {
    if (!IsLowerAlnum(c) && c != '-') return false;
  }
  return true;
}

bool IsDns1123Subdomain(absl::string_view text) {
  for (absl::string_view label : absl::StrSplit(text, '.')) {
    if (!IsDns1123Label(label)) return false;
  }
  return true;
}

std::vector<std::string> CheckDns1123Subdomain(absl::string_view text) {
  std::vector<std::string> errors;
  if (text.size() > kMaxSubdomain) errors.push_back(TooLong(kMaxSubdomain));
  if (!IsDns1123Subdomain(text)) errors.emplace_back(kSubdomainError);
  return errors;
}

std::vector<std::string> CheckQualifiedName(absl::string_view text) {
  std::vector<std::string> errors;
  absl::string_view name = text;
  if (const size_t slash = text.find('/'); slash != absl::string_view::npos) {
    const absl::string_view prefix = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (name.find('/') != absl::string_view::npos) {
      return {absl::StrCat("a valid label key ", kNamePartError,
                           " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')")};
    }
    if (prefix.empty()) {
      errors.push_back("prefix part must be non-empty");
    } else {
      for (const std::string& error : CheckDns1123Subdomain(prefix)) {
        errors.push_back(absl::StrCat("prefix part ", error));
      }
    }
  }
  if (name.empty()) {
    errors.push_back("name part must be non-empty");
  } else if (name.size() > kMaxNamePart) {
    errors.push_back(absl::StrCat("name part ", TooLong(kMaxNamePart)));
  }
  if (!IsNamePart(name)) errors.push_back(absl::StrCat("name part ", kNamePartError));
  return errors;
}

std::vector<std::string> CheckLabelValue(absl::string_view text) {
  std::vector<std::string> errors;
  if (text.size() > kMaxNamePart) errors.push_back(TooLong(kMaxNamePart));
  if (!text.empty() && !IsNamePart(text)) errors.emplace_back(kLabelValueError);
  return errors;
}

}  // namespace muster::api
