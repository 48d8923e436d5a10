#include "manager/loop/manager.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "base/check.h"
#include "manager/core/context.h"
#include "manager/core/finalizers.h"
#include "manager/core/local_queue_usage.h"
#include "manager/core/queue_reconcilers.h"
#include "manager/core/workload_reconciler.h"
#include "manager/elastic/ungater.h"
#include "manager/jobs/pods/reconcile_pods.h"
#include "manager/jobs/reconcile.h"
#include "manager/jobs/sets/sets.h"
#include "manager/provisioning/reconcile.h"
#include "manager/scheduling/decision_writes.h"
#include "manager/topology/node_health.h"
#include "manager/topology/ungater.h"
#include "manager/workload/conditions.h"

namespace muster::manager {
namespace {

using nlohmann::json;

// The job's own reconciler ends a slice that was replaced, with the job at hand; what it has not ended by then is ended
// for it.
constexpr absl::Duration kSliceGrace = absl::Milliseconds(100);

// Whether a was written before b. Versions that are no numbers cannot be told apart: the later told one counts.
bool IsOlder(const std::string& a, const std::string& b) {
  uint64_t x = 0, y = 0;
  return absl::SimpleAtoi(a, &x) && absl::SimpleAtoi(b, &y) && x < y;
}

// Of a Workload: "namespace/name".
kube::ObjectKey KeyOf(const std::string& workload) {
  const size_t slash = workload.find('/');
  return {&WorkloadType(), workload.substr(0, slash), workload.substr(slash + 1)};
}

// A write that took the last finalizer of an object that is being deleted answers with an object that is gone.
bool IsGoneWithThis(const kube::Object& object) {
  const json* finalizers = object.At("/metadata/finalizers");
  return object.deleting() && (finalizers == nullptr || finalizers->empty());
}

}  // namespace

Manager::Manager(ManagerOptions options, std::string instance)
    : world_(std::move(options)),
      engine_(world_.options.engine),
      feed_(world_, engine_),
      recorder_(std::move(instance)) {}

void Manager::Problem(const kube::ObjectKey& key, const absl::Status& status) {
  constexpr size_t kMost = 100;
  if (problems_.size() < kMost) problems_.push_back(absl::StrCat(key.Text(), ": ", status.message()));
}

void Manager::Observe(const kube::ObjectPtr& object, absl::Time now) {
  const kube::ObjectPtr before = world_.objects.Find(object->key());
  if (before != nullptr && before->uid() == object->uid()) {
    if (before->resource_version() == object->resource_version()) return;
    if (IsOlder(object->resource_version(), before->resource_version())) return;
  }
  world_.objects.Put(object);
  if (absl::Status status = feed_.Changed(object, now); !status.ok()) Problem(object->key(), status);
  if (before == nullptr && object->key().type == &LocalQueueType() && CountsUsage(world_.options)) {
    RememberUsage(*object, now, &engine_);
  }
  awake_ = awake_ || Wakes(before, *object);
  Enqueue(TriggersOf(world_, before, object), now);
}

void Manager::ObserveGone(const kube::ObjectKey& key, absl::Time now) {
  const kube::ObjectPtr before = world_.objects.Find(key);
  if (before == nullptr) return;
  world_.objects.Remove(key);
  world_.Forget(key);
  feed_.Gone(*before, now);
  Enqueue(TriggersOf(world_, before, nullptr), now);
}

bool Manager::Wakes(const kube::ObjectPtr& before, const kube::Object& object) const {
  const kube::ResourceType* type = &object.type();
  if (type == &WorkloadType() || type == &LocalQueueType()) return true;
  if (type != &ClusterQueueType()) return false;
  const json* said = before == nullptr ? nullptr : before->At("/status/conditions");
  const json* says = object.At("/status/conditions");
  return says != nullptr && (said == nullptr || *said != *says);
}

void Manager::Enqueue(const std::vector<Trigger>& triggers, absl::Time now) {
  for (const Trigger& trigger : triggers) {
    if (trigger.after == absl::ZeroDuration()) {
      queue_.Add(trigger.item);
    } else {
      queue_.AddAt(trigger.item, now + trigger.after);
    }
  }
}

Plan Manager::Reconcile(const Item& item, absl::Time now) {
  const Context context{world_, engine_, now};
  switch (item.controller) {
    case Controller::kWorkload:
      return ReconcileWorkload(context, item.key.ns, item.key.name);
    case Controller::kClusterQueue:
      return ReconcileClusterQueue(context, item.key.name);
    case Controller::kLocalQueue:
      if (CountsUsage(world_.options)) engine_.SampleLocalQueues(now);
      return ReconcileLocalQueue(context, item.key.ns, item.key.name);
    case Controller::kCohort:
      return ReconcileCohort(context, item.key.name);
    case Controller::kReferenced:
      return ReconcileReferenced(context, item.key);
    case Controller::kPriorityClass:
      return ReconcilePriorityClass(context, item.key.name);
    case Controller::kPods:
      return ReconcilePods(world_, item.key, now);
    case Controller::kStatefulSet:
      return ReconcileStatefulSet(world_, item.key.ns, item.key.name, now);
    case Controller::kPodOfStatefulSet:
      return ReconcilePodOfStatefulSet(world_, item.key.ns, item.key.name);
    case Controller::kLeaderWorkerSet:
      return ReconcileLeaderWorkerSet(world_, item.key.ns, item.key.name);
    case Controller::kProvisioning:
      return ReconcileProvisioning(world_, item.key.ns, item.key.name);
    case Controller::kProvisioningCheck:
      return ReconcileProvisioningCheck(world_, item.key.name, now);
    case Controller::kReplaceSlice:
      return ReplaceSlice(context, item.key.ns, item.key.name);
    case Controller::kUngateElastic:
      return UngateElastic(world_, item.key.ns, item.key.name);
    case Controller::kUngateByTopology:
      return UngateByTopology(world_, item.key.ns, item.key.name);
    case Controller::kNode:
      return ReconcileNode(world_, item.key.name, now);
    case Controller::kJob: {
      const api::JobKind* kind = api::FindJobKind(item.key.type->group, item.key.type->kind);
      return kind == nullptr ? Plan() : ReconcileJob(world_, *kind, item.key.ns, item.key.name, now);
    }
    case Controller::kVerify: {
      Plan plan;
      Step& step = plan.steps.emplace_back();
      step.request.verb = kube::Verb::kGet;
      step.request.key = item.key;
      step.gone_is_fine = true;
      return plan;
    }
  }
  return {};
}

std::vector<Outgoing> Manager::Work(absl::Time now) {
  // What a reconciler finds may wake the scheduler, and the reverse.
  do {
    Cycle(now);
    while (std::optional<Item> item = queue_.Take(now)) {
      Running running;
      running.plan = Reconcile(*item, now);
      if (item->controller == Controller::kVerify) {
        running.ended = [this, key = item->key](bool ok, absl::Time at) {
          if (ok) Verified(key, at);
        };
      }
      running.item = *std::move(item);
      Start(std::move(running), now);
    }
  } while (queue_.HasDue(now));
  return std::exchange(outgoing_, {});
}

void Manager::Cycle(absl::Time now) {
  awake_ = awake_ || engine_.NextTimer() <= now;
  engine_.Advance(now);
  if (!awake_) return;
  while (CarryOutDecisions(now) && !HoldsCycle() && engine_.HasPendingHeads() && !engine_.IsQuiet()) {
    if (observer_ != nullptr) observer_->CycleBegins();
    scheduler::CycleResult result = engine_.RunCycle(now);
    if (observer_ != nullptr) observer_->CycleEnded(result);
    if (!result.ran()) return;
    for (std::vector<scheduler::Decision>* decisions : {&result.entries, &result.rejected}) {
      for (scheduler::Decision& decision : *decisions) {
        if (decision.outcome == scheduler::Outcome::kAdmitted) {
          feed_.Assume(decision.identity->key, decision.identity->uid);
        }
        decided_.push_back(std::move(decision));
      }
    }
  }
  if (decided_.empty() && !HoldsCycle()) awake_ = engine_.HasPendingHeads();
}

bool Manager::MustWaitForPods(const scheduler::Decision& decision) const {
  const std::optional<PodsReadyOptions>& options = world_.options.pods_ready;
  if (!options.has_value() || !options->block_admission || decision.second_pass ||
      decision.outcome != scheduler::Outcome::kAdmitted) {
    return false;
  }
  // Those behind it hold nothing yet, whatever the engine says.
  std::set<std::string> decided;
  for (const scheduler::Decision& each : decided_) decided.insert(each.identity->key);
  return HoldersNotReady({world_, engine_, absl::InfinitePast()}, decided);
}

bool Manager::CarryOutDecisions(absl::Time now) {
  while (!decided_.empty()) {
    const scheduler::Decision& first = decided_.front();
    if (MustWaitForPods(first)) {
      if (!std::exchange(told_to_wait_, true)) {
        Running running;
        running.plan = WaitForPodsPlan({world_, engine_, now}, first);
        Start(std::move(running), now);
      }
      return false;
    }
    told_to_wait_ = false;
    scheduler::Decision decision = std::move(decided_.front());
    decided_.pop_front();
    CarryOutDecision(std::move(decision), now);
  }
  return true;
}

void Manager::CarryOutDecision(scheduler::Decision made, absl::Time now) {
  const auto decision = std::make_shared<const scheduler::Decision>(std::move(made));
  Running running;
  running.holds_cycle = true;
  std::vector<std::string> decided_about;
  // Events are about the object that was looked at: what is said of it more than once is one event with a count.
  const kube::ObjectKey key = KeyOf(decision->identity->key);
  const kube::ObjectPtr seen = world_.objects.Find(key);
  const auto about_seen = [key,
                           version = seen == nullptr ? "" : seen->resource_version()](std::vector<EventNote>* notes) {
    for (EventNote& note : *notes) {
      if (note.regarding == key && !version.empty()) note.resource_version = version;
    }
  };
  // What cannot be written, because it is not there any more, need not be.
  const auto add = [&](const scheduler::WorkloadIdentity& about,
                       std::function<absl::StatusOr<Plan>(const Context&)> make) {
    running.later.push_back({KeyOf(about.key), [this, about_seen, make = std::move(make)](absl::Time at) {
                               absl::StatusOr<Plan> plan = make({world_, engine_, at});
                               if (!plan.ok()) return Plan();
                               about_seen(&plan->events);
                               for (Step& step : plan->steps) about_seen(&step.events);
                               return *std::move(plan);
                             }});
  };
  const auto add_step = [&](const scheduler::WorkloadIdentity& about,
                            std::function<absl::StatusOr<Step>(const Context&)> make) {
    add(about, [make = std::move(make)](const Context& context) -> absl::StatusOr<Plan> {
      absl::StatusOr<Step> step = make(context);
      if (!step.ok()) return step.status();
      Plan plan;
      plan.steps.push_back(*std::move(step));
      return plan;
    });
  };
  const auto let_in = std::make_shared<bool>(false);  // there was something to write
  switch (decision->outcome) {
    case scheduler::Outcome::kAdmitted:
      add_step(*decision->identity, [decision, let_in](const Context& context) {
        absl::StatusOr<Step> step = AdmissionStep(context, *decision);
        *let_in = step.ok();
        return step;
      });
      decided_about.push_back(decision->identity->key);
      break;
    case scheduler::Outcome::kPreempting:
      for (const scheduler::PreemptionTarget& target : decision->targets) {
        if (!target.newly_evicted) continue;
        add_step(*target.identity,
                 [decision, &target](const Context& context) { return PreemptionStep(context, *decision, target); });
        decided_about.push_back(target.identity->key);
      }
      [[fallthrough]];
    case scheduler::Outcome::kPending:
    case scheduler::Outcome::kRefused:
      add(*decision->identity, [decision](const Context& context) { return PendingPlan(context, *decision); });
      break;
    case scheduler::Outcome::kEvicted:
      add_step(*decision->identity, [decision](const Context& context) { return NodeFailureStep(context, *decision); });
      decided_about.push_back(decision->identity->key);
      break;
  }
  running.ended = [this, decided_about, decision, let_in, holds = running.holds_cycle](bool ok, absl::Time at) {
    if (ok) {
      if (*let_in && decision->replaces != scheduler::kNoId) {
        queue_.AddAt({Controller::kReplaceSlice, KeyOf(decision->identity->key)}, at + kSliceGrace);
      }
      return;
    }
    for (const std::string& each : decided_about) Verify(KeyOf(each), holds, at);
  };
  Start(std::move(running), now);
}

// Whether the write was done is not known: nobody is given what the engine decided to give, or told to go, until it is.
void Manager::Verify(const kube::ObjectKey& object, bool holds_cycle, absl::Time now) {
  if (holds_cycle && verified_before_cycle_.insert(object).second) ++cycle_holders_;
  queue_.AddAt({Controller::kVerify, object}, now);
}

void Manager::Verified(const kube::ObjectKey& key, absl::Time now) {
  if (verified_before_cycle_.erase(key) > 0) --cycle_holders_;
  if (key.type != &WorkloadType()) return;
  if (absl::Status status = feed_.Retell(absl::StrCat(key.ns, "/", key.name), now); !status.ok()) Problem(key, status);
}

void Manager::Start(Running running, absl::Time now) {
  Say(running.plan.events, now);
  if (running.plan.steps.empty() && running.later.empty()) {
    End(std::move(running), running.plan.error.ok(), now);
    return;
  }
  if (running.holds_cycle) ++cycle_holders_;
  const int64_t id = next_id_++;
  running_[id] = std::move(running);
  Proceed(id, now);
}

void Manager::Proceed(int64_t id, absl::Time now) {
  Running& running = running_.at(id);
  while (running.at == running.plan.steps.size() && !running.later.empty()) {
    Later& later = running.later.front();
    if (being_written_.contains(later.about)) {
      held_back_by_[later.about].push_back(id);
      return;
    }
    running.plan = later.make(now);
    running.at = 0;
    running.later.pop_front();
    Say(running.plan.events, now);
  }
  if (running.at == running.plan.steps.size()) {
    Stop(id, true, now);
    return;
  }
  const kube::Request& request = running.plan.steps[running.at].request;
  ++being_written_[request.key];
  outgoing_.push_back({id, request, false});
}

void Manager::Stop(int64_t id, bool ok, absl::Time now) {
  const auto it = running_.find(id);
  Running ended = std::move(it->second);
  running_.erase(it);
  if (ended.holds_cycle) --cycle_holders_;
  End(std::move(ended), ok, now);
}

void Manager::Written(const kube::ObjectKey& key, absl::Time now) {
  const auto it = being_written_.find(key);
  if (--it->second > 0) return;
  being_written_.erase(it);
  const auto held = held_back_by_.find(key);
  if (held == held_back_by_.end()) return;
  const std::deque<int64_t> ids = std::move(held->second);
  held_back_by_.erase(held);
  // The first of them may write, and hold back the others again.
  for (const int64_t id : ids) Proceed(id, now);
}

void Manager::Answer(int64_t id, const kube::Response& response, absl::Time now) {
  const auto it = running_.find(id);
  MUSTER_CHECK(it != running_.end());
  Running& running = it->second;
  const Step step = running.plan.steps[running.at];
  const bool passed_over =
      (step.gone_is_fine && response.not_found()) || (step.exists_is_fine && response.already_exists());
  const bool failed = !response.ok() && !passed_over;
  if (failed && !response.conflict()) {
    Problem(step.request.key, absl::UnavailableError(absl::StrCat(kube::Summary(step.request), ": ", response.code, " ",
                                                                  response.reason, ": ", response.message)));
  }
  if (response.ok()) {
    // One's own writes are known before the watch tells of them.
    if (step.request.verb != kube::Verb::kDelete && response.object.is_object() && !step.request.dry_run) {
      absl::StatusOr<kube::ObjectPtr> object = kube::Object::Parse(response.object);
      if (!object.ok()) {
        Problem(step.request.key, object.status());
      } else if (!IsGoneWithThis(**object)) {
        Observe(*object, now);
      }
    }
    Say(step.events, now);
  }
  // What may have been done is looked up, and nothing is decided before: a job that was started a moment ago would be
  // taken for one that has stopped.
  if (response.code == 0 && step.request.verb != kube::Verb::kGet && !step.request.key.name.empty()) {
    Verify(step.request.key, /*holds_cycle=*/true, now);
  }
  ++running.at;
  if (failed && step.refusal.has_value()) {
    SayRefused(*step.refusal, response, now, &running);
    Proceed(id, now);
  } else if (failed) {
    Stop(id, false, now);
  } else {
    Proceed(id, now);
  }
  Written(step.request.key, now);
}

// What is left of the plan gives way to what is said about its end.
void Manager::SayRefused(Refusal refusal, const kube::Response& response, absl::Time now, Running* running) {
  const std::string message = absl::StrCat(refusal.message, response.message);
  refusal.event.message = Shorten(message, kMaxEventMessage);
  Say({refusal.event}, now);
  refusal.request.body[json::json_pointer(refusal.message_at)] = Shorten(message, kMaxConditionMessage);
  Step step;
  step.request = std::move(refusal.request);
  running->plan.steps = {std::move(step)};
  running->plan.error = absl::UnavailableError(message);
  running->at = 0;
}

void Manager::End(Running running, bool ok, absl::Time now) {
  if (running.item.has_value()) {
    const Item& item = *running.item;
    if (!running.plan.error.ok()) Problem(item.key, running.plan.error);
    if (observer_ != nullptr) observer_->LookedAt(item, ok && running.plan.error.ok());
    if (ok && running.plan.error.ok()) {
      queue_.Forget(item);
      if (running.plan.look_again.has_value()) queue_.AddAt(item, now + *running.plan.look_again);
    } else {
      queue_.AddAfterFailure(item, now);
    }
    queue_.Done(item);
  }
  if (running.ended) running.ended(ok, now);
}

void Manager::Say(const std::vector<EventNote>& notes, absl::Time now) {
  for (const EventNote& note : notes) {
    if (std::optional<kube::Request> request = recorder_.Record(note, now)) {
      outgoing_.push_back({0, *std::move(request), true});
    }
  }
}

absl::Time Manager::NextTime() const {
  if (!outgoing_.empty()) return absl::InfinitePast();
  if (!decided_.empty()) {
    if (!told_to_wait_ || !MustWaitForPods(decided_.front())) return absl::InfinitePast();
  } else if (awake_ && !HoldsCycle() && engine_.HasPendingHeads() && !engine_.IsQuiet()) {
    return absl::InfinitePast();
  }
  return std::min(queue_.NextTime(), engine_.NextTimer());
}

}  // namespace muster::manager
