// Random small clusters with a topology of racks and hosts, while gangs come, run and end, hosts are cordoned, and other
// pods take room. Whatever the engine decides is held against an exhaustive search: who is let in has a place that there
// is room for, in one domain where that is required and in one where that is preferred and possible; who is not let in
// has none; and victims are enough, and not one too many.
#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scheduler/engine.h"
#include "scheduler/testing/test_topology.h"

namespace muster::scheduler {
namespace {

enum class Ask { kRequired, kPreferred, kUnconstrained };

// A gang of equal pods.
struct Gang {
  std::string name;
  Ask ask = Ask::kRequired;
  bool rack = false;  // the level; else hosts
  int count = 1, gpus = 1;
  int slice = 1;  // pods that have to be on one host
  int priority = 0;
};

struct Host {
  std::string rack;
  int gpus = 0;
  int others = 0;  // used by pods of no workload
  bool cordoned = false;
};

using Hosts = std::map<std::string, Host>;
using Used = std::map<std::string, Place>;  // by workload: GPUs by host

// GPUs that are left, by host. Hosts that are cordoned have none.
Place Free(const Hosts& hosts, const Used& used, const std::vector<std::string>& gone = {}) {
  Place out;
  for (const auto& [name, host] : hosts) out[name] = host.cordoned ? 0 : host.gpus - host.others;
  for (const auto& [workload, place] : used) {
    if (std::find(gone.begin(), gone.end(), workload) != gone.end()) continue;
    for (const auto& [host, gpus] : place) {
      if (!hosts.at(host).cordoned) out[host] -= gpus;
    }
  }
  return out;
}

// Pods that fit into each domain of the level, in whole slices.
std::map<std::string, int> Room(const Hosts& hosts, const Place& free, const Gang& gang, bool rack) {
  std::map<std::string, int> out;
  for (const auto& [name, host] : hosts) {
    out[rack ? host.rack : name] += std::max(0, free.at(name)) / gang.gpus / gang.slice * gang.slice;
  }
  return out;
}

bool FitsInOne(const std::map<std::string, int>& room, int count) {
  return std::any_of(room.begin(), room.end(), [count](const auto& d) { return d.second >= count; });
}

bool Fits(const Hosts& hosts, const Place& free, const Gang& gang) {
  if (gang.ask == Ask::kRequired) return FitsInOne(Room(hosts, free, gang, gang.rack), gang.count);
  int all = 0;
  for (const auto& [host, pods] : Room(hosts, free, gang, false)) all += pods;
  return all >= gang.count;
}

class TopologyWorld {
 public:
  TopologyWorld(int seed, bool preempts, int queues)
      : random_(seed), preempts_(preempts), queues_(queues), recomputes_(seed % 2 == 0) {
    std::vector<api::ClusterQueue> declared;
    for (int i = 0; i < queues; ++i) {
      api::ClusterQueue queue = MakeQueue(absl::StrCat("q", i), "", {{"a", 999}});
      queue.preemption.emplace();
      if (preempts) queue.preemption->within_cluster_queue = "LowerPriority";
      declared.push_back(queue);
    }
    std::vector<api::Node> nodes;
    const int racks = 1 + Below(3);
    for (int r = 0; r < racks; ++r) {
      for (int h = 1 + Below(3); h > 0; --h) {
        const std::string rack = absl::StrCat("r", r), name = absl::StrCat(rack, "h", h);
        hosts_[name] = {rack, 1 + Below(5), 0, false};
        nodes.push_back(Node(name));
      }
    }
    EngineOptions options;
    EXPECT_TRUE(options.gates.Set("TASRecomputeAssignmentWithinSchedulingCycle", recomputes_).ok());
    options.strict_topology = seed % 3 == 0;
    engine_.emplace(TopologyEngine(declared, nodes, options));
  }

  void Run(int steps) {
    for (int step = 0; step < steps; ++step) {
      ++now_;
      Disturb();
      engine_->Advance(At(now_));
      const Used before = used_;
      leaving_.clear();
      reserved_ = false;
      const CycleResult r = engine_->RunCycle(At(now_));
      for (const Decision& d : r.entries) {
        Check(d, before, /*first=*/&d == &r.entries[0]);
        if (testing::Test::HasFailure()) return;
      }
      // Victims stop; they do not come back.
      for (const std::string& name : leaving_) End(name);
      ExpectRoomForAll();
    }
  }

  std::map<std::string, int> seen;

 private:
  int Below(int n) { return static_cast<int>(random_() % n); }
  api::Node Node(const std::string& name) {
    api::Node node = MakeNode(hosts_[name].rack, name, {{"nvidia.com/gpu", hosts_[name].gpus}});
    node.unschedulable = hosts_[name].cordoned;
    return node;
  }
  std::string AnyHost() { return std::next(hosts_.begin(), Below(static_cast<int>(hosts_.size())))->first; }

  void Disturb() {
    for (int n = Below(3); n > 0; --n) Submit();
    if (Below(3) == 0 && !used_.empty()) {
      End(std::next(used_.begin(), Below(static_cast<int>(used_.size())))->first);
    }
    if (Below(6) == 0) {
      const std::string name = AnyHost();
      hosts_[name].cordoned = !hosts_[name].cordoned;
      engine_->Apply(Node(name), At(now_));
    }
    if (Below(6) == 0) {
      // A pod that belongs to nobody; it asks for no more than there is.
      const std::string name = AnyHost();
      Host& host = hosts_[name];
      api::Pod pod;
      pod.metadata.ns = "ns";
      pod.metadata.name = name;
      if (host.others > 0) {
        engine_->DeletePod("ns", name, At(now_));
        host.others = 0;
      } else if (!host.cordoned && Free(hosts_, used_)[name] > 0) {
        host.others = 1;
        pod.spec.node_name = name;
        pod.spec.containers.resize(1);
        pod.spec.containers[0].resources.requests["nvidia.com/gpu"] = api::Quantity::FromValue(1);
        engine_->Apply(pod, At(now_));
      }
    }
  }
  void Submit() {
    Gang gang;
    gang.name = absl::StrCat("w", 1000 + gangs_.size());
    gang.ask = static_cast<Ask>(Below(3));
    gang.rack = Below(2) == 0;
    gang.slice = Below(4) == 0 ? 2 : 1;
    gang.count = gang.slice * (1 + Below(3));
    gang.gpus = 1 + Below(2);
    gang.priority = Below(3);
    api::Workload w =
        MakeWorkload(gang.name, absl::StrCat("q", Below(queues_)), gang.count, gang.gpus, now_, gang.priority);
    api::TopologyRequest& request = w.spec.pod_sets[0].topology_request.emplace();
    const std::string level = gang.rack ? "rack" : kHost;
    if (gang.ask == Ask::kRequired) request.required = level;
    if (gang.ask == Ask::kPreferred) request.preferred = level;
    if (gang.ask == Ask::kUnconstrained) request.unconstrained = true;
    if (gang.slice > 1) {
      request.pod_set_slice_required_topology = kHost;
      request.pod_set_slice_size = gang.slice;
    }
    gangs_[gang.name] = gang;
    ids_[gang.name] = engine_->Apply(w, At(now_));
  }
  void End(const std::string& name) {
    if (ids_.count(name) == 0) return;
    engine_->Finish(ids_[name], At(now_));
    ids_.erase(name);
    used_.erase(name);
  }

  void Check(const Decision& d, const Used& before, bool first) {
    const Gang& gang = gangs_.at(d.identity->uid);
    SCOPED_TRACE(Print(gang));
    // Who comes later in a cycle counts on victims that were chosen before.
    const Place free = Free(hosts_, used_, leaving_);
    switch (d.outcome) {
      case Outcome::kAdmitted: {
        ++seen["admitted"];
        CheckPlace(gang, PlaceOf(*engine_, ids_.at(gang.name)), free);
        break;
      }
      case Outcome::kPreempting: {
        ++seen["preempting"];
        std::vector<std::string> victims;
        for (const PreemptionTarget& t : d.targets) {
          victims.push_back(t.identity->uid);
          EXPECT_LT(gangs_.at(victims.back()).priority, gang.priority);
        }
        leaving_.insert(leaving_.end(), victims.begin(), victims.end());
        if (!first) break;  // what an earlier one took is not seen here
        EXPECT_FALSE(Fits(hosts_, free, gang)) << "nobody had to go";
        EXPECT_TRUE(Fits(hosts_, Free(hosts_, before, victims), gang)) << "it is not enough";
        for (size_t i = 0; i < victims.size(); ++i) {
          std::vector<std::string> fewer = victims;
          fewer.erase(fewer.begin() + i);
          EXPECT_FALSE(Fits(hosts_, Free(hosts_, before, fewer), gang)) << victims[i] << " could have stayed";
        }
        break;
      }
      case Outcome::kPending: {
        ++seen[absl::StrCat("pending ", std::string(ToString(d.pending_reason)))];
        // One that was overtaken is placed anew, with the gate; what others wait for is not for it.
        if (first || (recomputes_ && !reserved_ && !preempts_)) {
          EXPECT_FALSE(Fits(hosts_, free, gang)) << "there was room";
        }
        reserved_ = reserved_ || d.mode == Mode::kPreempt;
        if (!preempts_ || !first) break;
        std::vector<std::string> lower;
        for (const auto& [name, place] : before) {
          if (gangs_.at(name).priority < gang.priority) lower.push_back(name);
        }
        // (With two queues those of the other one stay.)
        if (queues_ == 1) {
          EXPECT_FALSE(Fits(hosts_, Free(hosts_, before, lower), gang)) << "it could have preempted";
        }
        // Whether it never fits is a matter of empty hosts.
        EXPECT_EQ(d.mode == Mode::kNoFit, !Fits(hosts_, Free(hosts_, {}), gang));
        break;
      }
      default:
        FAIL() << Describe(d);
    }
  }

  void CheckPlace(const Gang& gang, const Place& place, const Place& free) {
    int pods = 0;
    std::map<std::string, int> racks;
    Place& used = used_[gang.name];
    for (const auto& [host, n] : place) {
      pods += n;
      racks[hosts_.at(host).rack] += n;
      used[host] = n * gang.gpus;
      EXPECT_LE(used[host], free.at(host)) << host;
      EXPECT_EQ(n % gang.slice, 0) << host;
      EXPECT_FALSE(hosts_.at(host).cordoned);
    }
    EXPECT_EQ(pods, gang.count);
    const bool in_rack = racks.size() == 1, on_host = place.size() == 1;
    if (gang.ask == Ask::kRequired) {
      EXPECT_TRUE(gang.rack ? in_rack : on_host);
    }
    if (!leaving_.empty()) return;  // what victims leave behind it did not see when it chose
    // The level itself if it can be, else what is around it.
    const bool host_possible = FitsInOne(Room(hosts_, free, gang, false), gang.count);
    if (gang.ask == Ask::kPreferred) {
      if (!gang.rack && host_possible) {
        EXPECT_TRUE(on_host);
      }
      if (FitsInOne(Room(hosts_, free, gang, true), gang.count)) {
        EXPECT_TRUE(in_rack);
      }
    }
    // (A request for slices alone is one for the widest level.)
    if (gang.ask == Ask::kUnconstrained && gang.slice == 1 && host_possible) {
      EXPECT_TRUE(on_host) << "one is enough";
    }
  }
  void ExpectRoomForAll() {
    for (const auto& [name, left] : Free(hosts_, used_)) EXPECT_GE(left, 0) << name;
  }
  std::string Print(const Gang& g) const {
    std::string out = absl::StrCat(g.name, ": ", g.count, " x ", g.gpus, g.ask == Ask::kRequired ? " required" : "",
                                   g.ask == Ask::kPreferred ? " preferred" : "", g.rack ? " rack" : " host",
                                   " slices of ", g.slice, " priority ", g.priority, "; free:");
    for (const auto& [name, left] : Free(hosts_, used_)) absl::StrAppend(&out, " ", name, "=", left);
    return out;
  }

  std::mt19937 random_;
  const bool preempts_;
  const int queues_;
  const bool recomputes_;  // gate TASRecomputeAssignmentWithinSchedulingCycle
  Hosts hosts_;
  std::optional<Engine> engine_;
  std::map<std::string, Gang> gangs_;
  std::map<std::string, WorkloadId> ids_;
  Used used_;
  std::vector<std::string> leaving_;  // victims of the cycle
  bool reserved_ = false;             // somebody in the cycle waits, and has taken room meanwhile
  int now_ = 0;
};

void RunWorlds(bool preempts, int queues, std::vector<std::string> kinds) {
  std::map<std::string, int> seen;
  for (int seed = 0; seed < 120; ++seed) {
    TopologyWorld world(seed, preempts, queues);
    world.Run(40);
    ASSERT_FALSE(testing::Test::HasFailure()) << "seed " << seed;
    for (const auto& [kind, n] : world.seen) seen[kind] += n;
  }
  for (const std::string& kind : kinds) EXPECT_GT(seen[kind], 30) << kind;
}

TEST(TopologyWorlds, OneQueueOneGangAtATime) {
  RunWorlds(/*preempts=*/false, 1, {"admitted", "pending WaitingForQuota", "pending TopologyPlacementFailed"});
}

TEST(TopologyWorlds, OneQueueThatPreempts) {
  RunWorlds(/*preempts=*/true, 1, {"admitted", "preempting", "pending WaitingForQuota"});
}

TEST(TopologyWorlds, QueuesThatShareTheHosts) {
  RunWorlds(/*preempts=*/false, 3, {"admitted", "pending WaitingForQuota"});
}

TEST(TopologyWorlds, QueuesThatShareTheHostsAndPreempt) { RunWorlds(/*preempts=*/true, 2, {"admitted", "preempting"}); }

}  // namespace
}  // namespace muster::scheduler
