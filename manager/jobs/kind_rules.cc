#include "manager/jobs/kind_rules.h"

#include "manager/jobs/batch_job.h"
#include "manager/jobs/kinds.h"

namespace muster::manager {
namespace {

std::vector<KindRules> MakeTable() {
  std::vector<KindRules> table = {BatchJobRules(), JobSetRules(), AppWrapperRules(), SparkRules(), TrainJobRules()};
  for (const KindRules& rules : TrainingRules()) table.push_back(rules);
  for (const KindRules& rules : RayRules()) table.push_back(rules);
  return table;
}

}  // namespace

const KindRules* FindKindRules(const api::JobKind& kind) {
  static const auto& table = *new std::vector<KindRules>(MakeTable());
  for (const KindRules& rules : table) {
    if (rules.framework == kind.framework) return &rules;
  }
  return nullptr;
}

}  // namespace muster::manager
