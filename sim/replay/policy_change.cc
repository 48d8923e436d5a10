#include "sim/replay/policy_change.h"

#include <algorithm>
#include <variant>

#include "absl/strings/str_cat.h"

namespace muster::sim {
namespace {

// The object of the same name and namespace, or null.
template <typename Object>
Object* Find(const Object& like, std::vector<Object>* objects) {
  const auto it = std::find_if(objects->begin(), objects->end(), [&](const Object& o) {
    return o.metadata.name == like.metadata.name && o.metadata.ns == like.metadata.ns;
  });
  return it == objects->end() ? nullptr : &*it;
}

template <typename Object>
void Put(const Object& object, std::vector<Object>* objects) {
  if (Object* old = Find(object, objects)) {
    *old = object;
  } else {
    objects->push_back(object);
  }
}

api::LocalQueue WithNamespace(api::LocalQueue queue) {
  if (queue.metadata.ns.empty()) queue.metadata.ns = "default";
  return queue;
}

}  // namespace

absl::Status CheckChange(const ReplayPolicy& policy, const PolicyChange& change) {
  ReplayPolicy copy;
  copy.cluster_queues = policy.cluster_queues;
  copy.local_queues = policy.local_queues;
  const auto bad = [&](const auto&... what) {
    return absl::InvalidArgumentError(absl::StrCat(change.name, ": ", what...));
  };
  for (const api::Object& object : change.objects) {
    if (const auto* cq = std::get_if<api::ClusterQueue>(&object)) {
      if (Find(*cq, &copy.cluster_queues) == nullptr) {
        return bad("ClusterQueue/", cq->metadata.name,
                   " is new; have it in the policy from the beginning, with a quota of 0");
      }
    } else if (const auto* lq = std::get_if<api::LocalQueue>(&object)) {
      const api::LocalQueue named = WithNamespace(*lq);
      const api::LocalQueue* old = Find(named, &copy.local_queues);
      if (old == nullptr || old->cluster_queue != named.cluster_queue) {
        return bad("LocalQueue/", named.metadata.ns, "/", named.metadata.name,
                   " is new or leads elsewhere; a replay cannot move queues");
      }
    } else if (!std::holds_alternative<api::Cohort>(object) && !std::holds_alternative<api::ResourceFlavor>(object) &&
               !std::holds_alternative<api::WorkloadPriorityClass>(object) &&
               !std::holds_alternative<api::PriorityClass>(object)) {
      return bad(
          "a replay changes ClusterQueues, LocalQueues, Cohorts, ResourceFlavors and priority classes; take out "
          "what else is there, nodes go into --outages");
    }
  }
  return absl::OkStatus();
}

void ApplyChange(const PolicyChange& change, absl::Time now, ReplayPolicy* policy, scheduler::Engine* engine) {
  for (const api::Object& object : change.objects) {
    if (const auto* cohort = std::get_if<api::Cohort>(&object)) {
      Put(*cohort, &policy->cohorts);
      engine->Apply(*cohort, now);
    } else if (const auto* cq = std::get_if<api::ClusterQueue>(&object)) {
      Put(*cq, &policy->cluster_queues);
      engine->Apply(*cq, now);
    } else if (const auto* flavor = std::get_if<api::ResourceFlavor>(&object)) {
      Put(*flavor, &policy->flavors);
      engine->Apply(*flavor, now);
    } else if (const auto* lq = std::get_if<api::LocalQueue>(&object)) {
      Put(WithNamespace(*lq), &policy->local_queues);
      engine->Apply(WithNamespace(*lq), now);
    } else if (const auto* own = std::get_if<api::WorkloadPriorityClass>(&object)) {
      policy->priority_classes[own->metadata.name] = own->value;
    } else if (const auto* pod = std::get_if<api::PriorityClass>(&object)) {
      policy->priority_classes.emplace(pod->metadata.name, pod->value);
    }
  }
}

}  // namespace muster::sim
