#include "manager/process/process.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "kube/client/cache_figures.h"
#include "kube/client/waiting.h"
#include "webhook/base/log.h"

namespace muster::manager {
namespace {

using webhook::LogLevel;

// Time passes also for who only waits: nothing hangs on a timer alone.
constexpr absl::Duration kMostWait = absl::Seconds(1);
constexpr absl::Duration kPatienceForGauges = absl::Seconds(2);

std::vector<const kube::ResourceType*> TypesOf(const std::vector<WatchedType>& watched) {
  std::vector<const kube::ResourceType*> types;
  for (const WatchedType& each : watched) types.push_back(each.type);
  return types;
}

}  // namespace

ManagerProcess::ManagerProcess(ProcessOptions options, std::function<void(const absl::Status&)> on_end,
                               const webhook::Log* log)
    : options_(std::move(options)),
      on_end_(std::move(on_end)),
      log_(log),
      metrics_(options_.metrics),
      budget_(options_.budget),
      replica_(options_.manager, options_.instance, TypesOf(WatchedTypes(options_.manager))) {
  replica_.set_observer(&metrics_);
  replica_.set_on_workload([this](const kube::ObjectPtr& before, const kube::ObjectPtr& after, absl::Time now) {
    metrics_.WorkloadChanged(before, after, now);
  });
}

absl::StatusOr<std::unique_ptr<ManagerProcess>> ManagerProcess::Start(const kube::ApiEndpoint& endpoint,
                                                                      ProcessOptions options,
                                                                      std::function<void(const absl::Status&)> on_end,
                                                                      const webhook::Log* log) {
  std::unique_ptr<ManagerProcess> process(new ManagerProcess(std::move(options), std::move(on_end), log));
  ManagerProcess* const self = process.get();
  auto writers = Writers::Start(endpoint, self->options_.writers, &self->budget_,
                                [self](const Outgoing& outgoing, kube::Response response, absl::Duration took) {
                                  self->metrics_.Answered(outgoing.request, response.code, took);
                                  if (outgoing.is_event) return;
                                  self->inputs_.Push(AnswerInput{outgoing.id, std::move(response)});
                                });
  if (!writers.ok()) return writers.status();
  self->writers_ = *std::move(writers);
  kube::ReflectorOptions reflector = self->options_.reflector;
  reflector.seed += self->options_.seed;
  self->watchers_ =
      std::make_unique<Watchers>(endpoint, WatchedTypes(self->options_.manager), reflector, &self->inputs_, log);
  self->loop_ = std::thread([self] { self->Run(); });
  if (!self->options_.leader_election) {
    self->Lead();
    return process;
  }
  auto elector = kube::LeaderElector::Start(endpoint, self->options_.election, self->options_.seed,
                                            {[self] { self->Lead(); },
                                             [self] {
                                               // From here on another may lead.
                                               self->budget_.Stop();
                                               self->End(absl::AbortedError("leader election lost"));
                                             }},
                                            log);
  if (!elector.ok()) return elector.status();
  self->elector_ = *std::move(elector);
  return process;
}

ManagerProcess::~ManagerProcess() { Stop(absl::ZeroDuration()); }

bool ManagerProcess::Stop(absl::Duration patience) {
  stopping_ = true;
  inputs_.Push(CallInput{[](Replica&) {}});
  if (loop_.joinable()) loop_.join();
  const bool all = writers_ == nullptr || writers_->Stop(patience);
  if (elector_ != nullptr) elector_->Stop();
  return all;
}

void ManagerProcess::Lead() {
  metrics_.Lead();
  leads_ = true;
  inputs_.Push(CallInput{[](Replica& replica) { replica.Lead(); }});
  log_->Write(LogLevel::kInfo, "this replica leads");
}

void ManagerProcess::End(const absl::Status& status) {
  if (stopping_ || ended_.exchange(true)) return;
  log_->Write(LogLevel::kError, "there is no going on", {{"error", std::string(status.message())}});
  on_end_(status);
}

absl::Time ManagerProcess::Now() {
  last_now_ = std::max(last_now_, absl::Now());
  return last_now_;
}

void ManagerProcess::Take(Input input, absl::Time now) {
  struct Taker {
    Replica& replica;
    absl::Time now;
    void operator()(ListedInput& listed) const {
      replica.Listed(*listed.type, std::move(listed.objects), listed.version, now);
    }
    void operator()(ToldInput& told) const { replica.Told(told.object, now); }
    void operator()(GoneInput& gone) const { replica.Gone(gone.key, gone.version, now); }
    void operator()(AnswerInput& answer) const { replica.Answer(answer.id, std::move(answer.response), now); }
    void operator()(CallInput& call) const { call.call(replica); }
  };
  std::visit(Taker{replica_, now}, input);
}

void ManagerProcess::Run() {
  while (!stopping_) {
    const absl::Duration wait = std::clamp(replica_.NextTime() - Now(), absl::ZeroDuration(), kMostWait);
    std::deque<Input> inputs = inputs_.TakeAll(kube::After(wait));
    const kube::SteadyTime start = kube::SteadyNow();
    const absl::Time now = Now();
    for (Input& input : inputs) Take(std::move(input), now);
    if (!replica_.status().ok()) return End(replica_.status());
    if (!was_synced_ && replica_.synced()) {
      was_synced_ = true;
      log_->Write(LogLevel::kInfo, "all objects are known", {{"objects", replica_.manager().world().objects.size()}});
    }
    if (stopping_) return;
    for (Outgoing& outgoing : replica_.Work(now)) writers_->Push(std::move(outgoing));
    for (const std::string& problem : replica_.TakeProblems()) {
      log_->Write(LogLevel::kWarn, "looked at again later", {{"problem", problem}});
    }
    metrics_.LoopTook(kube::Since(start));
  }
}

bool ManagerProcess::Ready(std::string* checks) const {
  const std::string problems = kube::CacheProblems(watchers_->figures());
  absl::StrAppend(checks, problems.empty() ? "[+]caches ok\n" : absl::StrCat("[-]caches: ", problems, "\n"));
  const bool ending = stopping_ || ended_;
  absl::StrAppend(checks, ending ? "[-]shutdown: shutting down\n" : "[+]shutdown ok\n");
  return problems.empty() && !ending;
}

std::string ManagerProcess::MetricsText() {
  std::vector<prometheus::MetricFamily> gauges;
  {
    std::unique_lock<std::mutex> lock(gauges_mutex_);
    const int64_t asked = ++gauges_asked_;
    inputs_.Push(CallInput{[this, asked](Replica& replica) {
      std::vector<prometheus::MetricFamily> made = metrics_.GaugesOf(replica.manager());
      {
        const std::lock_guard<std::mutex> inner(gauges_mutex_);
        gauges_ = std::move(made);
        gauges_made_ = asked;
      }
      gauges_changed_.notify_all();
    }});
    gauges_changed_.wait_until(lock, kube::After(kPatienceForGauges), [&] { return gauges_made_ >= asked; });
    gauges = gauges_;  // those of before, when the loop has much to do
  }
  ProcessFigures figures;
  figures.caches = watchers_->figures();
  figures.inputs_waiting = static_cast<int64_t>(inputs_.size());
  const WriterFigures writers = writers_->figures();
  figures.writes_waiting = writers.waiting;
  figures.writes_under_way = writers.under_way;
  figures.events_dropped = writers.events_dropped;
  return metrics_.Text(std::move(gauges), figures);
}

}  // namespace muster::manager
