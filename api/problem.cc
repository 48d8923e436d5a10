#include "api/problem.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::api {
namespace {

// The words of Kubernetes' field.ErrorType for a rule.
absl::string_view RuleText(absl::string_view rule) {
  if (rule == "Required") return "Required value";
  if (rule == "Duplicate") return "Duplicate value";
  if (rule == "NotSupported") return "Unsupported value";
  if (rule == "NotFound") return "Not found";
  if (rule == "TooMany") return "Too many";
  if (rule == "TooLong") return "Too long";
  if (rule == "Forbidden") return "Forbidden";
  return "Invalid value";
}

}  // namespace

std::string ToString(const Source& source) {
  std::string text = source.file;
  if (source.document >= 0) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", "document ", source.document + 1);
    if (source.line > 0) absl::StrAppend(&text, " (line ", source.line, ")");
  }
  if (source.item >= 0) absl::StrAppend(&text, text.empty() ? "" : ", ", "items[", source.item, "]");
  return text;
}

std::string ToString(const Problem& problem) {
  std::string text = ToString(problem.source);
  for (const std::string* part : {&problem.object, &problem.path, &problem.message}) {
    if (!part->empty()) absl::StrAppend(&text, text.empty() ? "" : ": ", *part);
  }
  return text;
}

std::string ToFieldError(const Problem& problem) {
  std::string text = absl::StrCat(problem.path, ": ", RuleText(problem.rule));
  if (!problem.value.empty() && problem.rule != "Required" && problem.rule != "Forbidden" && problem.rule != "TooLong") {
    absl::StrAppend(&text, ": ", problem.value);
  }
  if (!problem.message.empty()) absl::StrAppend(&text, ": ", problem.message);
  return text;
}

bool HasErrors(const std::vector<Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& p) { return p.severity == Severity::kError; });
}

absl::Status ToStatus(const std::vector<Problem>& problems) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems) {
    if (problem.severity == Severity::kError) lines.push_back(ToString(problem));
  }
  if (lines.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrJoin(lines, "\n"));
}

}  // namespace muster::api
