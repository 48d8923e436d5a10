#include "api/admission_gates.h"

#include <algorithm>
#include <set>

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

std::set<absl::string_view> Split(absl::string_view gates) {
  std::set<absl::string_view> out;
  for (absl::string_view gate : absl::StrSplit(gates, ',', absl::SkipWhitespace())) {
    out.insert(absl::StripAsciiWhitespace(gate));
  }
  return out;
}

}  // namespace

void CheckAdmissionGates(const JsonPath& path, absl::string_view gates, FieldErrors& errors) {
  if (gates.empty()) return;
  std::set<absl::string_view> seen;
  for (absl::string_view gate : absl::StrSplit(gates, ',')) {
    gate = absl::StripAsciiWhitespace(gate);
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
  const std::set<absl::string_view> gates = Split(now);
  const std::set<absl::string_view> old_gates = Split(before);
  if (old_gates.empty()) {
    if (!gates.empty()) errors.Forbidden(path, "cannot add admission gate after creation");
  } else if (!std::includes(old_gates.begin(), old_gates.end(), gates.begin(), gates.end())) {
    errors.Forbidden(path, "can only remove gates, not add new ones");
  }
}

}  // namespace muster::api
