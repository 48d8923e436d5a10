#include "kube/client/leader_elector.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/time/clock.h"
#include "webhook/base/log.h"

namespace muster::kube {
namespace {

using webhook::LogLevel;

LeaderElection::Now Clocks() {
  return {absl::UnixEpoch() + absl::FromChrono(SteadyNow().time_since_epoch()), absl::Now()};
}

}  // namespace

absl::StatusOr<std::unique_ptr<LeaderElector>> LeaderElector::Start(const ApiEndpoint& endpoint,
                                                                    ElectionOptions options, uint64_t seed,
                                                                    Callbacks callbacks, const webhook::Log* log) {
  if (absl::Status status = CheckElectionOptions(options); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<RequestSender>> sender = RequestSender::New(endpoint, SenderOptions(), nullptr);
  if (!sender.ok()) return sender.status();
  return std::unique_ptr<LeaderElector>(
      new LeaderElector(*std::move(sender), std::move(options), seed, std::move(callbacks), log));
}

LeaderElector::LeaderElector(std::unique_ptr<RequestSender> sender, ElectionOptions options, uint64_t seed,
                             Callbacks callbacks, const webhook::Log* log)
    : sender_(std::move(sender)),
      timeout_(options.renew_deadline / 2),  // as client-go: a second try has to fit in
      callbacks_(std::move(callbacks)),
      log_(log),
      election_(std::move(options), seed) {
  thread_ = std::thread([this] { Run(); });
}

LeaderElector::~LeaderElector() { Stop(); }

void LeaderElector::Stop() {
  stop_.Set();
  if (thread_.joinable()) thread_.join();
}

std::string LeaderElector::holder() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return holder_;
}

void LeaderElector::Report(bool led) {
  if (election_.problem() != last_problem_) {
    last_problem_ = election_.problem();
    if (!last_problem_.empty()) log_->Write(LogLevel::kWarn, "leader election", {{"error", last_problem_}});
  }
  if (election_.holder() != last_holder_) {
    last_holder_ = election_.holder();
    log_->Write(LogLevel::kInfo, "leader election", {{"holder", last_holder_}});
    const std::lock_guard<std::mutex> lock(mutex_);
    holder_ = last_holder_;
  }
  const bool leads = election_.Leads(Clocks());
  if (leads && !led) {
    leads_ = true;
    callbacks_.leads();
  }
  if (led && !leads) {
    leads_ = false;
    callbacks_.lost();
  }
}

void LeaderElector::Run() {
  while (!stop_.is_set() && !election_.lost()) {
    const bool led = leads_;
    if (const std::optional<Request> request = election_.Next(Clocks())) {
      // Not beyond the end of what it is for.
      const absl::Duration timeout = std::min(timeout_, election_.NextTime() - Clocks().steady);
      election_.Answer(sender_->Send(*request, timeout), Clocks());
    }
    Report(led);
    const absl::Duration wait = election_.NextTime() - Clocks().steady;
    if (wait > absl::ZeroDuration() && !stop_.Sleep(wait)) break;
  }
  if (election_.lost()) return;
  if (const std::optional<Request> request = election_.Release(Clocks())) {
    leads_ = false;
    const Response response = sender_->Send(*request, timeout_);
    log_->Write(response.ok() ? LogLevel::kInfo : LogLevel::kWarn, "the lease was given up",
                {{"answer", response.code}, {"message", response.message}});
  }
}

}  // namespace muster::kube
