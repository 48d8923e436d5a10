// Random objects of every kind the engine is told of: small clusters in which everything is about something.
//
// Names are few, so that objects refer to each other, come back under the same name, and often enough to what is not
// there. Everything follows from the random numbers handed in. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_TESTING_REPLAY_OBJECTS_H_
#define MUSTER_SCHEDULER_TESTING_REPLAY_OBJECTS_H_

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "api/core.h"
#include "api/kueue.h"

namespace muster::scheduler {

// What there is at the moment, by name (by namespace/name where there is one).
struct ReplayObjects {
  std::map<std::string, api::Namespace> namespaces;
  std::map<std::string, api::LimitRange> limit_ranges;
  std::map<std::string, api::RuntimeClass> runtime_classes;
  std::map<std::string, api::ResourceFlavor> flavors;
  std::map<std::string, api::Topology> topologies;
  std::map<std::string, api::AdmissionCheck> checks;
  std::map<std::string, api::Cohort> cohorts;
  std::map<std::string, api::ClusterQueue> cluster_queues;
  std::map<std::string, api::LocalQueue> local_queues;
  std::map<std::string, api::Node> nodes;
  std::map<std::string, api::Pod> pods;
  std::map<std::string, api::Workload> workloads;
};

class ReplayMaker {
 public:
  explicit ReplayMaker(uint64_t seed) : random_(seed) {}

  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool Chance(int one_in) { return Pick(one_in) == 0; }
  std::string Name(const char* prefix, int of) { return prefix + std::to_string(Pick(of)); }

  // Another object of that name.
  api::Namespace Namespace(const std::string& name);
  api::LimitRange LimitRange(const std::string& ns);
  api::RuntimeClass RuntimeClass();
  api::ResourceFlavor Flavor(const std::string& name);
  api::Topology Topology(const std::string& name);
  api::AdmissionCheck Check(const std::string& name);
  api::Cohort Cohort(const std::string& name);
  api::ClusterQueue ClusterQueue(const std::string& name);
  api::LocalQueue LocalQueue(const std::string& ns, const std::string& name);
  api::Node Node(const std::string& name);
  api::Pod Pod(const std::string& name);
  api::Workload Workload(const std::string& name, absl::Time created);

 private:
  std::vector<api::ResourceGroup> Groups(bool limits);
  api::StringMap Pool();

  std::mt19937_64 random_;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TESTING_REPLAY_OBJECTS_H_
