#include "api/admission_gates.h"

#include <algorithm>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/label_syntax.h"

namespace muster::api {
namespace {

constexpr size_t kMaxGateLength = 63;

// [domain]/[path], as k8s.io/apimachinery's IsDomainPrefixedPath has it.
void CheckDomainPrefixedPath(const JsonPath& path, absl::string_view text, FieldErrors& errors) {
  const size_t slash = text.find('/');
  if (slash == absl::string_view::npos || slash == 0 || slash + 1 == text.size()) {
    return errors.Invalid(path, Quoted(text), "must be a domain-prefixed path (such as \"acme.io/foo\")");
  }
  const absl::string_view host = text.substr(0, slash);
  for (const std::string& error : CheckDns1123Subdomain(host)) errors.Invalid(path, Quoted(host), error);
  const absl::string_view rest = text.substr(slash + 1);
  const bool ok = std::all_of(rest.begin(), rest.end(), [](char c) {
    return absl::ascii_isalnum(c) || absl::string_view("/-._~%!$&'()*+,;=:").find(c) != absl::string_view::npos;
  });
  if (!ok) {
    errors.Invalid(path, Quoted(rest),
                   R"(Invalid path (regex used for validation is '[A-Za-z0-9/\-._~%!$&'()*+,;=:]+'))");
  }
}

// The names in the text, without the blanks around them; an empty one where two commas follow each other.
std::vector<absl::string_view> Split(absl::string_view gates) {
  if (absl::StripAsciiWhitespace(gates).empty()) return {};
  std::vector<absl::string_view> names = absl::StrSplit(gates, ',');
  for (absl::string_view& name : names) name = absl::StripAsciiWhitespace(name);
  return names;
}

}  // namespace

void CheckAdmissionGates(const JsonPath& path, absl::string_view gates, FieldErrors& errors) {
  if (gates.empty()) return;
  std::set<absl::string_view> seen;
  for (const absl::string_view gate : Split(gates)) {
    if (errors.full()) return;
    if (gate.empty()) {
      errors.Invalid(path, Quoted(gates), "cannot contain empty gate names");
      continue;
    }
    if (!seen.insert(gate).second) {
      errors.Invalid(path, Quoted(gates), absl::StrCat("duplicate gate name: ", gate));
      continue;
    }
    CheckDomainPrefixedPath(path, gate, errors);
    if (gate.size() > kMaxGateLength) errors.TooLong(path, kMaxGateLength);
  }
}

void CheckAdmissionGateChange(const JsonPath& path, absl::string_view now, absl::string_view before,
                              FieldErrors& errors) {
  if (now.empty()) return;
  if (before.empty()) return errors.Forbidden(path, "cannot add admission gate after creation");
  const std::vector<absl::string_view> old_list = Split(before);
  const std::set<absl::string_view> old_gates(old_list.begin(), old_list.end());
  for (const absl::string_view gate : Split(now)) {
    if (old_gates.count(gate) > 0) continue;
    return errors.Forbidden(path, "can only remove gates, not add new ones");
  }
}

}  // namespace muster::api
