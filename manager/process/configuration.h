// What Kueue's Configuration says about the process of a manager: its lease, how much it asks of the API server, where it
// serves what; and whether it asks for what is not here.
#ifndef MUSTER_MANAGER_PROCESS_CONFIGURATION_H_
#define MUSTER_MANAGER_PROCESS_CONFIGURATION_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kube/client/leader_election.h"
#include "kube/client/request_budget.h"
#include "manager/options.h"

namespace muster::manager {

// Thread-safety: value type.
struct ProcessConfiguration {
  ManagerOptions manager;

  bool leader_elect = true;
  kube::ElectionOptions election;  // its identity is not said in a file
  kube::BudgetOptions budget;

  std::string metrics_bind = ":8080";  // "" and "0": none
  bool cluster_queue_resources = false;
  bool local_queue_metrics = true;
  std::string health_bind = ":8081";  // "" and "0": none
  std::string readiness_path = "/readyz", liveness_path = "/healthz";

  // What it says about parts of Kueue that Muster does not have, in words, to tell the admin once.
  std::vector<std::string> not_here;
};

struct ConfigurationSource {
  std::string text;                // YAML or JSON; "" = Kueue's defaults
  std::string name = {};           // of the file, for messages
  std::string own_namespace = {};  // where this process runs, when the text does not say; "" = kueue-system
  std::string feature_gates = {};  // "A=true,B=false", as --feature-gates has it; the text must then have none
};

// Reads a Configuration, v1beta1 or v1beta2. Errors: InvalidArgument, one line for each problem: what ParseManagerOptions
// refuses, fields that Kueue does not know, and frameworks whose jobs Muster does not manage.
absl::StatusOr<ProcessConfiguration> ParseProcessConfiguration(const ConfigurationSource& source);

// "" or why the manager cannot manage jobs of an enabled framework.
std::string WhyNotManaged(absl::string_view framework);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROCESS_CONFIGURATION_H_
