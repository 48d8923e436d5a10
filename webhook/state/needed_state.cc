#include "webhook/state/needed_state.h"

#include <chrono>

#include "absl/strings/str_cat.h"

namespace muster::webhook {
namespace {

struct KindOf {
  FollowedKind followed;
  absl::string_view group;
  absl::string_view kind;
};

constexpr KindOf kKinds[] = {
    {FollowedKind::kNamespace, "", "Namespace"},
    {FollowedKind::kLocalQueue, "kueue.x-k8s.io", "LocalQueue"},
    {FollowedKind::kClusterQueue, "kueue.x-k8s.io", "ClusterQueue"},
    {FollowedKind::kAdmissionCheck, "kueue.x-k8s.io", "AdmissionCheck"},
    {FollowedKind::kWorkloadPriorityClass, "kueue.x-k8s.io", "WorkloadPriorityClass"},
    {FollowedKind::kTrainingRuntime, "trainer.kubeflow.org", "TrainingRuntime"},
    {FollowedKind::kClusterTrainingRuntime, "trainer.kubeflow.org", "ClusterTrainingRuntime"},
};
static_assert(sizeof(kKinds) / sizeof(kKinds[0]) == kFollowedKinds);

}  // namespace

absl::string_view KindName(FollowedKind kind) { return kKinds[static_cast<int>(kind)].kind; }

std::string NeededState::Missing() const {
  std::string text;
  for (const KindOf& kind : kKinds) {
    if (missing_[static_cast<int>(kind.followed)]) absl::StrAppend(&text, text.empty() ? "" : ", ", kind.kind);
  }
  return text;
}

void NeededState::Need(FollowedKind kind) const {
  if (!all_.Knows(kind)) missing_[static_cast<int>(kind)] = true;
}

std::shared_ptr<const api::StringMap> NeededState::NamespaceLabels(absl::string_view ns) const {
  Need(FollowedKind::kNamespace);
  return all_.NamespaceLabels(ns);
}

bool NeededState::HasLocalQueue(absl::string_view ns, absl::string_view name) const {
  Need(FollowedKind::kLocalQueue);
  return all_.HasLocalQueue(ns, name);
}

bool NeededState::HasWorkloadPriorityClass(absl::string_view name) const {
  Need(FollowedKind::kWorkloadPriorityClass);
  return all_.HasWorkloadPriorityClass(name);
}

bool NeededState::UsesMultiKueue(absl::string_view ns, absl::string_view local_queue) const {
  Need(FollowedKind::kLocalQueue);
  Need(FollowedKind::kClusterQueue);
  Need(FollowedKind::kAdmissionCheck);
  return all_.UsesMultiKueue(ns, local_queue);
}

std::shared_ptr<const nlohmann::json> NeededState::TrainingRuntime(absl::string_view ns, absl::string_view name) const {
  Need(ns.empty() ? FollowedKind::kClusterTrainingRuntime : FollowedKind::kTrainingRuntime);
  return all_.TrainingRuntime(ns, name);
}

absl::StatusOr<std::shared_ptr<const nlohmann::json>> NeededState::Lookup(const ObjectRef& ref) const {
  for (const KindOf& kind : kKinds) {
    if (ref.group == kind.group && ref.kind == kind.kind) Need(kind.followed);
  }
  if (budget_ <= absl::ZeroDuration()) {
    refused_ = true;
    absl::Status status = absl::DeadlineExceededError("looking up its owners takes too long");
    SetApiError({504, "Timeout"}, &status);
    return status;
  }
  const auto start = std::chrono::steady_clock::now();
  auto found = all_.Lookup(ref);
  budget_ -= absl::FromChrono(std::chrono::steady_clock::now() - start);
  return found;
}

}  // namespace muster::webhook
