#include "kube/client/leader_election.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"

namespace muster::kube {
namespace {

using nlohmann::json;

// client-go's: waits of those who do not lead are between one and 2.2 retry periods, so that they do not come in step.
constexpr double kJitter = 1.2;
// A Lease that says it lasts longer, or no time at all, is one that nobody made.
constexpr int64_t kMaxLeaseSeconds = 3600;

std::string MicroTime(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone()); }

const json& SpecOf(const json& lease) {
  static const json& nothing = *new json(json::object());
  const auto found = lease.is_object() ? lease.find("spec") : lease.end();
  return lease.is_object() && found != lease.end() && found->is_object() ? *found : nothing;
}

std::string StringIn(const json& spec, const char* key) {
  const auto found = spec.find(key);
  return found != spec.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int64_t NumberIn(const json& spec, const char* key, int64_t otherwise) {
  const auto found = spec.find(key);
  return found != spec.end() && found->is_number_integer() ? found->get<int64_t>() : otherwise;
}

const ResourceType& LeaseType() {
  static const ResourceType& type = TypeOf("coordination.k8s.io", "Lease");
  return type;
}

}  // namespace

absl::Status CheckElectionOptions(const ElectionOptions& options) {
  if (options.lease_duration < absl::Seconds(1)) {
    return absl::InvalidArgumentError("leaderElection.leaseDuration: must be at least a second");
  }
  if (options.lease_duration <= options.renew_deadline) {
    return absl::InvalidArgumentError("leaderElection.leaseDuration: must be greater than renewDeadline");
  }
  if (options.retry_period <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("leaderElection.retryPeriod: must be greater than zero");
  }
  if (options.renew_deadline <= options.retry_period * kJitter) {
    return absl::InvalidArgumentError("leaderElection.renewDeadline: must be greater than 1.2 times retryPeriod");
  }
  if (options.ns.empty()) return absl::InvalidArgumentError("leaderElection.resourceNamespace: must be set");
  if (options.name.empty()) return absl::InvalidArgumentError("leaderElection.resourceName: must be set");
  return absl::OkStatus();
}

LeaderElection::LeaderElection(ElectionOptions options, uint64_t seed)
    : options_(std::move(options)), random_(seed), next_(absl::InfinitePast()), renewed_(absl::InfinitePast()) {
  MUSTER_CHECK(CheckElectionOptions(options_).ok());
}

Request LeaderElection::Base(Verb verb) const {
  Request request;
  request.verb = verb;
  request.key = {&LeaseType(), options_.ns, options_.name};
  return request;
}

// The Lease with this replica as its holder.
Request LeaderElection::Write(Verb verb, const Now& now) {
  Request request = Base(verb);
  json lease = verb == Verb::kCreate ? json{{"apiVersion", LeaseType().ApiVersion()},
                                            {"kind", "Lease"},
                                            {"metadata", {{"name", options_.name}, {"namespace", options_.ns}}}}
                                     : lease_;
  if (verb == Verb::kCreate) request.key.name = "";
  json& spec = lease["spec"];
  if (!spec.is_object()) spec = json::object();
  const bool mine = verb != Verb::kCreate && HoldsObserved();
  spec["holderIdentity"] = options_.identity;
  spec["leaseDurationSeconds"] = absl::ToInt64Seconds(options_.lease_duration);
  spec["renewTime"] = MicroTime(now.wall);
  if (!mine || !spec.contains("acquireTime")) spec["acquireTime"] = MicroTime(now.wall);
  if (verb == Verb::kCreate) {
    spec["leaseTransitions"] = 0;
  } else if (!mine) {
    spec["leaseTransitions"] = NumberIn(spec, "leaseTransitions", 0) + 1;
  }
  request.body = std::move(lease);
  return request;
}

void LeaderElection::Observe(const json& lease, absl::Time steady) {
  if (SpecOf(lease_) != SpecOf(lease) || lease_.is_null()) observed_ = steady;
  lease_ = lease;
  holder_ = StringIn(SpecOf(lease_), "holderIdentity");
}

bool LeaderElection::ObservedIsValid(absl::Time steady) const {
  int64_t seconds = NumberIn(SpecOf(lease_), "leaseDurationSeconds", -1);
  if (seconds < 0 || seconds > kMaxLeaseSeconds) seconds = absl::ToInt64Seconds(options_.lease_duration);
  return !lease_.is_null() && observed_ + absl::Seconds(seconds) > steady;
}

bool LeaderElection::Leads(const Now& now) {
  if (leads_ && !lost_) {
    // The second is stricter than client-go: a process that slept does not write before it has asked.
    const bool too_late = (in_round_ && now.steady >= round_ends_) || now.steady >= renewed_ + options_.lease_duration;
    if (too_late) lost_ = true;
  }
  return leads_ && !lost_;
}

absl::Time LeaderElection::NextTime() const {
  if (lost_) return absl::InfiniteFuture();
  const absl::Time end =
      leads_ ? std::min(in_round_ ? round_ends_ : absl::InfiniteFuture(), renewed_ + options_.lease_duration)
             : absl::InfiniteFuture();
  if (then_.has_value()) return absl::InfinitePast();
  return awaits_ == Awaits::kNothing ? std::min(next_, end) : end;
}

std::optional<Request> LeaderElection::Next(const Now& now) {
  (void)Leads(now);
  if (lost_) return std::nullopt;
  if (then_.has_value()) {
    sent_ = now.steady;
    return std::exchange(then_, std::nullopt);
  }
  if (awaits_ != Awaits::kNothing || now.steady < next_) return std::nullopt;
  if (leads_ && !in_round_) {
    in_round_ = true;
    round_ends_ = now.steady + options_.renew_deadline;
  }
  sent_ = now.steady;
  // Whoever leads knows the Lease: it was the last to write it.
  if (leads_ && !read_first_ && ObservedIsValid(now.steady)) {
    awaits_ = Awaits::kRenewal;
    return Write(Verb::kUpdate, now);
  }
  awaits_ = Awaits::kRead;
  return Base(Verb::kGet);
}

void LeaderElection::Answer(const Response& response, const Now& now) {
  MUSTER_CHECK(awaits_ != Awaits::kNothing && !then_.has_value());
  const Awaits awaited = std::exchange(awaits_, Awaits::kNothing);
  if (awaited == Awaits::kRead) {
    if (response.not_found()) {
      lease_ = nullptr;
      holder_.clear();
      awaits_ = Awaits::kCreate;
      then_ = Write(Verb::kCreate, now);
      return;
    }
    if (!response.ok()) {
      problem_ = absl::StrCat("the Lease ", options_.ns, "/", options_.name, " cannot be read: ", response.code, " ",
                              response.reason, ": ", response.message);
      return Failed(now);
    }
    Observe(response.object, now.steady);
    problem_.clear();
    if (!holder_.empty() && !HoldsObserved() && ObservedIsValid(now.steady)) {
      // client-go goes on until the deadline, as one of two.
      if (leads_) lost_ = true;
      return Failed(now);
    }
    awaits_ = Awaits::kUpdate;
    then_ = Write(Verb::kUpdate, now);
    return;
  }
  if (response.ok()) {
    Observe(response.object, now.steady);
    problem_.clear();
    return Succeeded(now);
  }
  read_first_ = true;
  // A renewal that was overtaken is tried anew at once, with what is there now.
  if (awaited == Awaits::kRenewal && response.conflict()) {
    awaits_ = Awaits::kRead;
    then_ = Base(Verb::kGet);
    return;
  }
  if (!response.conflict() && !response.already_exists()) {
    problem_ = absl::StrCat("the Lease ", options_.ns, "/", options_.name, " cannot be written: ", response.code, " ",
                            response.reason, ": ", response.message);
  }
  Failed(now);
}

void LeaderElection::Succeeded(const Now& now) {
  leads_ = true;
  in_round_ = false;
  read_first_ = false;
  renewed_ = sent_;
  next_ = now.steady + options_.retry_period;
}

void LeaderElection::Failed(const Now& now) {
  if (leads_) {
    next_ = now.steady + options_.retry_period;
    (void)Leads(now);
    return;
  }
  constexpr double kScale = 1.0 / (uint64_t{1} << 53);
  const double chance = static_cast<double>(random_() >> 11) * kScale;
  next_ = now.steady + options_.retry_period * (1 + kJitter * chance);
}

std::optional<Request> LeaderElection::Release(const Now& now) {
  if (then_.has_value()) {
    then_.reset();
    awaits_ = Awaits::kNothing;
  }
  MUSTER_CHECK(awaits_ == Awaits::kNothing);
  if (!Leads(now) || !HoldsObserved()) return std::nullopt;
  Request request = Write(Verb::kUpdate, now);
  json& spec = request.body["spec"];
  spec["holderIdentity"] = "";
  spec["leaseDurationSeconds"] = 1;
  spec["acquireTime"] = spec["renewTime"];
  leads_ = false;
  lost_ = true;
  return request;
}

}  // namespace muster::kube
