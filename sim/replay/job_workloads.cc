#include "sim/replay/job_workloads.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api/resource_units.h"
#include "scheduler/requests/pod_requests.h"
#include "scheduler/requests/transform_requests.h"

namespace muster::sim {
namespace {

// "a|b" is either: that a node selector cannot say.
void SetNodes(const api::StringMap& wanted, api::PodSpec* spec) {
  api::NodeSelectorTerm either;
  for (const auto& [key, value] : wanted) {
    if (absl::StrContains(value, '|')) {
      either.match_expressions.push_back({key, "In", absl::StrSplit(value, '|', absl::SkipEmpty())});
    } else {
      spec->node_selector.emplace(key, value);
    }
  }
  if (either.match_expressions.empty()) return;
  spec->node_affinity.emplace().required.emplace().push_back(std::move(either));
}

std::optional<api::TopologyRequest> TopologyRequestOf(absl::string_view text) {
  api::TopologyRequest request;
  if (text.empty()) return std::nullopt;
  if (absl::ConsumePrefix(&text, "required=")) {
    request.required = std::string(text);
  } else if (absl::ConsumePrefix(&text, "preferred=")) {
    request.preferred = std::string(text);
  } else {
    request.unconstrained = true;
  }
  return request;
}

}  // namespace

int32_t PriorityOf(const JobShape& shape, const ReplayPolicy& policy) {
  return shape.priority_class.empty() ? shape.priority : policy.priority_classes.at(shape.priority_class);
}

double AmountOf(const JobShape& shape, const std::string& resource, const ReplayPolicy& policy) {
  double amount = 0;
  if (!policy.options.transformations.empty()) {
    for (const PodGroup& group : shape.pods) {
      std::vector<scheduler::NamedAmount> requests;
      for (const auto& [name, quantity] : group.requests) {
        requests.push_back({name, api::CountedAmount(name, quantity)});
      }
      for (const scheduler::NamedAmount& r :
           scheduler::TransformRequests(std::move(requests), policy.options.transformations)) {
        if (r.resource == resource) amount += api::QuantityOf(resource, r.amount).ToDouble() * group.count;
      }
    }
    return amount;
  }
  for (const PodGroup& group : shape.pods) {
    auto request = group.requests.find(resource);
    if (request != group.requests.end()) amount += request->second.ToDouble() * group.count;
  }
  return amount;
}

std::unique_ptr<api::Workload> JobWorkloads::Make(const JobShape& shape, const QueueTarget& target) const {
  auto w = std::make_unique<api::Workload>();
  w->metadata.ns = target.ns;
  w->spec.queue_name = target.local_queue;
  w->spec.priority = PriorityOf(shape, *policy_);
  if (!shape.priority_class.empty()) {
    w->spec.priority_class_ref = api::PriorityClassRef{"kueue.x-k8s.io", "WorkloadPriorityClass", shape.priority_class};
  }
  if (shape.workload != nullptr) {
    w->spec.pod_sets = shape.workload->spec.pod_sets;
    return w;
  }
  for (size_t g = 0; g < shape.pods.size(); ++g) {
    api::PodSet pod_set;
    pod_set.name = g == 0 ? "main" : absl::StrCat("rest-", g);
    pod_set.count = shape.pods[g].count;
    if (shape.pods[g].min_count > 0) pod_set.min_count = shape.pods[g].min_count;
    api::Container container;
    container.name = "c";
    container.resources.requests = shape.pods[g].requests;
    pod_set.pod_template.spec.containers.push_back(std::move(container));
    SetNodes(shape.node_selector, &pod_set.pod_template.spec);
    pod_set.pod_template.spec.tolerations = shape.tolerations;
    pod_set.topology_request = TopologyRequestOf(shape.topology);
    w->spec.pod_sets.push_back(std::move(pod_set));
  }
  return w;
}

const api::Workload& JobWorkloads::Of(size_t index, const QueueTarget& target, int64_t submit_s) {
  const Job& job = trace_->jobs[index];
  if (of_shape_.empty()) of_shape_.resize(trace_->shapes.size());
  std::unique_ptr<api::Workload>& w = of_shape_[job.shape];
  if (w == nullptr) {
    if (kept_ == kMaxKept) {
      for (std::unique_ptr<api::Workload>& kept : of_shape_) kept.reset();
      kept_ = 0;
    }
    w = Make(trace_->ShapeOf(job), target);
    ++kept_;
  }
  std::string digits = absl::StrCat(index);
  if (digits.size() < 9) digits.insert(0, 9 - digits.size(), '0');
  w->metadata.name = absl::StrCat("job-", digits);
  w->metadata.uid = std::move(digits);
  w->metadata.creation_timestamp = absl::FromUnixSeconds(submit_s);
  return *w;
}

}  // namespace muster::sim
