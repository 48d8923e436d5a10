#include "conformance/scale_replay.h"

#include <openssl/evp.h>
#include <time.h>

#include <algorithm>
#include <queue>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "scheduler/engine.h"

namespace muster::conformance {
namespace {

using scheduler::Decision;
using scheduler::Engine;
using scheduler::WorkloadId;

double SecondsOf(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  ~Sha256() { EVP_MD_CTX_free(context_); }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void AddLine(absl::string_view line) {
    EVP_DigestUpdate(context_, line.data(), line.size());
    EVP_DigestUpdate(context_, "\n", 1);
  }
  std::string Hex() {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_, digest, &size);
    return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), size));
  }

 private:
  EVP_MD_CTX* context_;
};

std::string NameOf(int64_t seq) { return absl::StrFormat("w%07d", seq); }

// One decision as it was taken, not yet text.
struct Event {
  int64_t cycle = 0, ms = 0;
  int32_t seq = 0;
  bool admitted = false;
  scheduler::PreemptionReason reason = scheduler::PreemptionReason::kInClusterQueue;
  int32_t pods = 0;
  std::vector<std::pair<scheduler::ResourceId, scheduler::FlavorId>> flavors;
  std::vector<std::pair<std::string, int32_t>> hosts;
};

class Replay {
 public:
  Replay(const ScaleScenario& s, base::Executor* executor)
      : s_(s), executor_(executor), engine_(s.options), admitted_(s.rows.size()) {
    for (int32_t seq = 0; seq < static_cast<int32_t>(s.rows.size()); ++seq) arrivals_.push_back(seq);
    std::stable_sort(arrivals_.begin(), arrivals_.end(),
                     [&](int32_t a, int32_t b) { return s.rows[a].create_ms < s.rows[b].create_ms; });
    state_.resize(s.rows.size());
    for (const ScaleClass& c : s.classes) objects_.push_back(c.workload);
  }

  ScaleOutcome Run() {
    const double begin = SecondsOf(CLOCK_PROCESS_CPUTIME_ID), wall_begin = SecondsOf(CLOCK_MONOTONIC);
    Declare();
    while (NextInstant()) {
      FinishDue();
      CreateDue();
      engine_.Advance(Time(now_ms_));
      while (engine_.HasPendingHeads()) Cycle();
    }
    out_.cpu_seconds = SecondsOf(CLOCK_PROCESS_CPUTIME_ID) - begin;
    out_.wall_seconds = SecondsOf(CLOCK_MONOTONIC) - wall_begin;
    WriteLog();
    return std::move(out_);
  }

 private:
  struct State {
    WorkloadId id = scheduler::kNoId;
    int32_t admissions = 0;  // also says which of them a finish timer belongs to
    bool finished = false;
  };
  struct Finish {
    int64_t ms;
    int32_t seq, admission;
    bool operator>(const Finish& o) const { return std::pair(ms, seq) > std::pair(o.ms, o.seq); }
  };

  static absl::Time Time(int64_t ms) { return absl::FromUnixSeconds(1700000000) + absl::Milliseconds(ms); }

  void Declare() {
    const absl::Time now = Time(0);
    for (const auto& topology : s_.topologies) engine_.Apply(topology, now);
    for (const auto& node : s_.nodes) engine_.Apply(node, now);
    for (const auto& flavor : s_.flavors) engine_.Apply(flavor, now);
    for (const auto& cohort : s_.cohorts) engine_.Apply(cohort, now);
    for (const auto& queue : s_.cluster_queues) {
      const std::string& name = queue.metadata.name;
      api::Namespace ns;
      ns.metadata.name = name;
      engine_.Apply(ns, now);
      engine_.Apply(queue, now);
      api::LocalQueue local_queue;
      local_queue.metadata.ns = local_queue.metadata.name = local_queue.cluster_queue = name;
      engine_.Apply(local_queue, now);
    }
  }

  // Moves the clock to the next thing that happens. Returns false if nothing does.
  bool NextInstant() {
    absl::Time next = engine_.NextTimer();
    if (next_arrival_ < arrivals_.size()) next = std::min(next, Time(s_.rows[arrivals_[next_arrival_]].create_ms));
    if (!finishes_.empty()) next = std::min(next, Time(finishes_.top().ms));
    if (next == absl::InfiniteFuture()) return false;
    now_ms_ = std::max(now_ms_, absl::ToInt64Milliseconds(next - Time(0)));
    return true;
  }

  void FinishDue() {
    while (!finishes_.empty() && finishes_.top().ms <= now_ms_) {
      const Finish f = finishes_.top();
      finishes_.pop();
      State& w = state_[f.seq];
      if (admitted_[f.seq] == 0 || w.admissions != f.admission) continue;  // evicted since
      engine_.Finish(w.id, Time(now_ms_));
      admitted_[f.seq] = 0;
      w.finished = true;
      ++out_.finished;
    }
  }

  void CreateDue() {
    for (; next_arrival_ < arrivals_.size(); ++next_arrival_) {
      const int32_t seq = arrivals_[next_arrival_];
      const ScaleRow& row = s_.rows[seq];
      if (row.create_ms > now_ms_) return;
      api::Workload& workload = objects_[row.workload_class];
      const std::string& queue = s_.cluster_queues[row.cluster_queue].metadata.name;
      workload.metadata.name = workload.metadata.uid = NameOf(seq);
      workload.metadata.ns = workload.spec.queue_name = queue;
      workload.metadata.creation_timestamp = Time(row.create_ms) + absl::Nanoseconds(seq);
      const WorkloadId id = engine_.Apply(workload, Time(now_ms_));
      state_[seq].id = id;
      if (id >= static_cast<int32_t>(seq_of_.size())) seq_of_.resize(id + 1);
      seq_of_[id] = seq;
    }
  }

  void Cycle() {
    const double begin = SecondsOf(CLOCK_MONOTONIC);
    const scheduler::CycleResult result = engine_.RunCycle(Time(now_ms_), executor_);
    out_.cycle_wall_seconds += SecondsOf(CLOCK_MONOTONIC) - begin;
    out_.cycles = result.cycle;
    for (const Decision& d : result.entries) {
      if (d.status == scheduler::EntryStatus::kAssumed) Admitted(d, result.cycle);
    }
    for (const Decision& d : result.entries) {
      for (const scheduler::PreemptionTarget& target : d.targets) {
        if (target.newly_evicted) Evicted(target, result.cycle);
      }
    }
  }

  void Admitted(const Decision& d, int64_t cycle) {
    const int32_t seq = seq_of_[d.workload];
    Event& e = events_.emplace_back();
    e.cycle = cycle;
    e.ms = now_ms_;
    e.seq = seq;
    e.admitted = true;
    const scheduler::PodSetDecision& pods = d.pod_sets[0];
    e.pods = pods.count;
    for (const auto& choice : pods.flavors) e.flavors.emplace_back(choice.resource, choice.flavor);
    if (!s_.topologies.empty()) RecordHosts(d.workload, &e);
    ++out_.admissions;
    admitted_[seq] = 1;
    const int32_t admission = ++state_[seq].admissions;
    const int64_t runtime = s_.classes[s_.rows[seq].workload_class].runtime_ms;
    if (runtime >= 0) finishes_.push({now_ms_ + runtime, seq, admission});
  }

  void RecordHosts(WorkloadId id, Event* e) const {
    const auto admission = engine_.AdmissionOf(id);
    if (!admission.has_value() || !admission->pod_set_assignments[0].topology_assignment.has_value()) return;
    for (const auto& domain : admission->pod_set_assignments[0].topology_assignment->domains) {
      e->hosts.emplace_back(domain.values.back(), domain.count);
    }
  }

  void Evicted(const scheduler::PreemptionTarget& target, int64_t cycle) {
    Event& e = events_.emplace_back();
    e.cycle = cycle;
    e.ms = now_ms_;
    e.seq = seq_of_[target.workload];
    e.reason = target.reason;
    ++out_.evictions;
    admitted_[e.seq] = 0;
    engine_.CompleteEviction(target.workload, Time(now_ms_));
  }

  // The line without its cycle.
  std::string Text(const Event& e) const {
    const std::string& queue = s_.cluster_queues[s_.rows[e.seq].cluster_queue].metadata.name;
    std::string line = absl::StrCat(e.admitted ? "A " : "E ", e.ms, " ", NameOf(e.seq), " ", queue, " ");
    if (!e.admitted) {
      const std::string_view reason = scheduler::ToString(e.reason);
      line.append(reason.data(), reason.size());
      return line;
    }
    absl::StrAppend(&line, absl::StrJoin(e.flavors, ",", [&](std::string* out, const auto& f) {
      absl::StrAppend(out, engine_.ResourceName(f.first), "=", engine_.FlavorName(f.second));
    }));
    absl::StrAppend(&line, " n=", e.pods);
    if (!e.hosts.empty()) absl::StrAppend(&line, " t=", absl::StrJoin(e.hosts, ",", absl::PairFormatter(":")));
    return line;
  }

  void WriteLog() {
    std::vector<std::pair<int64_t, std::string>> by_time;
    for (const Event& e : events_) {
      by_time.emplace_back(e.ms, Text(e));
      out_.log.push_back(absl::StrCat(e.cycle, " ", by_time.back().second));
    }
    for (size_t begin = 0, end; begin < events_.size(); begin = end) {
      for (end = begin; end < events_.size() && events_[end].cycle == events_[begin].cycle;) ++end;
      std::sort(out_.log.begin() + begin, out_.log.begin() + end);
    }
    std::sort(by_time.begin(), by_time.end());
    Sha256 strict, time, final;
    for (const std::string& line : out_.log) strict.AddLine(line);
    for (const auto& [ms, line] : by_time) time.AddLine(line);
    for (size_t seq = 0; seq < state_.size(); ++seq) {
      final.AddLine(absl::StrCat(NameOf(seq), " ", state_[seq].admissions, state_[seq].finished ? " true" : " false"));
    }
    out_.digest_strict = strict.Hex();
    out_.digest_time = time.Hex();
    out_.digest_final = final.Hex();
  }

  const ScaleScenario& s_;
  base::Executor* executor_;
  Engine engine_;
  std::vector<api::Workload> objects_;  // by class; name, queue and time are those of the last one created
  std::vector<int32_t> arrivals_;       // by creation, then sequence
  size_t next_arrival_ = 0;
  std::vector<State> state_;
  std::vector<uint8_t> admitted_;  // by sequence: holds quota now
  std::vector<int32_t> seq_of_;    // by WorkloadId
  std::priority_queue<Finish, std::vector<Finish>, std::greater<Finish>> finishes_;
  int64_t now_ms_ = 0;
  std::vector<Event> events_;
  ScaleOutcome out_;
};

}  // namespace

ScaleOutcome ReplayScale(const ScaleScenario& scenario, base::Executor* executor) {
  return Replay(scenario, executor).Run();
}

}  // namespace muster::conformance
