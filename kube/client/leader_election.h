// Who of several replicas leads: whoever holds a Lease and renews it. As client-go does it, without threads, sockets or
// clock: time and what the API server answered go in, requests come out.
//
//   LeaderElection election(options, seed);
//   for (;;) {
//     if (std::optional<Request> request = election.Next(now)) election.Answer(send(*request), now);
//     if (election.lost()) end the process;
//     wait until election.NextTime();
//   }
//   send(*election.Release(now))  // at the end, so that others need not wait
//
// A Lease is believed for its duration from when its last change was seen, by the own clock: clocks of machines need not
// agree, but they have to run at about the same speed.
// Source of the rules: client-go, tools/leaderelection.
#ifndef MUSTER_KUBE_CLIENT_LEADER_ELECTION_H_
#define MUSTER_KUBE_CLIENT_LEADER_ELECTION_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kube/request.h"

namespace muster::kube {

struct ElectionOptions {
  std::string ns;
  std::string name;      // of the Lease
  std::string identity;  // of this replica; no other has it
  absl::Duration lease_duration = absl::Seconds(15);
  absl::Duration renew_deadline = absl::Seconds(10);
  absl::Duration retry_period = absl::Seconds(2);
};

// Errors: InvalidArgument for times that do not go together, as in client-go, with the fields as a Configuration has them.
absl::Status CheckElectionOptions(const ElectionOptions& options);

// Thread-compatible.
class LeaderElection {
 public:
  // By two clocks: one for deadlines, that nobody sets; one on the wall, for people who read the Lease.
  struct Now {
    absl::Time steady;
    absl::Time wall;
  };

  // REQUIRES: options pass CheckElectionOptions. `seed`: of the chance in waits.
  LeaderElection(ElectionOptions options, uint64_t seed);

  // What to send now; nothing while an answer is awaited, before NextTime(), and once the lease is lost.
  std::optional<Request> Next(const Now& now);
  // To the last request. Code 0: there was no answer.
  void Answer(const Response& response, const Now& now);

  // Whether this replica leads. Looks at the time: false as soon as others may think that nobody does.
  bool Leads(const Now& now);
  // It led and does not any more, for good.
  bool lost() const { return lost_; }
  // When Next or Leads has to be called next, by the steady clock; InfiniteFuture once lost.
  absl::Time NextTime() const;

  // The write that gives the Lease up; nothing when it is not held. REQUIRES: no answer is awaited.
  std::optional<Request> Release(const Now& now);

  // Who held the Lease when it was last seen; "" = nobody, or it was never seen.
  const std::string& holder() const { return holder_; }
  // What last went wrong, "" when nothing did: "the Lease g/l cannot be read: 403 Forbidden: …".
  const std::string& problem() const { return problem_; }

 private:
  enum class Awaits : uint8_t { kNothing, kRead, kCreate, kRenewal, kUpdate };
  Request Base(Verb verb) const;
  Request Write(Verb verb, const Now& now);
  void Observe(const nlohmann::json& lease, absl::Time steady);
  bool ObservedIsValid(absl::Time steady) const;
  bool HoldsObserved() const { return holder_ == options_.identity; }
  void Succeeded(const Now& now);
  void Failed(const Now& now);

  const ElectionOptions options_;
  std::mt19937_64 random_;

  Awaits awaits_ = Awaits::kNothing;
  std::optional<Request> then_;  // the write that a read led to
  bool leads_ = false;
  bool lost_ = false;
  bool read_first_ = true;  // what was observed is not known to be the newest
  absl::Time next_;         // of the next try
  absl::Time round_ends_;   // leading: the try that goes on has to succeed by then
  bool in_round_ = false;   // leading: a renewal is being tried
  absl::Time sent_;         // the last request
  absl::Time renewed_;      // the last one that succeeded, when it was sent
  nlohmann::json lease_;    // as last seen
  absl::Time observed_;     // when its spec was last seen to change
  std::string holder_;
  std::string problem_;
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_LEADER_ELECTION_H_
