#include "sim/scenario/words.h"

#include <algorithm>
#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/resource_units.h"

namespace muster::sim {
namespace {

std::string ShortName(const std::string& resource) {
  if (resource == "cpu") return "vCPU";
  if (resource == "nvidia.com/gpu") return "GPU";
  if (resource == "vpc.amazonaws.com/efa") return "EFA";
  if (resource == "aws.amazon.com/neurondevice") return "Neuron devices";
  return resource;
}

}  // namespace

std::string AmountInWords(const std::string& resource, int64_t amount) {
  return absl::StrCat(api::FormatAmount(resource, amount), " ", ShortName(resource));
}

std::string RequestsInWords(const api::PodSpec& spec) {
  // As Kueue counts them; doubles do not overflow, and a sentence does not need more digits.
  std::map<std::string, double> sum;
  for (const api::Container& container : spec.containers) {
    api::ResourceList requests = container.resources.limits;
    for (const auto& [resource, amount] : container.resources.requests) requests[resource] = amount;
    for (const auto& [resource, amount] : requests) {
      sum[resource] += static_cast<double>(api::CountedAmount(resource, amount));
    }
  }
  std::vector<std::string> parts;
  for (const auto& [resource, amount] : sum) {
    parts.push_back(AmountInWords(resource, static_cast<int64_t>(std::min(amount, 9e18))));
  }
  return absl::StrJoin(parts, ", ");
}

std::string DescribeJob(const std::string& id, const api::JobWorkloads& job) {
  if (job.workloads.empty()) return absl::StrCat(id, ": no pods");
  const api::Workload& w = job.workloads.front();
  std::vector<std::string> sets;
  for (const api::PodSet& set : w.spec.pod_sets) {
    const std::string requests = RequestsInWords(set.pod_template.spec);
    sets.push_back(absl::StrCat(set.name, " ", set.count, set.count == 1 ? " pod" : " pods",
                                requests.empty() ? " without requests" : " of ", requests));
  }
  std::string out = absl::StrCat(id, ": ", absl::StrJoin(sets, "; "));
  if (job.workloads.size() > 1) absl::StrAppend(&out, ", ", job.workloads.size(), " times, each on its own");
  if (job.queue_name.empty()) return absl::StrCat(out, "; in no queue, Kueue leaves it alone");
  absl::StrAppend(&out, "; priority ", w.spec.priority.value_or(0));
  if (w.spec.priority_class_ref.has_value()) absl::StrAppend(&out, " (", w.spec.priority_class_ref->name, ")");
  return absl::StrCat(out, ", queue ", job.queue_name);
}

}  // namespace muster::sim
