#include "sim/report/html/place_recorder.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_join.h"
#include "api/core.h"
#include "api/vocabulary.h"
#include "scheduler/decision.h"

namespace muster::sim {
namespace {

bool HasLabels(const api::Node& node, const api::StringMap& labels) {
  return std::all_of(labels.begin(), labels.end(), [&node](const auto& label) {
    const auto found = node.metadata.labels.find(label.first);
    return found != node.metadata.labels.end() && found->second == label.second;
  });
}

// The place a node is (part of) in a topology, as decisions name it; "" if it lacks a level.
std::string PlaceName(const api::Node& node, const std::vector<std::string>& levels) {
  std::vector<std::string> values;
  for (const std::string& level : levels) {
    const auto label = node.metadata.labels.find(level);
    if (label == node.metadata.labels.end()) return "";
    values.push_back(label->second);
  }
  if (values.empty()) return "";
  return levels.back() == api::kHostnameLabel ? values.back() : absl::StrJoin(values, ",");
}

}  // namespace

int PlaceRecorder::PlaceOf(const std::string& name) {
  const auto [known, added] = by_name_.emplace(name, static_cast<int>(names_.size()));
  if (added) {
    names_.push_back(name);
    places_.emplace_back();
  }
  return known->second;
}

void PlaceRecorder::OnBegin(const ReplaySetting& setting) {
  series_.emplace(setting.begin_s, kKinds, kMaxBuckets);
  std::map<std::string, double> amounts;  // by place, so that places are in order
  absl::flat_hash_set<std::string> counted;
  bool first = true;
  for (const api::ResourceFlavor& flavor : setting.policy->flavors) {
    const auto topology =
        std::find_if(setting.policy->topologies.begin(), setting.policy->topologies.end(),
                     [&flavor](const api::Topology& t) { return t.metadata.name == flavor.topology_name; });
    if (flavor.topology_name.empty() || topology == setting.policy->topologies.end() || topology->levels.empty()) {
      continue;
    }
    level_ = first || level_ == topology->levels.back() ? topology->levels.back() : "";
    first = false;
    for (const api::Node& node : setting.policy->nodes) {
      if (node.unschedulable || !HasLabels(node, flavor.node_labels)) continue;
      const std::string place = PlaceName(node, topology->levels);
      // Several flavors may share a node.
      if (place.empty() || !counted.insert(node.metadata.name).second) continue;
      const auto amount = node.allocatable.find(setting.resource);
      amounts[place] += amount == node.allocatable.end() ? 0 : amount->second.ToDouble();
    }
  }
  for (const auto& [name, amount] : amounts) {
    places_[static_cast<size_t>(PlaceOf(name))].amount = amount;
    capacity_ += amount;
  }
  known_ = names_.size();
  free_places_ = static_cast<double>(known_);
  free_place_amount_ = capacity_;
  OnInstant(setting.begin_s);
}

void PlaceRecorder::OnStart(const RunStart& event) {
  Run run;
  run.amount = event.amount;
  for (const scheduler::PodSetDecision& pod_set : event.decision->pod_sets) {
    if (!pod_set.topology.has_value()) continue;
    for (const scheduler::TopologyPlacement::Domain& domain : pod_set.topology->domains) {
      const int place = PlaceOf(domain.domain->name);
      run.places.push_back(place);
      run.pods.push_back(domain.count);
      Place& at = places_[static_cast<size_t>(place)];
      if (at.pods == 0 && static_cast<size_t>(place) < known_) {
        --free_places_;
        free_place_amount_ -= at.amount;
      }
      at.pods += domain.count;
    }
  }
  if (run.places.empty()) return;
  used_ += run.amount;
  runs_[event.job] = std::move(run);
}

void PlaceRecorder::OnStop(const RunStop& event) {
  const auto found = runs_.find(event.job);
  if (found == runs_.end()) return;
  const Run& run = found->second;
  for (size_t i = 0; i < run.places.size(); ++i) {
    Place& at = places_[static_cast<size_t>(run.places[i])];
    at.pods -= run.pods[i];
    if (at.pods == 0 && static_cast<size_t>(run.places[i]) < known_) {
      ++free_places_;
      free_place_amount_ += at.amount;
    }
  }
  used_ -= run.amount;
  runs_.erase(found);
}

const std::vector<int>& PlaceRecorder::Of(size_t job) const {
  static const auto* const kNone = new std::vector<int>();
  const auto run = runs_.find(job);
  return run == runs_.end() ? *kNone : run->second.places;
}

void PlaceRecorder::OnInstant(int64_t now_s) {
  if (known_ == 0) return;
  series_->Set(kFreePlaces, free_places_, now_s);
  series_->Set(kFreePlaceAmount, free_place_amount_, now_s);
  series_->Set(kFreeAmount, std::max(0.0, capacity_ - used_), now_s);
}

void PlaceRecorder::OnEnd(int64_t now_s) {
  OnInstant(now_s);
  series_->CloseAt(now_s);
}

}  // namespace muster::sim
