// Warnings about HyperPod policy before it bites: what the service accepts and people regret, what it rejects, and what
// guides get wrong. docs/lint.md explains every rule.
#ifndef MUSTER_API_HYPERPOD_LINT_H_
#define MUSTER_API_HYPERPOD_LINT_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "api/core.h"
#include "api/hyperpod/compile.h"
#include "api/hyperpod/read.h"
#include "api/problem.h"

namespace muster::hyperpod {

enum class LintSeverity {
  kError,    // the service or Kubernetes refuses it, or it means nothing
  kWarning,  // accepted, and likely not what was meant
  kNote,     // worth knowing, often meant
};

struct LintRule {
  absl::string_view id;
  LintSeverity severity;
  absl::string_view what;  // one line
};

// All rules, in the order of docs/lint.md.
absl::Span<const LintRule> LintRules();

struct Finding {
  const LintRule* rule = nullptr;  // of LintRules()
  api::Source source;
  std::string object;  // "ComputeQuota/Team-A"; "" for the whole
  std::string path;    // the member, or ""
  std::string message;
};

struct LintInput {
  Documents documents;                 // records without errors
  std::vector<api::Problem> problems;  // of reading them
  std::vector<api::Node> nodes;        // of the cluster, from Kubernetes
  Capacity more_capacity;              // that neither documents nor nodes show
};

// What is to be said about the policies, quotas and nodes together: errors first, then warnings and notes, each in the
// order of the rules and of the records. `options` are the assumptions about what AWS does not document. Pure.
// O(teams x types).
std::vector<Finding> Lint(const LintInput& input, const CompileOptions& options = {});

// Commands and statements in a script, a guide or a note that do not work or are not so; `name` stands for the text.
// O(length).
std::vector<Finding> LintText(absl::string_view text, absl::string_view name);

absl::string_view ToString(LintSeverity severity);  // "error", "warning", "note"
// "warning: quotas.json: ComputeQuota/a: …: message [rule]".
std::string ToString(const Finding& finding);
nlohmann::ordered_json ToJson(const Finding& finding);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_LINT_H_
