#include "sim/scenario/check.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/resource_units.h"
#include "quota/amount.h"

namespace muster::sim {
namespace {

class Checker {
 public:
  Checker(World* world, CheckResult* result) : world_(world), result_(result) {}

  void Jobs(const Expectations& expect) {
    for (const ExpectedJob& job : expect.jobs) Job(job);
  }
  void Queues(const Expectations& expect) {
    for (const ExpectedQueue& queue : expect.queues) Queue(queue);
  }
  void Happened(const Expectations& expect, const std::string& path, const std::vector<Happening>& happened);

 private:
  void Job(const ExpectedJob& expected);
  void Queue(const ExpectedQueue& expected);
  void Amounts(const ExpectedUsage& expected, const std::map<std::string, World::Usage>& usage,
               const std::string& path);
  void Names(const std::vector<std::string>& expected, const std::vector<std::string>& ids, const std::string& path);

  template <class T>
  void Same(const std::string& path, const T& is, const T& expected) {
    ++result_->checked;
    if (is == expected) return;
    result_->failures.push_back(absl::StrCat(path, ": is ", is, ", expected ", expected));
  }
  template <class T>
  void SameIf(const std::string& path, const T& is, const std::optional<T>& expected) {
    if (expected.has_value()) Same(path, is, *expected);
  }
  void Fail(std::string text) {
    ++result_->checked;
    result_->failures.push_back(std::move(text));
  }

  World* world_;
  CheckResult* result_;
};

void Checker::Job(const ExpectedJob& expected) {
  absl::StatusOr<const ScenarioJob*> found = world_->FindJob(expected.job);
  if (!found.ok()) {
    if (expected.state == "Absent" && found.status().code() == absl::StatusCode::kNotFound) {
      ++result_->checked;
    } else {
      Fail(absl::StrCat(expected.path, ": ", std::string(found.status().message())));
    }
    return;
  }
  const ScenarioJob& job = **found;
  if (!expected.state.empty()) {
    const std::string state = StateOf(*world_, job);
    // Who was evicted is pending, too.
    const bool same = state == expected.state || (expected.state == "Pending" && state == "Evicted");
    Same(absl::StrCat(expected.path, ".state"), same ? expected.state : state, expected.state);
  }
  int64_t running = 0, pods = 0, ready = 0;
  std::vector<std::string> reasons, messages;
  for (const size_t m : job.members) {
    const Member& member = world_->member(m);
    running += member.running;
    pods += world_->PodsOf(member);
    ready += world_->ReadyPodsOf(member);
    const api::Condition* reserved = api::FindCondition(member.object.status.conditions, "QuotaReserved");
    if (reserved == nullptr || reserved->status != "False") continue;
    reasons.push_back(reserved->reason);
    messages.push_back(reserved->message);
  }
  SameIf(absl::StrCat(expected.path, ".workloads"), static_cast<int64_t>(job.members.size()), expected.workloads);
  SameIf(absl::StrCat(expected.path, ".running"), running, expected.running);
  SameIf(absl::StrCat(expected.path, ".pods"), pods, expected.pods);
  SameIf(absl::StrCat(expected.path, ".podsReady"), ready, expected.pods_ready);
  SameIf(absl::StrCat(expected.path, ".evictions"), job.evictions, expected.evictions);
  if (expected.priority.has_value()) {
    const int64_t priority = job.members.empty() ? 0 : world_->member(job.members[0]).object.spec.priority.value_or(0);
    Same(absl::StrCat(expected.path, ".priority"), priority, *expected.priority);
  }
  if (!expected.reason.empty()) {
    const bool any = std::find(reasons.begin(), reasons.end(), expected.reason) != reasons.end();
    Same(absl::StrCat(expected.path, ".reason"),
         any ? expected.reason : absl::StrCat("\"", absl::StrJoin(reasons, "\", \""), "\""), expected.reason);
  }
  for (const std::string& piece : expected.message) {
    const bool any = std::any_of(messages.begin(), messages.end(),
                                 [&](const std::string& m) { return absl::StrContains(m, piece); });
    Same(absl::StrCat(expected.path, ".message"),
         any ? piece : absl::StrCat("\"", absl::StrJoin(messages, "\", \""), "\""), piece);
  }
  for (const auto& [type, condition] : expected.conditions) {
    const std::string path = absl::StrCat(expected.path, ".conditions[", type, "]");
    std::vector<std::string> seen;
    bool any = false;
    for (const size_t m : job.members) {
      const api::Condition* c = api::FindCondition(world_->member(m).object.status.conditions, type);
      if (c == nullptr) continue;
      seen.push_back(absl::StrCat(c->status, " (", c->reason, ")"));
      any |= (condition.status.empty() || c->status == condition.status) &&
             (condition.reason.empty() || c->reason == condition.reason);
    }
    const std::string want =
        absl::StrCat(condition.status, condition.reason.empty() ? "" : absl::StrCat(" (", condition.reason, ")"));
    Same(path, any ? want : seen.empty() ? "not there" : absl::StrJoin(seen, ", "), want);
  }
  for (const auto& [resource, flavor] : expected.flavors) {
    std::set<std::string> seen;
    for (const size_t m : job.members) {
      const auto& admission = world_->member(m).object.status.admission;
      if (!admission.has_value()) continue;
      for (const api::PodSetAssignment& set : admission->pod_set_assignments) {
        const auto it = set.flavors.find(resource);
        if (it != set.flavors.end()) seen.insert(it->second);
      }
    }
    Same(absl::StrCat(expected.path, ".flavors[", resource, "]"),
         seen.empty() ? std::string("none") : absl::StrJoin(seen, ", "), flavor);
  }
}

void Checker::Amounts(const ExpectedUsage& expected, const std::map<std::string, World::Usage>& usage,
                      const std::string& path) {
  for (const auto& entry : expected) {
    const auto& resource = entry.first;
    const auto& amount = entry.second;
    const auto it = usage.find(resource);
    if (it == usage.end()) {
      Fail(absl::StrCat(path, "[", resource, "]: the queue has no quota for it"));
      continue;
    }
    const auto compare = [&, &resource = entry.first](const char* what, int64_t is,
                                                      const std::optional<api::Quantity>& want) {
      if (!want.has_value()) return;
      Same(absl::StrCat(path, "[", resource, "]", what), api::FormatAmount(resource, is),
           api::FormatAmount(resource, api::CountedAmount(resource, *want)));
    };
    compare("", it->second.total, amount.total);
    compare(".borrowed", it->second.borrowed, amount.borrowed);
  }
}

void Checker::Queue(const ExpectedQueue& expected) {
  absl::StatusOr<std::string> name = world_->FindQueue(expected.queue);
  if (!name.ok()) return Fail(absl::StrCat(expected.path, ": ", std::string(name.status().message())));
  scheduler::Engine& engine = world_->driver().engine();
  const scheduler::ClusterQueueId id = *engine.FindClusterQueue(*name);
  if (expected.active.has_value()) {
    const scheduler::ClusterQueueStatus status = engine.StatusOf(*name);
    const std::string is = status.active ? "active" : absl::StrCat("inactive (", status.message, ")");
    const std::string want = *expected.active ? "active" : "inactive";
    Same(absl::StrCat(expected.path, ".active"), status.active == *expected.active ? want : is, want);
  }
  SameIf(absl::StrCat(expected.path, ".pending"), static_cast<int64_t>(engine.NumPending(id)), expected.pending);
  SameIf(absl::StrCat(expected.path, ".running"), static_cast<int64_t>(engine.Reserving(id).size()), expected.running);
  const auto by_flavor = world_->UsageOf(*name);
  std::map<std::string, World::Usage> total;
  for (const auto& [flavor, resources] : by_flavor) {
    for (const auto& [resource, usage] : resources) {
      World::Usage& sum = total[resource];
      sum.nominal = quota::Add(sum.nominal, usage.nominal);
      sum.total = quota::Add(sum.total, usage.total);
      sum.borrowed = quota::Add(sum.borrowed, usage.borrowed);
    }
  }
  Amounts(expected.usage, total, absl::StrCat(expected.path, ".usage"));
  for (const auto& [flavor, usage] : expected.flavors_usage) {
    const std::string path = absl::StrCat(expected.path, ".flavorsUsage[", flavor, "]");
    const auto it = by_flavor.find(flavor);
    if (it == by_flavor.end()) {
      Fail(absl::StrCat(path, ": the queue has no such flavor"));
    } else {
      Amounts(usage, it->second, path);
    }
  }
}

void Checker::Names(const std::vector<std::string>& expected, const std::vector<std::string>& ids,
                    const std::string& path) {
  ++result_->checked;
  bool same = expected.size() == ids.size();
  for (size_t i = 0; same && i < ids.size(); ++i) same = Means(expected[i], ids[i]);
  if (same) return;
  const auto list = [](const std::vector<std::string>& names) {
    return names.empty() ? std::string("nobody") : absl::StrJoin(names, ", ");
  };
  result_->failures.push_back(absl::StrCat(path, ": is ", list(ids), ", expected ", list(expected)));
}

void Checker::Happened(const Expectations& expect, const std::string& path, const std::vector<Happening>& happened) {
  const auto of = [&](Happening::Kind kind) {
    std::vector<std::string> ids;
    for (const Happening& h : happened) {
      if (h.kind == kind) ids.push_back(h.job);
    }
    return ids;
  };
  if (expect.started.has_value()) Names(*expect.started, of(Happening::Kind::kStarted), path + ".started");
  if (expect.finished.has_value()) Names(*expect.finished, of(Happening::Kind::kFinished), path + ".finished");
  if (!expect.evicted.has_value()) return;
  std::vector<std::string> names;
  for (const ExpectedEviction& e : *expect.evicted) names.push_back(e.job);
  Names(names, of(Happening::Kind::kEvicted), path + ".evicted");
  size_t i = 0;
  for (const Happening& h : happened) {
    if (h.kind != Happening::Kind::kEvicted) continue;
    if (i >= expect.evicted->size()) break;
    const ExpectedEviction& e = (*expect.evicted)[i];
    const std::string item = absl::StrCat(path, ".evicted[", i, "]");
    if (!e.reason.empty()) Same(item + ".reason", h.reason, e.reason);
    if (!e.by.empty()) Same(item + ".by", Means(e.by, h.by) ? e.by : h.by, e.by);
    ++i;
  }
}

}  // namespace

bool Means(const std::string& ref, const std::string& id) { return id == ref || absl::EndsWith(id, "/" + ref); }

std::string StateOf(const World& world, const ScenarioJob& job) {
  if (!job.governed) return "Ungoverned";
  if (job.finished) return "Finished";
  size_t running = 0;
  bool evicted = false;
  for (const size_t m : job.members) {
    running += world.member(m).running;
    evicted |= api::IsConditionTrue(world.member(m).object.status.conditions, "Evicted");
  }
  if (running > 0) return running == job.members.size() ? "Running" : "Partial";
  return evicted ? "Evicted" : "Pending";
}

CheckResult Check(const Expectations& expect, const std::string& path, const std::vector<Happening>& happened,
                  World* world) {
  CheckResult result;
  Checker checker(world, &result);
  checker.Jobs(expect);
  checker.Queues(expect);
  checker.Happened(expect, path, happened);
  return result;
}

}  // namespace muster::sim
