#include "manager/jobs/batch_job.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"
#include "manager/vocabulary.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kTemplate[] = "/spec/template";

int64_t PodsOf(const JobRef& job) {
  const json* spec = job.object.At("/spec");
  return spec == nullptr ? 1 : api::PodsOfJobSpec(*spec);
}

// As few pods as it may start with; nullopt when it is not to start with fewer.
std::optional<int32_t> LeastPods(const JobRef& job) {
  int32_t least = 0;
  if (!absl::SimpleAtoi(job.object.annotation(api::kJobMinParallelismAnnotation), &least)) return std::nullopt;
  return least;
}

// Go's strconv.ParseBool.
bool IsTrueInGo(absl::string_view text) {
  return text == "1" || text == "t" || text == "T" || text == "true" || text == "TRUE" || text == "True";
}

void SetParallelism(const JobRef& job, int32_t count, json* after) {
  json& spec = Member(*after, "spec");
  spec["parallelism"] = count;
  if (IsTrueInGo(job.object.annotation(api::kJobCompletionsEqualParallelismAnnotation))) spec["completions"] = count;
}

bool IsSuspended(const JobRef& job) {
  return IsSuspendedBySpec(job) && job.object.annotation(api::kStoppingAnnotation) != "true";
}

bool IsActive(const JobRef& job) { return job.object.IntAt("/status/active") != 0; }

std::optional<Outcome> Finished(const JobRef& job) {
  for (const json& condition : ListAt(job.value(), "/status/conditions")) {
    const std::string type = TextAt(condition, "/type");
    if ((type == "Complete" || type == "Failed") && TextAt(condition, "/status") == "True") {
      return Outcome{TextAt(condition, "/message"), type == "Complete"};
    }
  }
  return std::nullopt;
}

bool PodsReady(const JobRef& job) {
  const int64_t uncounted =
      static_cast<int64_t>(ListAt(job.value(), "/status/uncountedTerminatedPods/succeeded").size());
  return job.object.IntAt("/status/succeeded") + job.object.IntAt("/status/ready") + uncounted >= PodsOf(job);
}

std::vector<api::ReclaimablePod> Reclaimable(const JobRef& job) {
  const int64_t parallelism = job.object.IntAt("/spec/parallelism", 1);
  const int64_t completions = job.object.IntAt("/spec/completions", parallelism);
  const int64_t terminal = job.object.StringAt("/spec/completionMode") == "Indexed"
                               ? TerminalIndexes(std::string(job.object.StringAt("/status/completedIndexes")),
                                                 std::string(job.object.StringAt("/status/failedIndexes")), completions)
                               : job.object.IntAt("/status/succeeded");
  if (parallelism <= 1 || terminal <= 0) return {};
  const int64_t remaining = std::max<int64_t>(completions - terminal, 0);
  if (remaining >= parallelism) return {};
  return {{"main", static_cast<int32_t>(parallelism - remaining)}};
}

absl::StatusOr<std::vector<json>> PodSets(const JobRef& job) {
  const json none = json::object();
  const json* pod_template = job.object.At(kTemplate);
  absl::StatusOr<json> made =
      MakePodSet(job.world, job.kind, "main", PodsOf(job), pod_template == nullptr ? none : *pod_template);
  if (!made.ok()) return made.status();
  for (const char* label : {kJobNameLabel, kControllerUidLabel, kBatchControllerUidLabel}) {
    RemoveMetadata((*made)["template"], "labels", label);
  }
  if (const std::optional<int32_t> least = LeastPods(job);
      least.has_value() && job.world.options.webhook.gates[api::Gate::kPartialAdmission]) {
    (*made)["minCount"] = *least;
  }
  return std::vector<json>{*std::move(made)};
}

absl::Status Run(const JobRef& job, Infos infos, json* after) {
  if (infos.size() != 1) return WrongNumberOfPodSets(1, infos.size());
  if (LeastPods(job).has_value()) SetParallelism(job, infos[0].count, after);
  return RunTemplates(job, infos, after);
}

void Restore(const JobRef& job, Infos infos, json* after) {
  if (infos.empty()) return;
  if (LeastPods(job).has_value() && job.object.IntAt("/spec/parallelism") != infos[0].count) {
    SetParallelism(job, infos[0].count, after);
  }
  // What the Job controller puts on the template stays.
  PodSetInfo info = infos[0];
  for (const char* label : {kJobNameLabel, kControllerUidLabel, kBatchJobNameLabel, kBatchControllerUidLabel}) {
    const json* labels = job.object.At("/spec/template/metadata/labels");
    if (labels == nullptr) continue;
    const auto it = labels->find(label);
    if (it != labels->end() && it->is_string()) info.labels[label] = it->get<std::string>();
  }
  if (json* pod_template = Reach(after, kTemplate)) RestoreTemplate(info, pod_template);
}

// Up to three writes, since a Job's template can only be changed while it is suspended and has no start time. The
// annotation says that they are not through yet.
absl::Status Stop(const JobRef& job, Infos infos, const EventNote& stopped, Plan* plan) {
  std::vector<Step> steps;
  const auto add = [&](json body, absl::string_view subresource) {
    if (body.empty()) return;
    if (steps.empty()) body["metadata"]["resourceVersion"] = job.object.resource_version();
    Step& step = steps.emplace_back();
    step.request.verb = kube::Verb::kMergePatch;
    step.request.key = job.object.key();
    step.request.subresource = std::string(subresource);
    step.request.body = std::move(body);
  };
  const bool was_suspended = IsSuspended(job);
  if (!was_suspended) {
    json held = job.value();
    SetSuspended(job.kind, true, &held);
    SetMetadata(held, "annotations", api::kStoppingAnnotation, "true");
    add(MergeDiff(job.value(), held), "");
  }
  if (job.object.At("/status/startTime") != nullptr) add({{"status", {{"startTime", nullptr}}}}, "status");
  json restored = job.value();
  Restore(job, infos, &restored);
  RemoveMetadata(restored, "annotations", api::kStoppingAnnotation);
  json last = MergeDiff(job.value(), restored);
  // The annotation of the first write.
  if (!was_suspended) last["metadata"]["annotations"][api::kStoppingAnnotation] = nullptr;
  add(std::move(last), "");
  if (!was_suspended) steps.back().events = {stopped};
  for (Step& step : steps) plan->steps.push_back(std::move(step));
  return absl::OkStatus();
}

// "3" or "3-5"; nullopt for anything else, and for 5-3.
std::optional<std::pair<int64_t, int64_t>> ReadRange(absl::string_view text) {
  const size_t dash = text.find('-');
  int64_t first = 0, last = 0;
  if (!absl::SimpleAtoi(text.substr(0, dash), &first)) return std::nullopt;
  if (dash == absl::string_view::npos) return std::make_pair(first, first);
  if (!absl::SimpleAtoi(text.substr(dash + 1), &last) || last < first) return std::nullopt;
  return std::make_pair(first, last);
}

}  // namespace

int64_t TerminalIndexes(const std::string& completed, const std::string& failed, int64_t completions) {
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (const std::string& list : {completed, failed}) {
    if (list.empty()) continue;
    for (const absl::string_view text : absl::StrSplit(list, ',')) {
      if (const auto range = ReadRange(text)) ranges.push_back(*range);
    }
  }
  std::sort(ranges.begin(), ranges.end());
  int64_t count = 0, next = 0;
  for (const auto& [first, last] : ranges) {
    const int64_t from = std::max(first, next), to = std::min(last, completions - 1);
    if (from > to) continue;
    count += to - from + 1;
    next = to + 1;
  }
  return count;
}

KindRules BatchJobRules() {
  KindRules rules;
  rules.framework = "batch/job";
  rules.suspended = IsSuspended;
  rules.active = IsActive;
  rules.finished = Finished;
  rules.pods_ready = PodsReady;
  rules.reclaimable = Reclaimable;
  rules.pod_sets = PodSets;
  rules.run = Run;
  rules.restore = Restore;
  rules.stop = Stop;
  return rules;
}

}  // namespace muster::manager
