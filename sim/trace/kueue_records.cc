// Kueue's Workloads as kubectl prints them: when they came, were admitted and ended, and what their pod sets ask for.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "api/codec.h"
#include "api/json_text.h"
#include "api/kueue.h"
#include "sim/trace/json_items.h"
#include "sim/trace/readers.h"
#include "sim/trace/requests_of.h"
#include "sim/trace/tolerations.h"

namespace muster::sim {
namespace {

using api::Workload;

const api::Condition* TrueCondition(const Workload& w, absl::string_view type) {
  const api::Condition* condition = api::FindCondition(w.status.conditions, type);
  return condition != nullptr && condition->status == "True" ? condition : nullptr;
}

class KueueReader : public RecordReader {
 public:
  explicit KueueReader(std::istream* in) : items_(in) {}

  absl::StatusOr<bool> Next(Record* record) override {
    while (!at_end_) {
      std::string item;
      absl::StatusOr<bool> more = items_.Next(&item, &record->row);
      if (!more.ok()) return more;
      if (items_.goes_on() && !std::exchange(told_, true)) {
        Say("lists that go on elsewhere (metadata.continue), so that this file is not all there is", record->row);
      }
      if (!*more) {
        at_end_ = true;
        std::reverse(running_.begin(), running_.end());  // they are taken from the back
        break;
      }
      absl::StatusOr<bool> whole = Convert(item, record);
      if (!whole.ok() || *whole) return whole;
    }
    if (running_.empty()) return false;
    // Those that run end with the last that the file knows of.
    auto [row, run] = std::move(running_.back());
    running_.pop_back();
    record->row = row;
    Fill(run.workload, run.start_s, std::max(run.start_s, last_s_), record);
    return true;
  }

 private:
  struct Run {
    Workload workload;
    int64_t start_s = 0;
  };

  void Saw(absl::Time time) {
    if (time < absl::InfiniteFuture()) last_s_ = std::max(last_s_, absl::ToUnixSeconds(time));
  }
  // False if the object is left out or kept for later.
  absl::StatusOr<bool> Convert(const std::string& item, Record* record);
  absl::StatusOr<nlohmann::json> Parse(const std::string& item) const;
  void Fill(const Workload& w, int64_t start_s, int64_t end_s, Record* record);
  // Of all pod sets, "" where they differ.
  std::string Topology(const Workload& w, int64_t row);
  std::string NodeSelector(const Workload& w, int64_t row);
  std::string Tolerations(const Workload& w, int64_t row);

  JsonItems items_;
  std::vector<std::pair<int64_t, Run>> running_;
  int64_t last_s_ = 0;
  bool at_end_ = false, told_ = false;
};

absl::StatusOr<nlohmann::json> KueueReader::Parse(const std::string& item) const {
  absl::StatusOr<nlohmann::json> json = api::ParseJson(item);
  if (!json.ok()) return json;
  // Items of a typed list leave out what the list says.
  if (json->contains("kind") && json->contains("apiVersion")) return json;
  const absl::StatusOr<nlohmann::json> list = api::ParseJson(items_.list());
  if (!list.ok() || !list->is_object()) return json;
  const auto kind = list->find("kind"), version = list->find("apiVersion");
  if (kind == list->end() || version == list->end() || !kind->is_string()) return json;
  const std::string name = kind->get<std::string>();
  if (!absl::EndsWith(name, "List") || name == "List") return json;
  json->emplace("kind", name.substr(0, name.size() - 4));
  json->emplace("apiVersion", *version);
  return json;
}

absl::StatusOr<bool> KueueReader::Convert(const std::string& item, Record* record) {
  const int64_t row = record->row;
  absl::StatusOr<nlohmann::json> json = Parse(item);
  if (!json.ok()) return absl::InvalidArgumentError(json.status().message());
  api::DecodeResult read = api::Decode(*std::move(json));
  if (api::HasErrors(read.problems)) {
    for (const api::Problem& problem : read.problems) {
      if (problem.severity == api::Severity::kError) return absl::InvalidArgumentError(api::ToString(problem));
    }
  }
  Workload* w = read.decoded.has_value() ? std::get_if<Workload>(&read.decoded->object) : nullptr;
  if (w == nullptr) {
    LeaveOut(read.unsupported.has_value() ? absl::StrCat("objects of kind ", read.unsupported->kind.substr(0, 60))
                                          : std::string("objects that are no Workloads"),
             row);
    return false;
  }
  Saw(w->metadata.creation_timestamp);
  for (const api::Condition& condition : w->status.conditions) Saw(condition.last_transition_time);
  const api::Condition* admitted = TrueCondition(*w, "Admitted");
  const api::Condition* finished = TrueCondition(*w, "Finished");
  if (w->spec.pod_sets.empty()) return absl::InvalidArgumentError("spec.podSets is empty");
  if (admitted == nullptr) {
    LeaveOut(finished != nullptr ? "Workloads that finished without being admitted"
                                 : "Workloads that wait (again), of which nobody knows how long they will run",
             row);
    return false;
  }
  if (!w->status.evictions.empty() || api::FindCondition(w->status.conditions, "Evicted") != nullptr) {
    Say("Workloads that were evicted before, of which only the last run is known", row);
  }
  const int64_t start_s = absl::ToUnixSeconds(admitted->last_transition_time);
  if (finished == nullptr) {
    Say("Workloads still running, which count until the last time in the file", row);
    w->status = {};
    running_.emplace_back(row, Run{std::move(*w), start_s});
    return false;
  }
  const int64_t end_s = absl::ToUnixSeconds(finished->last_transition_time);
  if (end_s < start_s) return absl::InvalidArgumentError("status.conditions: Finished before Admitted");
  Fill(*w, start_s, end_s, record);
  return true;
}

std::string KueueReader::Topology(const Workload& w, int64_t row) {
  std::set<std::string> all;
  for (const api::PodSet& set : w.spec.pod_sets) {
    const auto& request = set.topology_request;
    all.insert(!request.has_value()                     ? ""
               : request->required.has_value()          ? absl::StrCat("required=", *request->required)
               : request->preferred.has_value()         ? absl::StrCat("preferred=", *request->preferred)
               : request->unconstrained.value_or(false) ? "unconstrained"
                                                        : "");
    if (request.has_value() && request->pod_set_slice_required_topology.has_value()) {
      Say("Workloads that ask for slices of a topology, which is left aside", row);
    }
  }
  if (all.size() == 1) return *all.begin();
  Say("Workloads whose pod sets ask for different topologies, which is left aside", row);
  return "";
}

std::string KueueReader::NodeSelector(const Workload& w, int64_t row) {
  std::set<std::string> all;
  for (const api::PodSet& set : w.spec.pod_sets) {
    const api::PodSpec& spec = set.pod_template.spec;
    all.insert(absl::StrJoin(spec.node_selector, ";", absl::PairFormatter("=")));
    if (spec.node_affinity.has_value() && spec.node_affinity->required.has_value()) {
      Say("Workloads with a node affinity, which is left aside", row);
    }
  }
  if (all.size() == 1) return *all.begin();
  Say("Workloads whose pod sets have different node selectors, which are left aside", row);
  return "";
}

std::string KueueReader::Tolerations(const Workload& w, int64_t row) {
  std::set<std::string> all;
  for (const api::PodSet& set : w.spec.pod_sets) {
    const absl::StatusOr<std::string> text = TolerationsText(set.pod_template.spec.tolerations);
    if (!text.ok()) {
      Say("Workloads with tolerations that the column tolerations has no words for, which are left aside", row);
      return "";
    }
    all.insert(*text);
  }
  if (all.size() == 1) return *all.begin();
  Say("Workloads whose pod sets have different tolerations, which are left aside", row);
  return "";
}

void KueueReader::Fill(const Workload& w, int64_t start_s, int64_t end_s, Record* record) {
  const int64_t row = record->row;
  const auto& sets = w.spec.pod_sets;
  std::vector<std::string> names;
  record->values.clear();
  const auto put = [&names, record](std::string name, std::string value) {
    names.push_back(std::move(name));
    record->values.push_back(std::move(value));
  };
  put("job_id", absl::StrCat(w.metadata.ns, w.metadata.ns.empty() ? "" : "/", w.metadata.name));
  put("queue", w.spec.queue_name.empty()
                   ? ""
                   : absl::StrCat(w.metadata.ns, w.metadata.ns.empty() ? "" : "/", w.spec.queue_name));
  put("submit_s", absl::StrCat(absl::ToUnixSeconds(w.metadata.creation_timestamp)));
  put("start_s", absl::StrCat(start_s));
  put("duration_s", absl::StrCat(end_s - start_s));
  put("priority", absl::StrCat(w.spec.priority.value_or(0)));
  put("priority_class", w.spec.priority_class_ref.has_value() ? w.spec.priority_class_ref->name : "");
  put("time_limit_s",
      w.spec.maximum_execution_time_seconds.has_value() ? absl::StrCat(*w.spec.maximum_execution_time_seconds) : "");
  put("pods", absl::StrJoin(sets, "+", [](std::string* out, const api::PodSet& s) { absl::StrAppend(out, s.count); }));
  if (std::any_of(sets.begin(), sets.end(), [](const api::PodSet& s) { return s.min_count.has_value(); })) {
    put("min_pods", absl::StrJoin(sets, "+", [](std::string* out, const api::PodSet& s) {
          absl::StrAppend(out, s.min_count.value_or(s.count));
        }));
  }
  put("topology", Topology(w, row));
  put("node_selector", NodeSelector(w, row));
  put("tolerations", Tolerations(w, row));
  std::map<std::string, std::vector<std::string>> requests;
  for (size_t i = 0; i < sets.size(); ++i) {
    for (const auto& [resource, amount] : RequestsOf(sets[i].pod_template.spec)) {
      std::vector<std::string>& amounts = requests[resource];
      amounts.resize(sets.size(), "0");
      amounts[i] = amount.ToString();
    }
  }
  for (const auto& [resource, amounts] : requests) {
    put(absl::StrCat("request.", resource), absl::StrJoin(amounts, "+"));
  }
  if (const api::Condition* finished = TrueCondition(w, "Finished")) {
    put("status", finished->reason);
  } else {
    put("status", "Running");
  }
  record->names = ColumnNames(std::move(names));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> NewKueueReader(std::istream* in) {
  return std::make_unique<KueueReader>(in);
}

}  // namespace muster::sim
