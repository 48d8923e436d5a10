#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "sim/trace/mapping.h"

namespace muster::sim {
namespace {

Mapping OwnMapping() {
  Mapping m;
  m.id = "job_id";
  m.queue_column = "queue";
  m.submit = "submit_s";
  m.duration = "duration_s";
  m.pods = "pods";
  m.min_pods = "min_pods";
  m.priority = "priority";
  m.priority_class = "priority_class";
  m.node_selector = "node_selector";
  m.topology_column = "topology";
  m.estimate = "estimate_s";
  m.deadline = "deadline_s";
  m.after = "after";
  m.think = "think_s";
  m.time_limit = "time_limit_s";
  m.checkpoint = "checkpoint_s";
  m.checkpoint_cost = "checkpoint_cost_s";
  m.restart_delay = "restart_delay_s";
  m.image_pull = "image_pull_s";
  m.pod_mtbf = "pod_mtbf_s";
  m.backoff_limit = "backoff_limit";
  m.tolerations = "tolerations";
  m.start = "start_s";
  m.user = "user";
  m.group = "group";
  m.status = "status";
  m.manifest = "manifest";
  m.request_prefix = "request.";
  return m;
}

Mapping SwfMapping() {
  Mapping m;
  m.id = "job_id";
  m.submit = "submit_s";
  m.duration = "run_s";
  m.pods = "procs_requested|procs_allocated";
  m.estimate = "time_requested_s";
  m.time_limit = "time_requested_s";  // most systems end jobs there
  m.after = "preceding_job";
  m.think = "think_s";
  m.start = "start_s";
  m.user = "user";
  m.group = "group";
  m.status = "status";
  m.constant_requests["cpu"] = api::Quantity::FromValue(1);
  m.queue = "default";
  return m;
}

Mapping PhillyMapping() {
  Mapping m;
  m.id = "job_id";
  m.queue_column = "vc";
  m.submit = "submit_time";
  m.duration = "duration";
  m.gpus = "gpu_num";
  return m;
}

}  // namespace

const std::vector<std::string>& Mapping::OwnColumns() {
  static const auto& columns = *new std::vector<std::string>{
      "job_id",       "queue",           "submit_s",      "duration_s",    "pods",         "min_pods",
      "priority",     "priority_class",  "node_selector", "tolerations",   "topology",     "estimate_s",
      "time_limit_s", "deadline_s",      "after",         "think_s",       "checkpoint_s", "checkpoint_cost_s",
      "image_pull_s", "restart_delay_s", "pod_mtbf_s",    "backoff_limit", "start_s",      "user",
      "group",        "status",          "manifest"};
  return columns;
}

Mapping Mapping::ForFormat(Format format) {
  Mapping m;
  switch (format) {
    case Format::kCsv:
    case Format::kJsonl:
      m = OwnMapping();
      m.strict_columns = true;
      break;
    case Format::kSwf:
      m = SwfMapping();
      break;
    case Format::kPhilly:
      m = PhillyMapping();
      break;
    case Format::kSacct:
      m = OwnMapping();
      m.queue_column = "account|partition|qos";
      break;
    case Format::kKueue:
      m = OwnMapping();
      m.priority_class = "";  // the number is there, the class may not be in the policy
      break;
    case Format::kOpenb:
      m = OwnMapping();
      break;
  }
  m.format = format;
  return m;
}

Mapping Mapping::ForFile(absl::string_view path) { return ForFormat(RecognizeFormat("", path)); }

absl::Status CheckTopologyText(absl::string_view text) {
  if (text.empty() || text == "unconstrained") return absl::OkStatus();
  const bool level = (absl::ConsumePrefix(&text, "required=") || absl::ConsumePrefix(&text, "preferred="));
  if (level && !text.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("a topology is required=LEVEL, preferred=LEVEL or unconstrained, where LEVEL is a node label"));
}

}  // namespace muster::sim
