#include "manager/jobs/labels.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "api/label_syntax.h"
#include "api/vocabulary.h"
#include "manager/vocabulary.h"

namespace muster::manager {
namespace {

constexpr size_t kMaxDnsLabel = 63;

}  // namespace

std::string QueueName(const kube::Object& job) { return std::string(job.label(api::kQueueNameLabel)); }

std::string PrebuiltWorkloadName(const kube::Object& job) {
  const absl::string_view name = job.annotation(api::kPrebuiltWorkloadLabel);
  return std::string(name.empty() ? job.label(api::kPrebuiltWorkloadLabel) : name);
}

std::optional<int32_t> MaxExecSeconds(const kube::Object& job) {
  int32_t seconds = 0;
  if (!absl::SimpleAtoi(job.label(api::kMaxExecTimeLabel), &seconds) || seconds <= 0) return std::nullopt;
  return seconds;
}

bool IsElastic(const World& world, const kube::Object& object) {
  return object.annotation(api::kElasticJobAnnotation) == "true" &&
         world.options.webhook.gates[api::Gate::kElasticJobsViaWorkloadSlices];
}

std::string SliceName(const kube::Object& workload) {
  return workload.HasAnnotation(kWorkloadSliceNameAnnotation)
             ? std::string(workload.annotation(kWorkloadSliceNameAnnotation))
             : workload.name();
}

std::optional<kube::Owner> ControllerOf(const kube::Object& object) {
  for (kube::Owner& owner : object.Owners()) {
    if (owner.controller) return std::move(owner);
  }
  return std::nullopt;
}

bool IsLabelValue(absl::string_view text) { return api::CheckLabelValue(text).empty(); }

bool IsDnsLabel(absl::string_view text) { return text.size() <= kMaxDnsLabel && api::IsDns1123Label(text); }

}  // namespace muster::manager
