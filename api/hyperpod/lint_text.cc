#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/hyperpod/lint.h"
#include "api/hyperpod/lint_rules.h"

namespace muster::hyperpod {
namespace {

bool IsWordCharacter(char c) { return absl::ascii_isalnum(c) || c == '-' || c == '_'; }

// Whether the line has `words` and no longer word that begins like their last.
bool Has(absl::string_view line, absl::string_view words) {
  for (size_t at = line.find(words); at != absl::string_view::npos; at = line.find(words, at + 1)) {
    const size_t end = at + words.size();
    if (end == line.size() || !IsWordCharacter(line[end])) return true;
  }
  return false;
}

struct Mistake {
  absl::string_view rule;
  bool (*found)(absl::string_view line);
  absl::string_view message;
};

constexpr Mistake kMistakes[] = {
    {"cli-orchestrator",
     [](absl::string_view line) {
       return absl::StrContains(line, "--orchestrator") && absl::StrContains(line, "Type=EKS");
     },
     "there is no Type in Orchestrator; write --orchestrator 'Eks={ClusterArn=arn:aws:eks:…}'"},
    {"cli-update-kubeconfig", [](absl::string_view line) { return Has(line, "aws sagemaker update-kubeconfig"); },
     "is a command of another service: aws eks update-kubeconfig --name EKS_CLUSTER"},
    {"cli-inference-kind",
     [](absl::string_view line) {
       const std::string lower = absl::AsciiStrToLower(line);
       return Has(lower, "kubectl get inferenceendpoint") || Has(lower, "kubectl get inferenceendpoints");
     },
     "there is no such kind; it is kubectl get inferenceendpointconfigs"},
    {"cli-pip-hyperpod",
     [](absl::string_view line) { return Has(line, "pip install hyperpod") || Has(line, "pip3 install hyperpod"); },
     "is not the HyperPod command; it is pip install sagemaker-hyperpod"},
    {"cli-hyp-kubeconfig", [](absl::string_view line) { return Has(line, "hyp get kubeconfig"); },
     "there is no such command; it is hyp set-cluster-context --cluster-name CLUSTER"},
    {"cli-quota-name-query", [](absl::string_view line) { return Has(line, "ComputeQuotaName"); },
     "ListComputeQuotas has no such member, so that the query never matches; it is Name"},
};

// A line that names the strategy: Strategy=Borrow, "Strategy": "Borrow", or `Borrow` in prose.
bool NamesStrategyBorrow(absl::string_view line, bool about_strategies) {
  std::string packed(line);
  packed.erase(std::remove_if(packed.begin(), packed.end(),
                              [](char c) { return absl::ascii_isspace(c) || c == '"' || c == '\''; }),
               packed.end());
  if (Has(packed, "Strategy=Borrow") || Has(packed, "Strategy:Borrow")) return true;
  return about_strategies && absl::StrContains(line, "`Borrow`");
}

}  // namespace

std::vector<Finding> LintText(absl::string_view text, absl::string_view name) {
  std::vector<Finding> findings;
  const bool about_strategies = absl::StrContains(text, "LendAndBorrow");
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const auto add = [&](absl::string_view rule, absl::string_view message) {
      Finding finding;
      finding.rule = &RuleOf(rule);
      finding.source.file = absl::StrCat(name, ":", number);
      finding.message = std::string(message);
      findings.push_back(std::move(finding));
    };
    for (const Mistake& mistake : kMistakes) {
      if (mistake.found(line)) add(mistake.rule, mistake.message);
    }
    if (NamesStrategyBorrow(line, about_strategies)) {
      add("text-strategy-borrow", "there is no strategy that only borrows; there are Lend, DontLend and LendAndBorrow");
    }
  }
  return findings;
}

}  // namespace muster::hyperpod
