// The kinds of jobs, as one table: what they are called, how they are held back, and where their pods are described.
//
// Everything that looks into a user's job starts here: the admission webhook (which labels, gates and checks the pod
// templates) and whoever turns a job into a Workload. Adding a kind means adding a row to job_kinds.cc.
//
//   const JobKind* kind = FindJobKind("kubeflow.org", "PyTorchJob");
//   for (const PodSetView& set : PodSetsOf(*kind, object)) … set.name, set.count, *set.pod_template
//
// The table has what can be read off the object. What Kueue adds to the pods of some kinds (the autoscaler and clean-up
// pods of Ray, the resources of a Spark driver) is not here.
//
// Source of the rules: the PodSets() methods of Kueue's job integrations.
#ifndef MUSTER_API_JOB_KINDS_H_
#define MUSTER_API_JOB_KINDS_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace muster::api {

// How the number of pods of a pod set is written.
enum class CountRule {
  kFixed,          // PodSetRule::fixed_count
  kReplicas,       // a number at `replicas`, 1 when absent
  kJob,            // a batch/v1 JobSpec at `replicas`: min(parallelism, completions)
  kReplicatedJob,  // replicas of the item, times kJob of its template
  kHosts,          // replicas times numOfHosts of the item (Ray worker groups)
  kGroupSize,      // a group of a LeaderWorkerSet without its leader
  kWithSpares,     // replicas plus spares of the item (HyperPod)
  kSubmitter,      // one, when spec.submissionMode is K8sJobMode or absent (RayJob)
};

// Where one pod set, or a list of them, is in a job.
struct PodSetRule {
  enum class Shape {
    kOne,   // `at` is the pod set
    kEach,  // `at` is a list with one pod set per item, named by the item's name
  };
  Shape shape = Shape::kOne;
  absl::string_view at = {};            // JSON pointer in the object
  absl::string_view pod_template = {};  // JSON pointer from there to the pod template ("" = it is the pod template)
  absl::string_view name = {};          // of the pod set; for kEach JSON pointer in the item
                                        // (HyperPodPyTorchJob: "<job>-<that>-podset")
  CountRule count = CountRule::kReplicas;
  absl::string_view replicas = {};  // JSON pointer from `at` (or the item)
  int32_t fixed_count = 1;
  // The pod template is there, if empty, when it is not written. (Those of items always are.)
  bool always = false;
  // Field path of the pod set, as messages print it: "spec.tfReplicaSpecs[Worker]". (Those of a RayService say
  // rayClusterSpec, as Kueue's do, though the field is rayClusterConfig.)
  absl::string_view path = {};
};

// What a job is, of which Kueue's rules differ.
enum JobTraits : uint32_t {
  kNoTraits = 0,
  kPrebuiltWorkload = 1 << 0,  // may name a workload made beforehand
  kElastic = 1 << 1,           // may grow and shrink while it runs
  kServing = 1 << 2,           // never finishes
  kRuntimePods = 1 << 3,       // its pods come from another object (TrainJob)
  kComponentPods = 1 << 4,     // its pods are in components it wraps (AppWrapper)
  kBeyondKueue = 1 << 5,       // Kueue does not know it
};

struct JobKind {
  absl::string_view framework = {};  // as Kueue's integrations.frameworks spells it: "batch/job"
  absl::string_view group = {};      // "" = the core group
  absl::string_view version = {};
  absl::string_view kind = {};
  absl::string_view resource = {};        // plural
  absl::string_view suspend = {};         // JSON pointer of the boolean that holds the job back; "" = not that way
  absl::string_view managed_by = {};      // JSON pointer of the controller's name; "" = has none
  absl::string_view own_controller = {};  // what managed_by says when the kind's own controller runs it
  uint32_t traits = kNoTraits;
  std::vector<PodSetRule> pod_sets = {};  // in Kueue's order

  bool Has(JobTraits trait) const { return (traits & trait) != 0; }
};

// All kinds, in the order Kueue lists its frameworks. Static storage.
absl::Span<const JobKind> JobKinds();

// The kind, or nullptr. The version is not looked at.
const JobKind* FindJobKind(absl::string_view group, absl::string_view kind);
const JobKind* FindJobKindByFramework(absl::string_view framework);

// One pod set of a job. Points into the job.
struct PodSetView {
  std::string name;
  int32_t count = 0;
  // The pod template; null when the job has none of its own (the submitter of a RayJob, an AppWrapper's component that
  // does not have what it declares).
  const nlohmann::json* pod_template = nullptr;
  const PodSetRule* rule = nullptr;
  int index = -1;  // of the item, for kEach

  // The field path of the pod template, which need not be there: "spec.workerGroupSpecs[0].template".
  std::string TemplatePath() const;
};

// The pod sets of a job in Kueue's order, as far as the object has them; what has the wrong shape is left out. Counts
// saturate at the int32 limits and are below zero where a number in the job is. For a kind of which the pods are elsewhere (kRuntimePods): empty. O(pod sets).
std::vector<PodSetView> PodSetsOf(const JobKind& kind, const nlohmann::json& object);

// JSON pointers of all pod templates that there are or that Kueue's types always have, in the order of PodSetsOf.
// O(pod sets).
std::vector<std::string> TemplatePointersOf(const JobKind& kind, const nlohmann::json& object);

// The pods of a batch/v1 JobSpec: min(parallelism, completions), absent ones as Kubernetes reads them. Below zero where
// one of them is.
int32_t PodsOfJobSpec(const nlohmann::json& job_spec);

// Follows a JSON pointer ("/spec/template") that has no escapes; null when it leads nowhere. O(length).
const nlohmann::json* At(const nlohmann::json& value, absl::string_view pointer);

}  // namespace muster::api

#endif  // MUSTER_API_JOB_KINDS_H_
