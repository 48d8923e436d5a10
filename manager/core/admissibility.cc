#include "manager/core/admissibility.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/core.h"
#include "api/meta.h"
#include "manager/core/read_as.h"
#include "scheduler/decision.h"
#include "scheduler/decision_text.h"
#include "scheduler/requests/resource_validation.h"

namespace muster::manager {
namespace {

std::string InWords(scheduler::Note note, std::string detail = "") {
  scheduler::Decision decision;
  decision.note = note;
  decision.note_detail = std::move(detail);
  return scheduler::Message(decision);
}

// No selector selects nothing.
bool Selects(const kube::Object& cluster_queue, const api::StringMap& labels) {
  const nlohmann::json* selector = cluster_queue.At("/spec/namespaceSelector");
  if (selector == nullptr) return false;
  const absl::StatusOr<api::LabelSelector> read = api::DecodePart<api::LabelSelector>(*selector);
  return read.ok() && api::Matches(*read, labels);
}

}  // namespace

std::string AdmissibilityProblem(const Context& context, const kube::Object& cluster_queue,
                                 const api::Workload& workload) {
  const std::string& name = workload.metadata.ns;
  const std::optional<api::Namespace> ns =
      ReadAs<api::Namespace>(context.world.objects.Find(NamespaceType(), "", name));
  if (!ns.has_value()) {
    return InWords(
        scheduler::Note::kNamespaceMissing,
        absl::StrCat("workload namespace \"", name, "\" does not exist: Namespace \"", name, "\" not found"));
  }
  if (!Selects(cluster_queue, ns->metadata.labels)) return InWords(scheduler::Note::kNamespaceMismatch);
  std::vector<const api::PodSpec*> specs;
  for (const api::PodSet& pod_set : workload.spec.pod_sets) specs.push_back(&pod_set.pod_template.spec);
  if (std::string problem = scheduler::CheckRequestsWithinLimits(specs); !problem.empty()) {
    return InWords(scheduler::Note::kResourceValidation, std::move(problem));
  }
  const std::vector<api::LimitRange> ranges = LimitRangesOf(context.world, name);
  std::vector<const api::LimitRange*> pointers;
  for (const api::LimitRange& range : ranges) pointers.push_back(&range);
  if (std::string problem = scheduler::CheckLimitRanges(pointers, specs); !problem.empty()) {
    return InWords(scheduler::Note::kLimitRange, std::move(problem));
  }
  return "";
}

}  // namespace muster::manager
