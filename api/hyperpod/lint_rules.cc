#include "api/hyperpod/lint_rules.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/hyperpod/lint.h"

namespace muster::hyperpod {
namespace {

constexpr LintSeverity kError = LintSeverity::kError;
constexpr LintSeverity kWarning = LintSeverity::kWarning;
constexpr LintSeverity kNote = LintSeverity::kNote;

constexpr LintRule kRules[] = {
    {"unreadable", kError, "a file or a document that cannot be read"},
    {"api-constraint", kError, "a value that the SageMaker API rejects"},
    {"unknown-strategy", kError, "a sharing strategy that does not exist, such as Borrow"},
    {"unknown-mig-profile", kError, "a GPU partition that the API or the instance type does not have"},
    {"unknown-instance-type", kError, "an instance type that HyperPod does not have"},
    {"second-policy", kError, "more than one policy of a cluster"},
    {"duplicate-team", kError, "more than one quota of a team"},
    {"duplicate-entry", kError, "an instance type in two entries of a quota"},
    {"count-and-parts", kError, "whole instances and parts of an instance in one entry"},
    {"duplicate-priority-class", kError, "a priority class that is there twice"},
    {"name-too-long", kError, "a team or a class whose Kubernetes names have no room"},
    {"cluster-mismatch", kError, "records of different clusters"},
    {"incomplete-record", kError, "an update or a summary where a whole record is needed"},
    {"too-many-types", kError, "more instance types than a Kueue queue has room for"},
    {"slurm-cluster", kError, "a cluster without Kubernetes"},

    {"quota-overcommit", kWarning, "teams are promised more than the nodes have"},
    {"type-not-in-cluster", kWarning, "a quota of an instance type that no node has"},
    {"weight-zero", kWarning, "fair sharing with weight 0 everywhere"},
    {"dont-lend-isolated", kWarning, "a DontLend team neither lends nor borrows"},
    {"limit-without-effect", kWarning, "a borrowing limit of a team that does not borrow"},
    {"borrow-limit-rounds-to-zero", kWarning, "a percentage too small to borrow one device"},
    {"priority-suffix", kWarning, "a class named …-priority becomes …-priority-priority"},
    {"fractional-efa", kWarning, "a part of a node with less than its EFA interfaces"},
    {"threads-per-core", kWarning, "quotas count twice the vCPUs that pods get"},
    {"empty-quota", kWarning, "a quota of nothing"},
    {"status-failed", kWarning, "a record that the service could not carry out"},
    {"topology-labels-missing", kWarning, "nodes that topology-aware scheduling does not see"},
    {"unknown-member", kWarning, "a member that the API does not have"},

    {"nodes-unknown", kNote, "nothing says which nodes there are"},
    {"nominal-over-allocatable", kNote, "quotas count vCPUs that Kubernetes keeps for itself"},
    {"unowned-capacity", kNote, "nodes that no team was promised and nobody can borrow"},
    {"unknown-to-hyp", kNote, "an instance type that the hyp command refuses"},
    {"no-priority-classes", kNote, "first come, first served within a team"},
    {"weight-zero-team", kNote, "a team that comes last whenever others wait"},
    {"quota-disabled", kNote, "a quota that is switched off"},
    {"filled-in-elsewhere", kNote, "a value that is not in the file"},

    {"cli-orchestrator", kError, "create-cluster --orchestrator Type=EKS"},
    {"cli-update-kubeconfig", kError, "aws sagemaker update-kubeconfig"},
    {"cli-inference-kind", kError, "kubectl get inferenceendpoint"},
    {"cli-pip-hyperpod", kError, "pip install hyperpod"},
    {"cli-hyp-kubeconfig", kError, "hyp get kubeconfig"},
    {"cli-quota-name-query", kError, "ComputeQuotaName in a query"},
    {"text-strategy-borrow", kError, "a guide that lists a strategy Borrow"},
};

}  // namespace

absl::Span<const LintRule> LintRules() { return kRules; }

const LintRule& RuleOf(absl::string_view id) {
  for (const LintRule& rule : kRules) {
    if (rule.id == id) return rule;
  }
  return kRules[1];  // a rule of the model without a name of its own
}

absl::string_view RuleIdOf(const api::Problem& problem) {
  const auto path_ends = [&](absl::string_view end) { return absl::EndsWith(problem.path, end); };
  if (problem.rule == "Unreadable") return "unreadable";
  if (problem.rule == "Unresolved") return "filled-in-elsewhere";
  if (problem.rule == "UnknownField" || problem.rule == "NoEffect") return "unknown-member";
  if (problem.rule == "NotSupported" && path_ends("AcceleratorPartition.Type")) return "unknown-mig-profile";
  if (problem.rule == "NotSupported" && path_ends("ResourceSharingConfig.Strategy")) return "unknown-strategy";
  if (problem.rule == "NotSupported" && path_ends("InstanceType")) return "unknown-instance-type";
  return "api-constraint";
}

absl::string_view ToString(LintSeverity severity) {
  switch (severity) {
    case LintSeverity::kError:
      return "error";
    case LintSeverity::kWarning:
      return "warning";
    case LintSeverity::kNote:
      return "note";
  }
  return "";
}

std::string ToString(const Finding& finding) {
  std::string text = absl::StrCat(ToString(finding.rule->severity), ": ");
  const std::string source = api::ToString(finding.source);
  for (const std::string* part : {&source, &finding.object, &finding.path}) {
    if (!part->empty()) absl::StrAppend(&text, *part, ": ");
  }
  return absl::StrCat(text, finding.message, " [", finding.rule->id, "]");
}

nlohmann::ordered_json ToJson(const Finding& finding) {
  nlohmann::ordered_json out = {{"rule", std::string(finding.rule->id)},
                                {"severity", std::string(ToString(finding.rule->severity))}};
  if (!finding.source.file.empty()) out["file"] = finding.source.file;
  if (finding.source.line > 0) out["line"] = finding.source.line;
  if (!finding.object.empty()) out["object"] = finding.object;
  if (!finding.path.empty()) out["path"] = finding.path;
  out["message"] = finding.message;
  return out;
}

}  // namespace muster::hyperpod
