#include "api/problem.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::api {
namespace {

// The words of Kubernetes' field.ErrorType for a rule; "" for those that Muster's own messages do without.
absl::string_view RuleText(absl::string_view rule) {
  if (rule == "Required") return "Required value";
  if (rule == "Duplicate") return "Duplicate value";
  if (rule == "NotSupported") return "Unsupported value";
  if (rule == "NotFound") return "Not found";
  if (rule == "TooMany") return "Too many";
  if (rule == "TooLong") return "Too long";
  if (rule == "Forbidden") return "Forbidden";
  if (rule == "Invalid") return "Invalid value";
  return "";
}

// What comes after the path. Problems of reading have their value in the message already, and so has Kubernetes' word
// for the rule where there is no other.
std::string Explanation(const Problem& problem) {
  const absl::string_view rule = RuleText(problem.rule);
  if (rule.empty()) return problem.message;
  std::string text(rule);
  if (!problem.value.empty()) absl::StrAppend(&text, ": ", problem.value);
  if (!problem.message.empty()) absl::StrAppend(&text, ": ", problem.message);
  return text;
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
  const std::string explanation = Explanation(problem);
  for (const std::string* part : {&problem.object, &problem.path, &explanation}) {
    if (!part->empty()) absl::StrAppend(&text, text.empty() ? "" : ": ", *part);
  }
  return text;
}

std::string ToFieldError(const Problem& problem) {
  return absl::StrCat(problem.path, problem.path.empty() ? "" : ": ", Explanation(problem));
}

bool HasErrors(const std::vector<Problem>& problems) {
  return std::any_of(problems.begin(), problems.end(), [](const Problem& p) { return p.severity == Severity::kError; });
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
