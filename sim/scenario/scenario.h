// What a scenario file says, as values: objects, timed actions, expected states. The format is docs/scenario-format.md.
#ifndef MUSTER_SIM_SCENARIO_SCENARIO_H_
#define MUSTER_SIM_SCENARIO_SCENARIO_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/problem.h"
#include "api/quantity.h"

namespace muster::sim {

// An object as written: of Kubernetes, of Kueue, a job, or the request of a SageMaker call.
struct Manifest {
  nlohmann::json value;
  api::Source source;  // where its errors are reported
  std::string path;    // within the document, when it is written inline
};

enum class Verb {
  kApply,     // objects: create or replace, as kubectl apply
  kDelete,    // target
  kFinish,    // target: its pods succeed
  kScale,     // target, number = replicas
  kCordon,    // target = node
  kUncordon,  // target = node
  kNodeDown,  // target = node: not Ready any more
  kNodeUp,    // target = node: Ready again
  kCall,      // target = SageMaker operation, objects[0] = its request
};

struct Action {
  Verb verb = Verb::kApply;
  std::vector<Manifest> objects;
  std::string target;
  int32_t number = 0;
  std::optional<absl::Duration> runs_for;  // kApply: a job ends after it has run so long in one go
  // Not empty: the action has to be refused, with an error that contains all of this.
  std::vector<std::string> refused;
  std::string path;  // of the action in the document
};

// A resource amount under expectation; what is not given is not looked at.
struct ExpectedAmount {
  std::optional<api::Quantity> total;
  std::optional<api::Quantity> borrowed;
};
using ExpectedUsage = std::map<std::string, ExpectedAmount>;  // by resource

struct ExpectedCondition {
  std::string status;  // "" = any
  std::string reason;  // "" = any
};

struct ExpectedJob {
  std::string job;    // reference
  std::string state;  // see docs/scenario-format.md; "" = any
  std::string reason;
  std::vector<std::string> message;  // pieces of it
  std::map<std::string, ExpectedCondition> conditions;
  std::map<std::string, std::string> flavors;  // resource -> flavor, in every pod set
  std::optional<int64_t> workloads;
  std::optional<int64_t> running;  // workloads that run
  std::optional<int64_t> pods;     // of running workloads
  std::optional<int64_t> pods_ready;
  std::optional<int64_t> evictions;  // since the beginning
  std::optional<int64_t> priority;
  std::string path;
};

struct ExpectedQueue {
  std::string queue;  // ClusterQueue, or the team whose it is
  std::optional<bool> active;
  std::optional<int64_t> pending;
  std::optional<int64_t> running;
  ExpectedUsage usage;                                 // over all flavors
  std::map<std::string, ExpectedUsage> flavors_usage;  // by flavor
  std::string path;
};

struct ExpectedEviction {
  std::string job;
  std::string reason;  // of Preempted if it was preempted, else of Evicted; "" = any
  std::string by;      // the job that preempts; "" = any
};

struct Expectations {
  std::vector<ExpectedJob> jobs;
  std::vector<ExpectedQueue> queues;
  // What happened since the last step: exactly these, in this order.
  std::optional<std::vector<std::string>> started;
  std::optional<std::vector<ExpectedEviction>> evicted;
  std::optional<std::vector<std::string>> finished;
};

struct Step {
  absl::Duration at;  // since the beginning
  std::string title;
  std::vector<Action> actions;
  Expectations expect;
  std::string path;
};

struct Scenario {
  std::string name;
  std::string description;
  api::Source source;
  std::vector<Manifest> objects;
  std::vector<Step> steps;
};

// Reads the scenarios of a file: one a document. Files they name are looked for beside the file. Errors:
// InvalidArgument with one line per mistake: file, document and line, path of the field, what is wrong.
absl::StatusOr<std::vector<Scenario>> LoadScenarios(const std::string& path);

// The same of a text; `name` stands for the file.
absl::StatusOr<std::vector<Scenario>> ParseScenarios(const std::string& text, const std::string& name);

}  // namespace muster::sim

#endif  // MUSTER_SIM_SCENARIO_SCENARIO_H_
