// How the columns of a trace become jobs.
//
// A mapping file is YAML:
//
//   format: csv                 # csv, jsonl, swf, sacct, kueue, philly, openb; without, as the file looks
//   columns:
//     id: job_id                # default: the row number
//     queue: vc                 # which LocalQueue or ClusterQueue
//     submit: submit_time       # seconds, or a time
//     duration: duration        # seconds
//     gpus: gpu_num             # accelerators of the whole job, cut into pods by gpusPerPod
//     pods: nodes               # or: number of pods, each asking for `requests`
//     minPods: min_nodes        # how many pods the job can do with
//     priority: prio            # "-duration" takes the column's negative
//     priorityClass: class
//     nodeSelector: constraint  # "key=value;key=value", "key=a|b" for either
//     topology: rack            # required=LEVEL, preferred=LEVEL or unconstrained
//     estimate: limit           # seconds the user said the job would need
//     deadline: deadline        # when it should have ended
//     after: parent             # ids of jobs it waits for, joined by ';'
//     think: pause              # seconds between their end and its submission
//     timeLimit: walltime       # seconds after which it is ended, if a model says that this is enforced
//     checkpoint: interval      # seconds between checkpoints
//     checkpointCost: cost      # seconds to write one
//     restartDelay: restart     # seconds before the work of every run after the first
//     imagePull: pull           # seconds before the work of every run
//     podMTBF: mtbf             # mean seconds between failures of one of its pods
//     backoffLimit: retries     # failures after which it gives up
//     tolerations: taints       # "key=value:NoSchedule;key;*"
//     start: started            # when it started as recorded
//     user: user
//     group: group
//     status: state
//     manifest: file            # a manifest of the job, beside the trace: pods, queue and priority class as it says
//   requests: {cpu: cpus}       # resource -> column with the amount per pod
//   constantRequests: {cpu: 1}  # resource -> amount per pod
//   ignoreRequests: [memory]    # resources that do not count
//   resource: nvidia.com/gpu    # what `gpus` counts
//   gpusPerPod: 8
//   queue: default              # the queue of rows without one
//   queueMap: {a: team-a}       # value of the queue column -> queue; "*" stands for all others
//   priorityMap: {high: 100}    # value of the priority column -> number
//   topology: required=rack     # of every job whose row says nothing
//   order: shortest-first       # as columns.priority: the negative of columns.duration
//   onlyStatus: [COMPLETED]     # rows with another status are left out
//   skipStatus: [CANCELLED]     # rows with one of these are
//
// A column may be a list joined by '|': the first that is there, not empty and not -1 counts (SWF's "unknown").
// For formats other than csv and jsonl what is not said is as Mapping::ForFormat has it.
#ifndef MUSTER_SIM_TRACE_MAPPING_H_
#define MUSTER_SIM_TRACE_MAPPING_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/core.h"
#include "sim/trace/format.h"

namespace muster::sim {

// Thread-safety: value type.
struct Mapping {
  Format format = Format::kCsv;
  // Column names; "" = not in this trace.
  std::string id, queue_column, submit, duration, gpus, pods, min_pods, priority, priority_class, node_selector,
      topology_column, estimate, deadline, after, think, time_limit, checkpoint, checkpoint_cost, restart_delay,
      image_pull, pod_mtbf, backoff_limit, tolerations, start, user, group, status, manifest;
  std::map<std::string, std::string> requests;  // resource -> column
  api::ResourceList constant_requests;          // per pod
  std::set<std::string> ignored_requests;       // resources
  std::string request_prefix;                   // columns named PREFIX<resource> are requests per pod; "" = none
  std::string resource = "nvidia.com/gpu";
  int64_t gpus_per_pod = 8;
  std::string queue = "";
  std::map<std::string, std::string> queue_map;
  std::map<std::string, int32_t> priority_map;
  std::string topology;
  std::set<std::string> only_status, skip_status;
  // Columns that a mapping file names: each has to be in the trace. Those of ForFormat need not.
  std::set<std::string> named;
  // Whether a column that nothing here names is a mistake: so it is among Muster's own.
  bool strict_columns = false;

  // What the columns of a format mean without a mapping file. CSV and JSON lines: Muster's own columns (OwnColumns). SWF:
  // single-cpu pods in queue "default", dependencies and estimates. sacct: see docs/traces.md.
  static Mapping ForFormat(Format format);
  // The same for the format that the name of a file stands for: .swf, .jsonl, everything else CSV (.gz, .xz and .zst
  // looked through).
  static Mapping ForFile(absl::string_view path);
  // job_id, queue, submit_s, ...; besides them there are request.<resource>.
  static const std::vector<std::string>& OwnColumns();
  // Parses the text of a mapping file; `otherwise` is the format if it names none. Errors: InvalidArgument naming the
  // line and the field.
  static absl::StatusOr<Mapping> Parse(absl::string_view yaml, Format otherwise = Format::kCsv);
};

// Checks "required=LEVEL", "preferred=LEVEL", "unconstrained" or "". Errors: InvalidArgument.
absl::Status CheckTopologyText(absl::string_view text);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_MAPPING_H_
