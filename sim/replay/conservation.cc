#include "sim/replay/conservation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/resource_units.h"
#include "sim/replay/host_books.h"
#include "sim/replay/quota_books.h"

namespace muster::sim {
namespace {

using scheduler::Engine;

// A pod set as the job declares it.
struct Declared {
  std::string name;
  int32_t count = 0, min = 0;
  const api::ResourceList* requests = nullptr;
};

std::vector<Declared> DeclaredBy(const JobShape& job) {
  std::vector<Declared> sets;
  for (size_t i = 0; i < job.pods.size(); ++i) {
    Declared set{i == 0 ? "main" : absl::StrCat("rest-", i), job.pods[i].count,
                 job.pods[i].min_count > 0 ? job.pods[i].min_count : job.pods[i].count, &job.pods[i].requests};
    if (job.workload != nullptr && i < job.workload->spec.pod_sets.size()) {
      const api::PodSet& pod_set = job.workload->spec.pod_sets[i];
      set.name = pod_set.name;
      set.min = pod_set.min_count.value_or(pod_set.count);
    }
    sets.push_back(set);
  }
  return sets;
}

// What the check knows of one job.
struct Book {
  int64_t submitted_s = -1;
  int64_t started_s = 0;
  int32_t runs = 0;
  bool running = false, ended = false;
  double amount = 0;
  int64_t pods = 0;       // of the run
  absl::int128 done = 0;  // pod-seconds that count
  std::string cluster_queue;
  std::vector<scheduler::FlavorResourceAmount> held;
  std::vector<PlacedPods> placed;
};

}  // namespace

struct ConservationCheck::State {
  const Trace* trace = nullptr;
  const Engine* engine = nullptr;
  const ReplayPolicy* policy = nullptr;
  std::string resource;
  std::vector<Book> books;
  QuotaBooks quotas;
  HostBooks hosts;
  absl::Status status;
  Balance balance;
  double capacity = 0;  // nominal, now
  double held = 0;      // by runs, now
  double held_seconds = 0;
  bool quotas_changed = false;
  std::map<std::string, std::string> host_of;  // nodes of node groups
  std::map<std::string, bool> there;           // their hosts
  std::map<std::string, int64_t> pods_on;      // ... and what runs there
  int64_t last_s = 0, runs = 0, instants = 0;

  void Fail(int64_t now_s, const std::string& what) {
    if (status.ok()) status = absl::InternalError(absl::StrCat("check: at ", now_s, " s: ", what));
  }
  void Fail(int64_t now_s, size_t job, const std::string& what) {
    Fail(now_s, absl::StrCat("job ", trace->jobs[job].id, ": ", what));
  }
  void Adopt(const ReplaySetting& setting) {
    engine = setting.engine;
    policy = setting.policy;
    resource = setting.resource;
    capacity = 0;
    for (const api::ClusterQueue& cq : policy->cluster_queues) capacity += NominalOf(cq.resource_groups, resource);
    for (const api::Cohort& cohort : policy->cohorts) capacity += NominalOf(cohort.resource_groups, resource);
    hosts.SetNodes(policy->nodes);
  }
  void MoveNode(const WorldChange& change) {
    const std::string& host = host_of.at(change.name);
    there[host] = change.kind == WorldChange::Kind::kNodeLaunched;
    if (!there[host] && pods_on[host] > 0) {
      Fail(change.now_s, absl::StrCat(host, " goes away while ", pods_on[host], " pods run there"));
    }
  }
  // `pods` start, or end, on their host.
  void CheckThere(int64_t now_s, size_t job, const PlacedPods& pods, int sign) {
    const auto host = there.find(pods.domain);
    if (host == there.end()) return;
    pods_on[pods.domain] += sign * pods.pods;
    if (sign > 0 && !host->second) Fail(now_s, job, absl::StrCat("starts on ", pods.domain, ", which is not there"));
  }
  // Lets time pass.
  void Pass(int64_t now_s) {
    if (now_s < last_s) Fail(now_s, absl::StrCat("time went back from ", last_s, " s"));
    const double dt = static_cast<double>(now_s - last_s);
    balance.capacity += capacity * dt;
    held_seconds += held * dt;
    last_s = now_s;
  }
  // Whether a run has to hold exactly what its pods ask for.
  bool Literal(const JobShape& job) const {
    return job.workload == nullptr && policy->options.transformations.empty() &&
           policy->options.exclude_resource_prefixes.empty() &&
           policy->options.quota_check == scheduler::QuotaCheckStrategy::kBlockUndeclared &&
           policy->limit_ranges.empty() && policy->runtime_classes.empty();
  }
  void CheckGang(const RunStart& event, const api::Admission& admission, Book* book);
  void CheckHeld(const RunStart& event, const api::Admission& admission, const Book& book);
};

void ConservationCheck::State::CheckGang(const RunStart& event, const api::Admission& admission, Book* book) {
  const std::vector<Declared> declared = DeclaredBy(trace->ShapeOf(trace->jobs[event.job]));
  book->pods = 0;
  if (admission.pod_set_assignments.size() != declared.size()) {
    return Fail(event.now_s, event.job,
                absl::StrCat(admission.pod_set_assignments.size(), " pod sets run, of ", declared.size()));
  }
  for (size_t i = 0; i < declared.size(); ++i) {
    const api::PodSetAssignment& got = admission.pod_set_assignments[i];
    const int32_t count = got.count.value_or(0);
    book->pods += count;
    if (count < declared[i].min || count > declared[i].count) {
      return Fail(
          event.now_s, event.job,
          absl::StrCat("pod set ", got.name, ": ", count, " pods run, declared are ", declared[i].count,
                       declared[i].min < declared[i].count ? absl::StrCat(", at least ", declared[i].min) : ""));
    }
    if (!got.topology_assignment.has_value()) continue;
    int32_t placed = 0;
    for (const api::TopologyDomainAssignment& domain : got.topology_assignment->domains) {
      placed += domain.count;
      PlacedPods pods{DomainName(got.topology_assignment->levels, domain.values), domain.count, *declared[i].requests};
      hosts.Place(got.topology_assignment->levels, domain.values, pods);
      CheckThere(event.now_s, event.job, pods, +1);
      book->placed.push_back(std::move(pods));
    }
    if (placed != count) {
      return Fail(event.now_s, event.job,
                  absl::StrCat("pod set ", got.name, ": ", placed, " pods have a place, ", count, " run"));
    }
  }
}

void ConservationCheck::State::CheckHeld(const RunStart& event, const api::Admission& admission, const Book& book) {
  const JobShape& job = trace->ShapeOf(trace->jobs[event.job]);
  if (!Literal(job)) return;
  std::map<std::string, int64_t> expected, held;
  for (size_t i = 0; i < job.pods.size() && i < admission.pod_set_assignments.size(); ++i) {
    const int64_t count = admission.pod_set_assignments[i].count.value_or(0);
    for (const auto& [name, amount] : job.pods[i].requests) expected[name] += count * api::CountedAmount(name, amount);
  }
  for (const scheduler::FlavorResourceAmount& a : book.held) held[a.resource] += a.amount;
  if (held.contains("pods")) expected["pods"] = book.pods;
  for (const auto& [name, amount] : expected) {
    const auto it = held.find(name);
    const int64_t got = it == held.end() ? 0 : it->second;
    if (got != amount)
      Fail(event.now_s, event.job, absl::StrCat("holds ", got, " of ", name, ", its pods ask for ", amount));
  }
  for (const auto& [name, amount] : held) {
    if (amount != 0 && !expected.contains(name)) {
      Fail(event.now_s, event.job, absl::StrCat("holds ", amount, " of ", name, ", which it never asked for"));
    }
  }
}

ConservationCheck::ConservationCheck(const Trace* trace) : state_(std::make_unique<State>()) { state_->trace = trace; }
ConservationCheck::~ConservationCheck() = default;

void ConservationCheck::OnBegin(const ReplaySetting& setting) {
  state_->books.resize(state_->trace->jobs.size());
  state_->last_s = setting.begin_s;
  state_->Adopt(setting);
  if (setting.scaled_nodes == nullptr) return;
  for (const auto& [node, host] : *setting.scaled_nodes) {
    state_->host_of[node] = host;
    state_->there[host] = false;
  }
}

void ConservationCheck::OnSubmit(const JobSubmit& event) {
  State& s = *state_;
  Book& book = s.books[event.job];
  s.Pass(event.now_s);
  if (book.submitted_s >= 0) s.Fail(event.now_s, event.job, "is submitted twice");
  if (event.now_s < s.trace->jobs[event.job].submit_s) {
    s.Fail(event.now_s, event.job, absl::StrCat("arrives before ", s.trace->jobs[event.job].submit_s, " s"));
  }
  book.submitted_s = event.now_s;
}

void ConservationCheck::OnStart(const RunStart& event) {
  State& s = *state_;
  Book& book = s.books[event.job];
  s.Pass(event.now_s);
  ++s.runs;
  if (book.submitted_s < 0) s.Fail(event.now_s, event.job, "starts before it was submitted");
  if (book.running) s.Fail(event.now_s, event.job, absl::StrCat("starts again while its run ", book.runs, " goes on"));
  if (book.ended) s.Fail(event.now_s, event.job, "starts after it ended");
  if (event.run != book.runs + 1)
    s.Fail(event.now_s, event.job, absl::StrCat("run ", event.run, " follows ", book.runs));
  const auto admission = s.engine->AdmissionOf(event.decision->workload);
  if (!admission.has_value()) return s.Fail(event.now_s, event.job, "starts and holds no quota");
  book.running = true;
  book.runs = event.run;
  book.started_s = event.now_s;
  book.amount = event.amount;
  book.cluster_queue = admission->cluster_queue;
  book.held = s.engine->ReservedUsage(event.decision->workload);
  s.held += event.amount;
  s.quotas.Take(book.cluster_queue, book.held);
  s.CheckGang(event, *admission, &book);
  s.CheckHeld(event, *admission, book);
}

void ConservationCheck::OnStop(const RunStop& event) {
  State& s = *state_;
  Book& book = s.books[event.job];
  s.Pass(event.now_s);
  if (!book.running || event.run != book.runs) {
    return s.Fail(event.now_s, event.job, absl::StrCat("run ", event.run, " stops, and is not running"));
  }
  const int64_t length_s = event.now_s - book.started_s;
  const int64_t useful_s = length_s - event.lost_s - event.overhead_s;
  if (event.started_s != book.started_s || event.amount != book.amount) {
    s.Fail(event.now_s, event.job,
           absl::StrFormat("its run began at %d s with %.10g, and ends as one of %d s with %.10g", book.started_s,
                           book.amount, event.started_s, event.amount));
  }
  if (event.lost_s < 0 || event.overhead_s < 0 || useful_s < 0) {
    s.Fail(event.now_s, event.job,
           absl::StrCat("of a run of ", length_s, " s, ", event.lost_s, " s are lost and ", event.overhead_s,
                        " s overhead"));
  }
  book.running = false;
  book.ended = IsLast(event.cause);
  book.done += absl::int128(useful_s) * book.pods;
  s.held -= book.amount;
  s.balance.useful += book.amount * static_cast<double>(useful_s);
  s.balance.lost += book.amount * static_cast<double>(event.lost_s);
  s.balance.overhead += book.amount * static_cast<double>(event.overhead_s);
  s.quotas.GiveBack(book.cluster_queue, book.held);
  for (const PlacedPods& pods : book.placed) {
    s.hosts.Remove(pods);
    s.CheckThere(event.now_s, event.job, pods, -1);
  }
  book.placed.clear();
  if (event.cause != StopCause::kFinished) return;
  // A run of fewer pods than declared takes longer in proportion, and what is left is done to the next whole second.
  const Job& job = s.trace->jobs[event.job];
  int64_t declared = 0;
  bool elastic = false;
  for (const Declared& set : DeclaredBy(s.trace->ShapeOf(job))) {
    declared += set.count;
    elastic |= set.min < set.count;
  }
  const absl::int128 needed = absl::int128(job.duration_s) * declared;
  if (book.done < needed || book.done >= needed + (elastic ? std::max<int64_t>(1, book.pods) : 1)) {
    s.Fail(event.now_s, event.job,
           absl::StrFormat("finishes with %.0f pod-seconds of work done, its duration is %.0f",
                           static_cast<double>(book.done), static_cast<double>(needed)));
  }
}

void ConservationCheck::OnChange(const WorldChange& change) {
  state_->Pass(change.now_s);
  if (change.kind == WorldChange::Kind::kPolicy) {
    state_->quotas_changed = true;
    state_->Adopt(*change.setting);
    return state_->quotas.Settle(*state_->engine);
  }
  if (change.kind == WorldChange::Kind::kNodeLaunched || change.kind == WorldChange::Kind::kNodeRemoved) {
    return state_->MoveNode(change);
  }
  for (const api::Node& node : change.setting->policy->nodes) {
    if (node.metadata.name == change.name) state_->hosts.SetNode(node);
  }
}

void ConservationCheck::OnInstant(int64_t now_s) {
  State& s = *state_;
  ++s.instants;
  s.Pass(now_s);
  if (absl::Status v = s.quotas.Verify(*s.engine); !v.ok()) s.Fail(now_s, std::string(v.message()));
  if (absl::Status v = s.hosts.Verify(s.policy->options.strict_topology); !v.ok()) {
    s.Fail(now_s, std::string(v.message()));
  }
}

void ConservationCheck::OnEnd(int64_t now_s) {
  State& s = *state_;
  s.Pass(now_s);
  if (absl::Status v = s.quotas.VerifyAll(*s.engine); !v.ok()) s.Fail(now_s, std::string(v.message()));
  Balance& b = s.balance;
  b.open = 0;
  for (const Book& book : s.books) {
    if (book.running) b.open += book.amount * static_cast<double>(now_s - book.started_s);
  }
  const double used = b.useful + b.lost + b.overhead + b.open;
  b.idle = b.capacity - used;
  const double slack = 1e-9 * std::max(1.0, std::max(b.capacity, used));
  if (std::abs(used - s.held_seconds) > slack) {
    s.Fail(now_s, absl::StrFormat("%.10g %s-seconds were held, and %.10g are accounted for", s.held_seconds, s.resource,
                                  used));
  }
  if (b.idle < -slack && !s.quotas_changed) {
    s.Fail(now_s, absl::StrFormat("%.10g %s-seconds were used of %.10g", used, s.resource, b.capacity));
  }
}

absl::Status ConservationCheck::status() const { return state_->status; }
const Balance& ConservationCheck::balance() const { return state_->balance; }
int64_t ConservationCheck::runs() const { return state_->runs; }
int64_t ConservationCheck::instants() const { return state_->instants; }
int64_t ConservationCheck::overcommitted() const { return state_->hosts.overcommitted(); }
const std::string& ConservationCheck::first_overcommitted() const { return state_->hosts.first_overcommitted(); }

}  // namespace muster::sim
