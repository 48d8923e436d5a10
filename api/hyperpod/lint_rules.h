// Looking up lint rules. Internal to api/hyperpod.
#ifndef MUSTER_API_HYPERPOD_LINT_RULES_H_
#define MUSTER_API_HYPERPOD_LINT_RULES_H_

#include "absl/strings/string_view.h"
#include "api/hyperpod/lint.h"
#include "api/problem.h"

namespace muster::hyperpod {

// The rule of that id. REQUIRES: there is one.
const LintRule& RuleOf(absl::string_view id);

// The id of the rule that a problem of reading breaks.
absl::string_view RuleIdOf(const api::Problem& problem);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_LINT_RULES_H_
