#include "manager/jobs/pods/pod_state.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/numbers.h"
#include "api/vocabulary.h"
#include "manager/jobs/read.h"
#include "webhook/jobs/role_hash.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kGates[] = "/spec/schedulingGates";

absl::string_view Phase(const kube::Object& pod) { return pod.StringAt("/status/phase"); }

absl::Time TimeAt(const json& value, absl::string_view pointer, absl::Time otherwise) {
  const absl::StatusOr<absl::Time> time = kube::ParseTime(TextAt(value, pointer));
  return time.ok() ? *time : otherwise;
}

// When it failed or was deleted, whichever was first; now if it did neither.
absl::Time LastActive(const kube::Object& pod, absl::Time now) {
  absl::Time failed = now;
  const json* ready = ConditionOf(pod.value(), "ContainersReady");
  if (ready != nullptr && TextAt(*ready, "/status") == "False" && TextAt(*ready, "/reason") == "Failed") {
    failed = TimeAt(*ready, "/lastTransitionTime", now);
  }
  return std::min(failed, TimeAt(pod.value(), "/metadata/deletionTimestamp", now));
}

}  // namespace

bool HasGate(const kube::Object& pod, absl::string_view gate) {
  const json& gates = ListAt(pod.value(), kGates);
  return std::any_of(gates.begin(), gates.end(), [&](const json& each) { return TextAt(each, "/name") == gate; });
}

void RemoveGate(json* pod, absl::string_view gate) {
  const auto spec = pod->find("spec");
  if (spec == pod->end() || !spec->is_object()) return;
  const auto gates = spec->find("schedulingGates");
  if (gates == spec->end() || !gates->is_array()) return;
  json kept = json::array();
  for (const json& each : *gates) {
    if (TextAt(each, "/name") != gate) kept.push_back(each);
  }
  if (kept.empty()) {
    spec->erase("schedulingGates");
  } else {
    *gates = std::move(kept);
  }
}

bool IsGated(const kube::Object& pod) { return HasGate(pod, api::kAdmissionSchedulingGate); }

bool IsTerminated(const kube::Object& pod) { return Phase(pod) == "Failed" || Phase(pod) == "Succeeded"; }

bool IsReady(const kube::Object& pod) { return HasTrueCondition(pod.value(), "Ready"); }

bool IsRunnableOrSucceeded(const kube::Object& pod) {
  if (pod.deleting() && pod.StringAt("/spec/nodeName").empty()) return false;
  return Phase(pod) != "Failed";
}

bool IsRunning(const kube::Object& pod, absl::Time now) {
  if (Phase(pod) != "Running") return false;
  if (!pod.deleting() || pod.At("/metadata/deletionGracePeriodSeconds") == nullptr) return true;
  const absl::Time deleted = TimeAt(pod.value(), "/metadata/deletionTimestamp", now);
  return now <= deleted + absl::Seconds(pod.IntAt("/metadata/deletionGracePeriodSeconds"));
}

std::string GroupOf(const kube::Object& pod) {
  const absl::string_view name = pod.annotation(api::kPodGroupNameLabel);
  return std::string(name.empty() ? pod.label(api::kPodGroupNameLabel) : name);
}

int64_t GroupSize(const kube::Object& pod) {
  int64_t size = 0;
  if (!absl::SimpleAtoi(pod.annotation(api::kPodGroupTotalCountAnnotation), &size) || size < 1) return 0;
  return size;
}

std::string RoleOf(const kube::Object& pod) {
  if (pod.HasAnnotation(api::kRoleHashAnnotation)) return std::string(pod.annotation(api::kRoleHashAnnotation));
  return webhook::RoleHash(pod.value());
}

void SortActive(Pods* pods) {
  const auto key = [](const kube::ObjectPtr& pod) {
    return std::make_tuple(!pod->HasFinalizer(api::kManagedLabel), IsGated(*pod), pod->created());
  };
  std::stable_sort(pods->begin(), pods->end(),
                   [&](const kube::ObjectPtr& a, const kube::ObjectPtr& b) { return key(a) < key(b); });
}

void SortInactive(Pods* pods, absl::Time now) {
  std::stable_sort(pods->begin(), pods->end(), [&](const kube::ObjectPtr& a, const kube::ObjectPtr& b) {
    const bool a_lost = !a->HasFinalizer(api::kManagedLabel), b_lost = !b->HasFinalizer(api::kManagedLabel);
    if (a_lost != b_lost) return b_lost;
    const absl::Time a_active = LastActive(*a, now), b_active = LastActive(*b, now);
    if (a_active != b_active) return a_active > b_active;
    return a->created() < b->created();
  });
}

}  // namespace muster::manager
