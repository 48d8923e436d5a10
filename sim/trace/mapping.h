// How the columns of a trace become jobs.
//
// A mapping file is YAML:
//
//   format: csv                 # csv, jsonl or swf
//   columns:
//     id: job_id                # default: the row number
//     queue: vc                 # which LocalQueue or ClusterQueue
//     submit: submit_time       # seconds, or an RFC 3339 time
//     duration: duration        # seconds
//     gpus: gpu_num             # accelerators of the whole job, cut into pods by gpusPerPod
//     pods: nodes               # or: number of pods, each asking for `requests`
//     priority: prio
//     priorityClass: class
//     nodeSelector: constraint  # "key=value;key=value"
//     status: state
//     manifest: file            # a manifest of the job, beside the trace: pods, queue and priority class are as it
//     says
//   requests: {cpu: cpus}       # resource -> column with the amount per pod
//   constantRequests: {cpu: 1}  # resource -> amount per pod
//   resource: nvidia.com/gpu    # what `gpus` counts
//   gpusPerPod: 8
//   queue: default              # the queue of rows without one
//   queueMap: {a: team-a}       # value of the queue column -> queue
//   priorityMap: {high: 100}    # value of the priority column -> number
//
// A column may be a list joined by '|': the first that is there, not empty and not -1 counts (SWF's "unknown").
#ifndef MUSTER_SIM_TRACE_MAPPING_H_
#define MUSTER_SIM_TRACE_MAPPING_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/core.h"
#include "sim/trace/records.h"

namespace muster::sim {

// Thread-safety: value type.
struct Mapping {
  Format format = Format::kCsv;
  // Column names; "" = not in this trace.
  std::string id, queue_column, submit, duration, gpus, pods, priority, priority_class, node_selector, status, manifest;
  std::map<std::string, std::string> requests;  // resource -> column
  api::ResourceList constant_requests;          // per pod
  std::string request_prefix;                   // columns named PREFIX<resource> are requests per pod; "" = none
  std::string resource = "nvidia.com/gpu";
  int64_t gpus_per_pod = 8;
  std::string queue = "";
  std::map<std::string, std::string> queue_map;
  std::map<std::string, int32_t> priority_map;

  // Muster's own columns: job_id, queue, submit_s, duration_s, pods, request.<resource>, priority, priority_class,
  // node_selector, status, manifest. The format follows the name: .swf, .jsonl, everything else CSV (.gz and .xz looked
  // through). An SWF log becomes jobs of single-cpu pods in queue "default".
  static Mapping ForFile(absl::string_view path);
  // Parses the text of a mapping file. Errors: InvalidArgument naming the line and the field.
  static absl::StatusOr<Mapping> Parse(absl::string_view yaml);
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_MAPPING_H_
