#include "scheduler/workload/workload_shape.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "scheduler/requests/pod_requests.h"
#include "scheduler/requests/resource_validation.h"
#include "scheduler/requests/transform_requests.h"
#include "scheduler/topology/plan.h"

namespace muster::scheduler {
namespace {

// Quantities compare by amount; whether equal lists are also written in the same suffix families.
bool SameSuffixes(const api::ResourceList& a, const api::ResourceList& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.second.format() == y.second.format(); });
}
bool SameSuffixes(const api::ResourceRequirements& a, const api::ResourceRequirements& b) {
  return SameSuffixes(a.requests, b.requests) && SameSuffixes(a.limits, b.limits);
}
bool SameSuffixes(const std::vector<api::Container>& a, const std::vector<api::Container>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const api::Container& x, const api::Container& y) {
    return SameSuffixes(x.resources, y.resources);
  });
}
bool SameSuffixes(const api::PodSpec& a, const api::PodSpec& b) {
  return SameSuffixes(a.containers, b.containers) && SameSuffixes(a.init_containers, b.init_containers) &&
         SameSuffixes(a.overhead, b.overhead) && a.resources.has_value() == b.resources.has_value() &&
         (!a.resources.has_value() || SameSuffixes(*a.resources, *b.resources));
}

// But for the metadata of the pods: no answer depends on it, and Jobs put their own names into its labels.
bool Same(const api::PodSet& a, const api::PodSet& b) {
  const auto& [name, count, min_count, pod_template, topology_request] = a;
  return name == b.name && count == b.count && min_count == b.min_count && topology_request == b.topology_request &&
         pod_template.spec == b.pod_template.spec && SameSuffixes(pod_template.spec, b.pod_template.spec);
}

// Enough to tell apart what usually differs; the comparison above decides.
size_t HashOf(const std::vector<api::PodSet>& pod_sets) {
  size_t hash = pod_sets.size();
  for (const api::PodSet& ps : pod_sets) {
    hash = absl::HashOf(hash, ps.name, ps.count, ps.min_count.value_or(-1), ps.pod_template.spec.tolerations.size());
    for (const auto& [key, value] : ps.pod_template.spec.node_selector) hash = absl::HashOf(hash, key, value);
    if (ps.topology_request.has_value()) {
      hash = absl::HashOf(hash, ps.topology_request->required, ps.topology_request->preferred);
    }
    for (const api::Container& c : ps.pod_template.spec.containers) {
      for (const auto& [resource, quantity] : c.resources.requests) {
        hash = absl::HashOf(hash, resource, static_cast<int64_t>(quantity.nanos()));
      }
    }
  }
  return hash;
}

bool ChecksChangePods(const api::Workload& workload) {
  const auto& checks = workload.status.admission_checks;
  return std::any_of(checks.begin(), checks.end(),
                     [](const api::AdmissionCheckState& c) { return !c.pod_set_updates.empty(); });
}

}  // namespace

bool SamePodSets(const std::vector<api::PodSet>& a, const std::vector<api::PodSet>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), Same);
}

bool SameAdjusted(const WorkloadShape& a, const WorkloadShape& b) {
  if (&a == &b) return true;
  return SamePodSets(a.declared, b.declared) &&
         std::equal(a.pod_sets.begin(), a.pod_sets.end(), b.pod_sets.begin(), b.pod_sets.end(),
                    [](const PodSetState& x, const PodSetState& y) {
                      return *x.spec == *y.spec && SameSuffixes(*x.spec, *y.spec);
                    });
}

std::shared_ptr<const WorkloadShape> ShapeTable::Get(const api::Workload& workload) {
  if (ChecksChangePods(workload)) return Derive(workload);
  const std::vector<api::PodSet>& pod_sets = workload.spec.pod_sets;
  const std::string& ns = workload.metadata.ns;
  const std::string scope = declared_->HasLimitRanges(ns) ? ns : "";
  std::vector<Known>& bucket = by_hash_[HashOf(pod_sets)];
  for (const Known& known : bucket) {
    std::shared_ptr<const WorkloadShape> shape = known.shape.lock();
    if (shape != nullptr && known.ns == scope && SamePodSets(shape->declared, pod_sets)) return shape;
  }
  std::shared_ptr<const WorkloadShape> shape = Derive(workload);
  Prune(&bucket);
  bucket.push_back({scope, shape});
  if (by_hash_.size() > forget_above_) ForgetUnused();
  return shape;
}

void ShapeTable::Prune(std::vector<Known>* bucket) {
  bucket->erase(std::remove_if(bucket->begin(), bucket->end(), [](const Known& k) { return k.shape.expired(); }),
                bucket->end());
}

// Amortised: twice as many have to come before the table is gone through again.
void ShapeTable::ForgetUnused() {
  for (auto it = by_hash_.begin(); it != by_hash_.end();) {
    Prune(&it->second);
    if (it->second.empty()) {
      by_hash_.erase(it++);
    } else {
      ++it;
    }
  }
  forget_above_ = std::max<size_t>(64, 2 * by_hash_.size());
}

std::shared_ptr<const WorkloadShape> ShapeTable::Derive(const api::Workload& workload) {
  const std::vector<api::PodSet>& pod_sets = workload.spec.pod_sets;
  auto shape = std::make_shared<WorkloadShape>();
  shape->declared = pod_sets;
  for (api::PodSet& ps : shape->declared) ps.pod_template.metadata = {};
  const std::vector<const api::LimitRange*> ranges = declared_->LimitRangesIn(workload.metadata.ns);
  std::vector<const api::PodSpec*> specs;
  for (size_t i = 0; i < pod_sets.size(); ++i) {
    const api::PodSet& in = pod_sets[i];
    PodSetState& ps = shape->pod_sets.emplace_back();
    ps.name = in.name;
    ps.count = in.count;
    ps.min_count = in.min_count;
    if (in.topology_request.has_value()) ps.group = in.topology_request->pod_set_group_name.value_or("");
    ps.topology_request = in.topology_request;
    ps.explicit_topology = in.topology_request.has_value() && IsExplicitTopologyRequest(*in.topology_request);
    auto spec = std::make_shared<api::PodSpec>(in.pod_template.spec);
    AdjustResources(ranges, declared_->FindRuntimeClass(spec->runtime_class_name), spec.get());
    std::vector<NamedAmount> requests = PodRequests(*spec);
    std::erase_if(requests, [&](const NamedAmount& a) {
      const auto& prefixes = options_->exclude_resource_prefixes;
      return std::any_of(prefixes.begin(), prefixes.end(),
                         [&](const std::string& p) { return a.resource.compare(0, p.size(), p) == 0; });
    });
    for (const NamedAmount& a : TransformRequests(std::move(requests), options_->transformations)) {
      ps.per_pod.push_back({declared_->resources.Intern(a.resource), a.amount});
    }
    DeriveTopology(workload, *spec, &ps);
    ps.spec = std::move(spec);
    specs.push_back(ps.spec.get());
  }
  shape->invalid = CheckRequestsWithinLimits(specs);
  if (!shape->invalid.empty()) {
    shape->invalid_note = Note::kResourceValidation;
  } else if (shape->invalid = CheckLimitRanges(ranges, specs); !shape->invalid.empty()) {
    shape->invalid_note = Note::kLimitRange;
  }
  shape->equivalence = EquivalenceOf(*shape);
  return shape;
}

void ShapeTable::DeriveTopology(const api::Workload& workload, const api::PodSpec& spec, PodSetState* ps) {
  std::map<std::string, quota::Amount> by_name;
  for (const NamedAmount& a : PodRequests(spec)) by_name[a.resource] = a.amount;
  by_name["pods"] = 1;
  for (const auto& [name, amount] : by_name)
    ps->topology_per_pod.push_back({declared_->resources.Intern(name), amount});
  // What admission checks that are ready will add to the pods.
  for (const api::AdmissionCheckState& check : workload.status.admission_checks) {
    if (check.state != "Ready") continue;
    for (const api::PodSetUpdate& update : check.pod_set_updates) {
      if (update.name != ps->name) continue;
      auto merged = std::make_shared<api::PodSpec>(ps->topology_spec != nullptr ? *ps->topology_spec : spec);
      for (const auto& [key, value] : update.node_selector) merged->node_selector[key] = value;
      merged->tolerations.insert(merged->tolerations.end(), update.tolerations.begin(), update.tolerations.end());
      ps->topology_spec = std::move(merged);
    }
  }
}

// Shapes with the same text here get the same answer in the same queue.
int ShapeTable::EquivalenceOf(const WorkloadShape& shape) {
  std::string text;
  const auto add = [&text](const auto&... parts) { absl::StrAppend(&text, "\x1f", parts...); };
  for (const PodSetState& ps : shape.pod_sets) {
    const api::PodSpec& spec = *ps.spec;
    const auto add_list = [&add](const api::ResourceList& list) {
      for (const auto& [resource, quantity] : list) add(resource, "=", quantity.ToString());
    };
    add(ps.name, "#", ps.min_count.value_or(-1), "#", ps.group);
    for (const ResourceAmount& a : ps.per_pod) add(static_cast<int32_t>(a.resource), "=", a.amount);
    // The pod's shape, not only its sum: Kueue tells apart what adds up to the same.
    for (const auto* containers : {&spec.init_containers, &spec.containers}) {
      add("c");
      for (const api::Container& c : *containers) {
        add("-");
        add_list(c.resources.requests);
      }
    }
    add("p", spec.runtime_class_name, "|", spec.priority.has_value() ? absl::StrCat(*spec.priority) : "");
    add("o");
    add_list(spec.overhead);
    if (spec.resources.has_value()) {
      add("r");
      add_list(spec.resources->requests);
    }
    if (ps.topology_request.has_value()) {
      const api::TopologyRequest& r = *ps.topology_request;
      add("T", r.required.value_or(""), "|", r.preferred.value_or(""), "|",
          r.unconstrained.has_value() ? 1 + *r.unconstrained : 0, "|", r.pod_index_label.value_or(""), "|",
          r.sub_group_index_label.value_or(""), "|", r.sub_group_count.value_or(-1), "|",
          r.pod_set_slice_required_topology.value_or(""), "|", r.pod_set_slice_size.value_or(-1));
      for (const api::SliceConstraint& c : r.pod_set_slice_constraints) add("l", c.topology, "|", c.size);
    }
    for (const auto& [key, value] : spec.node_selector) add("s", key, "=", value);
    for (const api::Toleration& t : spec.tolerations) {
      add("t", t.key, "|", t.op, "|", t.value, "|", t.effect, "|", t.toleration_seconds.value_or(-1));
    }
    if (!spec.node_affinity.has_value()) continue;
    const auto add_term = [&add](const api::NodeSelectorTerm& term) {
      for (const auto* requirements : {&term.match_expressions, &term.match_fields}) {
        add("m");
        for (const api::Requirement& r : *requirements) {
          add(r.key, " ", r.op);
          for (const std::string& v : r.values) add(v);
        }
      }
    };
    add(spec.node_affinity->required.has_value() ? "a" : "n");
    for (const api::NodeSelectorTerm& term :
         spec.node_affinity->required.value_or(std::vector<api::NodeSelectorTerm>())) {
      add_term(term);
    }
    for (const api::PreferredSchedulingTerm& term : spec.node_affinity->preferred) {
      add("w", term.weight);
      add_term(term.preference);
    }
  }
  return equivalences_.Of(std::move(text));
}

}  // namespace muster::scheduler
