// A whole cluster on a virtual clock: API server, controllers, kubelets, the webhook, and the manager that governs it.
//
//   GovernedCluster cluster(options, seed);
//   cluster.Do("POST", "/apis/batch/v1/namespaces/ns/jobs", job);
//   cluster.RunUntil(Second(60));
//
// With faults, what the manager sends fails now and then: refused before anything was done, or done and the answer lost;
// what it is told comes late; and it is killed and started again, with nothing but the API server to start from. All of
// it follows from the seed. After every instant the invariants are looked at: no more quota is held than there is, and no
// job runs whose Workload holds none.
#ifndef MUSTER_MANAGER_TESTING_GOVERNED_CLUSTER_H_
#define MUSTER_MANAGER_TESTING_GOVERNED_CLUSTER_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kube/testing/api_server.h"
#include "kube/testing/cluster.h"
#include "kube/testing/http/access.h"
#include "kube/testing/webhook_admission.h"
#include "manager/loop/manager.h"
#include "manager/options.h"

namespace muster::manager {

// How often what goes wrong: chances in a thousand, for every request or instant.
struct Faults {
  int refused = 0;      // answered 429, 500 or 503, and not done
  int answer_lost = 0;  // done, and no answer
  int late = 0;         // of a change of an object: told up to three seconds later
  int killed = 0;       // of an instant: the manager starts again
  bool any() const { return refused > 0 || answer_lost > 0 || late > 0 || killed > 0; }
};

struct FaultCounts {
  int64_t requests = 0, refused = 0, answers_lost = 0, late = 0, killed = 0;
};

class GovernedCluster {
 public:
  explicit GovernedCluster(ManagerOptions options, uint64_t seed = 1, Faults faults = {});

  // What a user, or an operator of some kind of job, does now. The answer's object is what the API server keeps.
  kube::Response Do(absl::string_view method, absl::string_view path, nlohmann::json body = nullptr,
                    absl::string_view content_type = "");
  // Objects from YAML, created.
  void Create(absl::string_view yaml);
  // Time passes; everything that is due happens. Fails the test when something goes on for ever at one instant.
  void RunUntil(absl::Time time);
  void StopFaults() { faults_ = {}; }

  absl::Time now() const { return now_; }
  const kube::testing::ApiServer& server() const { return server_; }
  const FaultCounts& counts() const { return counts_; }
  // What the manager asked for so far, without namespaces and names.
  const std::set<kube::testing::Access>& asked() const { return asked_; }
  // What broke an invariant, in order: "12.5 s: ...".
  const std::vector<std::string>& broken() const { return broken_; }

  // "True Admitted" of a condition of the Workload of a job; "" without.
  std::string Condition(absl::string_view ns, absl::string_view job, absl::string_view type) const;

 private:
  struct Told {
    absl::Time at;
    kube::WatchEvent event;
  };
  uint64_t Random();
  bool Chance(int in_a_thousand) { return in_a_thousand > 0 && static_cast<int>(Random() % 1000) < in_a_thousand; }
  void Settle();
  void Tell();
  void Send(const Outgoing& outgoing);
  void Restart();
  void CheckInvariants();

  const ManagerOptions options_;
  kube::testing::ApiServer server_;
  kube::testing::Cluster cluster_;
  kube::testing::WebhookAdmission admission_;
  std::unique_ptr<Manager> manager_;
  absl::Time now_;
  size_t cursor_ = 0;  // of the server's changes: those before are told, or on their way
  std::deque<Told> on_the_way_;
  uint64_t random_;
  Faults faults_;
  FaultCounts counts_;
  std::set<kube::testing::Access> asked_;
  std::vector<std::string> broken_;
  size_t checked_ = 0;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_TESTING_GOVERNED_CLUSTER_H_
