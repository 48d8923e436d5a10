// Elections on clocks of their own: what is sent, when, and who leads.
#include "kube/client/leader_election.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace muster::kube {
namespace {

using nlohmann::json;

ElectionOptions Options(const std::string& identity) {
  ElectionOptions options;
  options.ns = "kueue-system";
  options.name = "lease";
  options.identity = identity;
  return options;
}

const absl::Time kStart = absl::UnixEpoch() + absl::Hours(1000);

// A Lease as an API server keeps it.
class LeaseServer {
 public:
  Response Handle(const Request& request) {
    Response response;
    log.push_back(Summary(request));
    if (fail != 0) {
      response.code = fail < 0 ? 0 : fail;
      return response;
    }
    if (lose_answers) {
      (void)Do(request);
      return response;
    }
    return Do(request);
  }
  std::string Holder() const { return lease.is_null() ? "" : lease["spec"].value("holderIdentity", ""); }

  json lease;
  int fail = 0;  // the code of every answer; -1: there is none
  bool lose_answers = false;
  std::vector<std::string> log;

 private:
  Response Do(const Request& request) {
    Response response;
    if (request.verb == Verb::kCreate) {
      response.code = lease.is_null() ? 201 : 409;
      response.reason = lease.is_null() ? "" : "AlreadyExists";
      if (lease.is_null()) Put(request.body);
    } else if (lease.is_null()) {
      response.code = 404;
      response.reason = "NotFound";
    } else if (request.verb == Verb::kUpdate) {
      const bool newest = request.body["metadata"]["resourceVersion"] == lease["metadata"]["resourceVersion"];
      response.code = newest ? 200 : 409;
      response.reason = newest ? "" : "Conflict";
      if (newest) Put(request.body);
    } else {
      response.code = 200;
    }
    if (response.ok()) response.object = lease;
    return response;
  }
  void Put(json object) {
    lease = std::move(object);
    lease["metadata"]["resourceVersion"] = std::to_string(++version_);
  }
  int version_ = 0;
};

class Replica {
 public:
  Replica(LeaseServer* server, const std::string& name, uint64_t seed)
      : server_(*server), election_(Options(name), seed) {}

  // Does what is due.
  void Run(absl::Time now) {
    const LeaderElection::Now clocks{now, now};
    while (std::optional<Request> request = election_.Next(clocks)) election_.Answer(server_.Handle(*request), clocks);
  }
  bool Leads(absl::Time now) { return election_.Leads({now, now}); }
  void Release(absl::Time now) {
    if (std::optional<Request> request = election_.Release({now, now})) (void)server_.Handle(*request);
  }
  LeaderElection& election() { return election_; }

 private:
  LeaseServer& server_;
  LeaderElection election_;
};

constexpr absl::Duration kStep = absl::Milliseconds(100);

// Runs all replicas from `from` on until `until`; how long it took, or infinite.
absl::Duration RunUntil(std::vector<Replica*> replicas, absl::Time* now, absl::Duration most,
                        const std::function<bool()>& until) {
  const absl::Time start = *now;
  for (; *now - start <= most; *now += kStep) {
    for (Replica* replica : replicas) replica->Run(*now);
    if (until()) return *now - start;
  }
  return absl::InfiniteDuration();
}

TEST(LeaderElection, TheFirstMakesTheLease) {
  LeaseServer server;
  Replica a(&server, "a", 1);
  a.Run(kStart);
  EXPECT_TRUE(a.Leads(kStart));
  EXPECT_EQ(server.log, (std::vector<std::string>{"GET leases kueue-system/lease", "POST leases kueue-system/"}));
  const json& spec = server.lease["spec"];
  EXPECT_EQ(spec["holderIdentity"], "a");
  EXPECT_EQ(spec["leaseDurationSeconds"], 15);
  EXPECT_EQ(spec["leaseTransitions"], 0);
  EXPECT_EQ(spec["acquireTime"], "1970-02-11T16:00:00.000000Z");
  EXPECT_EQ(spec["renewTime"], spec["acquireTime"]);
}

TEST(LeaderElection, ItIsRenewedInOneWriteEveryRetryPeriod) {
  LeaseServer server;
  Replica a(&server, "a", 1);
  absl::Time now = kStart;
  a.Run(now);
  server.log.clear();
  RunUntil({&a}, &now, absl::Seconds(10), [] { return false; });
  EXPECT_EQ(server.log.size(), 5u);
  for (const std::string& request : server.log) EXPECT_EQ(request, "PUT leases kueue-system/lease");
  EXPECT_EQ(server.lease["spec"]["acquireTime"], "1970-02-11T16:00:00.000000Z");
  EXPECT_EQ(server.lease["spec"]["renewTime"], "1970-02-11T16:00:10.000000Z");
  EXPECT_TRUE(a.Leads(now));
}

TEST(LeaderElection, OthersWaitUntilNothingHasChangedForTheTimeOfTheLease) {
  LeaseServer server;
  Replica a(&server, "a", 1), b(&server, "b", 2);
  absl::Time now = kStart;
  a.Run(now);
  RunUntil({&a, &b}, &now, absl::Minutes(5), [] { return false; });
  EXPECT_TRUE(a.Leads(now));
  EXPECT_FALSE(b.Leads(now));
  EXPECT_EQ(b.election().holder(), "a");
  // a is gone without a word.
  const absl::Duration took = RunUntil({&b}, &now, absl::Minutes(1), [&] { return b.Leads(now); });
  EXPECT_GE(took, absl::Seconds(10));
  EXPECT_LE(took, absl::Seconds(15 + 4.4 + 4.4));
  EXPECT_EQ(server.lease["spec"]["leaseTransitions"], 1);
  EXPECT_EQ(server.Holder(), "b");
}

TEST(LeaderElection, WhatIsGivenUpIsTakenAtTheNextTry) {
  LeaseServer server;
  Replica a(&server, "a", 1), b(&server, "b", 2);
  absl::Time now = kStart;
  a.Run(now);
  RunUntil({&a, &b}, &now, absl::Seconds(20), [] { return false; });
  a.Release(now);
  EXPECT_EQ(server.Holder(), "");
  EXPECT_EQ(server.lease["spec"]["leaseDurationSeconds"], 1);
  EXPECT_FALSE(a.Leads(now));
  EXPECT_EQ(a.election().NextTime(), absl::InfiniteFuture());
  EXPECT_LE(RunUntil({&b}, &now, absl::Minutes(1), [&] { return b.Leads(now); }), absl::Seconds(4.4) + kStep);
}

TEST(LeaderElection, WhoDoesNotLeadGivesNothingUp) {
  LeaseServer server;
  Replica a(&server, "a", 1), b(&server, "b", 2);
  a.Run(kStart);
  b.Run(kStart);
  b.Release(kStart);
  EXPECT_EQ(server.Holder(), "a");
}

TEST(LeaderElection, ALeaderThatCannotRenewIsLostBeforeAnotherLeads) {
  for (const int code : {-1, 500, 403}) {
    LeaseServer server;
    Replica a(&server, "a", 1);
    absl::Time now = kStart;
    a.Run(now);
    now += absl::Seconds(1);
    server.fail = code;
    const absl::Duration took = RunUntil({&a}, &now, absl::Minutes(1), [&] { return !a.Leads(now); });
    EXPECT_GE(took, absl::Seconds(10)) << code;
    EXPECT_LE(took, absl::Seconds(12)) << code;
    EXPECT_TRUE(a.election().lost());
    EXPECT_NE(a.election().problem(), "");
    server.fail = 0;
    RunUntil({&a}, &now, absl::Minutes(1), [] { return false; });
    EXPECT_FALSE(a.Leads(now)) << "for good";
  }
}

TEST(LeaderElection, AShortTroubleIsSurvived) {
  LeaseServer server;
  Replica a(&server, "a", 1);
  absl::Time now = kStart;
  a.Run(now);
  for (int i = 0; i < 3; ++i) {
    server.fail = 500;
    RunUntil({&a}, &now, absl::Seconds(7), [] { return false; });
    server.fail = 0;
    RunUntil({&a}, &now, absl::Seconds(7), [] { return false; });
    EXPECT_TRUE(a.Leads(now));
  }
}

// The write was done, and nobody said so: the next one meets its own work.
TEST(LeaderElection, AnAnswerThatIsLostIsFoundOut) {
  LeaseServer server;
  Replica a(&server, "a", 1);
  absl::Time now = kStart;
  server.lose_answers = true;
  a.Run(now);
  EXPECT_FALSE(a.Leads(now));
  server.lose_answers = false;
  RunUntil({&a}, &now, absl::Seconds(10), [&] { return a.Leads(now); });
  EXPECT_TRUE(a.Leads(now));
  server.lose_answers = true;
  RunUntil({&a}, &now, absl::Seconds(5), [] { return false; });
  server.lose_answers = false;
  RunUntil({&a}, &now, absl::Seconds(5), [] { return false; });
  EXPECT_TRUE(a.Leads(now));
}

TEST(LeaderElection, WhoSleptTooLongHasLost) {
  LeaseServer server;
  Replica a(&server, "a", 1);
  absl::Time now = kStart;
  a.Run(now);
  EXPECT_TRUE(a.Leads(now + absl::Seconds(14)));
  now += absl::Seconds(15);
  a.Run(now);
  EXPECT_FALSE(a.Leads(now));
  EXPECT_EQ(server.log.size(), 2u) << "nothing was sent";
}

TEST(LeaderElection, WhoSeesThatAnotherHoldsItIsLostAtOnce) {
  LeaseServer server;
  Replica a(&server, "a", 1);
  absl::Time now = kStart;
  a.Run(now);
  server.lease["spec"]["holderIdentity"] = "b";
  server.lease["metadata"]["resourceVersion"] = "77";
  RunUntil({&a}, &now, absl::Seconds(3), [] { return false; });
  EXPECT_TRUE(a.election().lost());
}

TEST(LeaderElection, OneOfManyLeadsAtATimeWhateverHappens) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    LeaseServer server;
    std::vector<std::unique_ptr<Replica>> replicas;
    for (int i = 0; i < 4; ++i) {
      replicas.push_back(
          std::make_unique<Replica>(&server, absl::StrCat("r", i), seed * 10 + static_cast<uint64_t>(i)));
    }
    std::mt19937_64 random(seed);
    std::vector<absl::Time> asleep(replicas.size(), kStart);
    int names = 4;
    absl::Time now = kStart;
    int led = 0;
    for (; now < kStart + absl::Minutes(10); now += kStep) {
      if (random() % 300 == 0) server.fail = server.fail == 0 ? 500 : 0;
      if (random() % 300 == 0) server.lose_answers = !server.lose_answers;
      if (random() % 400 == 0)
        asleep[random() % asleep.size()] = now + absl::Seconds(static_cast<int64_t>(random() % 30));
      int leading = 0;
      for (size_t i = 0; i < replicas.size(); ++i) {
        if (now < asleep[i]) continue;
        replicas[i]->Run(now);
        if (replicas[i]->election().lost()) {
          replicas[i] = std::make_unique<Replica>(&server, absl::StrCat("r", names++), random());
        }
      }
      for (const auto& replica : replicas) leading += replica->Leads(now) ? 1 : 0;
      ASSERT_LE(leading, 1) << "seed " << seed << " at " << now - kStart;
      led += leading;
    }
    EXPECT_GT(led, 200) << "seed " << seed;
  }
}

// Whatever stands in the Lease.
TEST(LeaderElection, ALeaseThatIsNoneDoesNoHarm) {
  for (const char* text :
       {R"({})", R"({"spec": null})", R"({"spec": "x"})", R"({"spec": {"holderIdentity": 7}})",
        R"({"spec": {"holderIdentity": "x", "leaseDurationSeconds": -4}})",
        R"({"spec": {"holderIdentity": "x", "leaseDurationSeconds": 99999999999}})",
        R"({"spec": {"holderIdentity": "x", "leaseDurationSeconds": "y", "leaseTransitions": "z"}})"}) {
    LeaseServer server;
    server.lease = json::parse(text);
    server.lease["metadata"] = {{"name", "lease"}, {"namespace", "kueue-system"}, {"resourceVersion", "1"}};
    Replica a(&server, "a", 1);
    absl::Time now = kStart;
    EXPECT_LE(RunUntil({&a}, &now, absl::Minutes(1), [&] { return a.Leads(now); }), absl::Seconds(25)) << text;
  }
}

TEST(LeaderElection, TimesThatDoNotGoTogetherAreRefused) {
  EXPECT_TRUE(CheckElectionOptions(Options("a")).ok());
  const struct {
    const char* field;
    std::function<void(ElectionOptions*)> change;
  } cases[] = {
      {"leaseDuration", [](ElectionOptions* o) { o->lease_duration = absl::Seconds(10); }},
      {"leaseDuration", [](ElectionOptions* o) { o->lease_duration = absl::Milliseconds(10); }},
      {"renewDeadline", [](ElectionOptions* o) { o->retry_period = absl::Seconds(9); }},
      {"retryPeriod", [](ElectionOptions* o) { o->retry_period = absl::ZeroDuration(); }},
      {"resourceNamespace", [](ElectionOptions* o) { o->ns = ""; }},
      {"resourceName", [](ElectionOptions* o) { o->name = ""; }},
  };
  for (const auto& c : cases) {
    ElectionOptions options = Options("a");
    c.change(&options);
    const absl::Status status = CheckElectionOptions(options);
    EXPECT_NE(status.ToString().find(c.field), std::string::npos) << status;
  }
}

}  // namespace
}  // namespace muster::kube
