#include "manager/jobs/testing/job_world.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "api/job_kinds.h"
#include "api/yaml.h"
#include "base/check.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kNamespace[] = "{apiVersion: v1, kind: Namespace, metadata: {name: g, labels: {team: g}}}";
constexpr char kFlavor[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: rf}
spec: {nodeLabels: {zone: z}})";

json ConditionsOf(absl::string_view words) {
  json conditions = json::array();
  for (absl::string_view word : absl::StrSplit(words, ' ', absl::SkipEmpty())) {
    const bool no = absl::ConsumePrefix(&word, "!");
    const std::pair<std::string, std::string> parts = absl::StrSplit(word, absl::MaxSplits('/', 1));
    conditions.push_back({{"type", parts.first},
                          {"status", no ? "False" : "True"},
                          {"reason", parts.second.empty() ? parts.first : parts.second},
                          {"message", absl::StrCat("said of ", parts.first)},
                          {"lastTransitionTime", "2026-01-01T00:00:00Z"},
                          {"observedGeneration", 1}});
  }
  return conditions;
}

// What a body says besides which object it is about.
std::string BodyText(const kube::Request& request) {
  json body = request.body;
  if (body.is_null()) return "";
  if (body.contains("metadata")) body["metadata"].erase("resourceVersion");
  if (request.verb == kube::Verb::kApply) {
    for (const char* field : {"apiVersion", "kind", "metadata"}) body.erase(field);
  }
  if (body.contains("metadata") && body["metadata"].empty()) body.erase("metadata");
  std::string conditions;
  if (body.contains("status") && body["status"].contains("conditions")) {
    for (const json& each : body["status"]["conditions"]) {
      absl::StrAppend(&conditions, " ", each.value("type", ""), "=", each.value("status", ""), "(",
                      each.value("reason", ""), ")");
    }
    body["status"].erase("conditions");
    if (body["status"].empty()) body.erase("status");
  }
  return absl::StrCat(body.empty() ? "" : absl::StrCat(" ", body.dump()), conditions);
}

void AppendEvents(const std::vector<EventNote>& events, std::string* text) {
  for (const EventNote& each : events) {
    absl::StrAppend(text, "+ ", each.warning ? "Warning " : "", each.reason, ": ", each.message, "\n");
  }
}

}  // namespace

const char kBatchJob[] = R"(
apiVersion: batch/v1
kind: Job
metadata:
  name: a
  namespace: g
  uid: job-uid
  resourceVersion: "7"
  generation: 1
  labels: {kueue.x-k8s.io/queue-name: lq}
spec:
  suspend: true
  parallelism: 2
  completions: 2
  template:
    metadata: {labels: {app: x, controller-uid: job-uid, batch.kubernetes.io/job-name: a}}
    spec:
      containers: [{name: c, image: x, resources: {requests: {cpu: "1"}}}]
      restartPolicy: Never)";

const char kWorkload[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata:
  name: job-a-wl
  namespace: g
  uid: wl-uid
  resourceVersion: "9"
  generation: 1
  finalizers: [kueue.x-k8s.io/resource-in-use]
  labels: {kueue.x-k8s.io/job-uid: job-uid}
  ownerReferences: [{apiVersion: batch/v1, kind: Job, name: a, uid: job-uid, controller: true}]
spec:
  active: true
  queueName: lq
  priority: 0
  podSets:
  - name: main
    count: 2
    template:
      metadata: {labels: {app: x, batch.kubernetes.io/job-name: a}}
      spec:
        containers: [{name: c, image: x, resources: {requests: {cpu: 1000m}}}]
        restartPolicy: Never)";

JobWorld::JobWorld(ManagerOptions options) : world_(std::make_unique<World>(std::move(options))) {
  Add(kNamespace);
  Add(kFlavor);
}

ManagerOptions JobWorld::AllFrameworks() {
  ManagerOptions options;
  for (const api::JobKind& kind : api::JobKinds()) options.webhook.frameworks.insert(std::string(kind.framework));
  return options;
}

kube::ObjectPtr JobWorld::Add(absl::string_view yaml, absl::string_view patch, absl::string_view conditions) {
  json object = FromYaml(yaml);
  object.merge_patch(FromYaml(patch));
  if (!conditions.empty()) {
    json& status = object["status"];
    status["conditions"] = ConditionsOf(conditions);
    // Whoever holds quota has an admission.
    if (absl::StrContains(absl::StrCat(" ", conditions), " QuotaReserved") && !status.contains("admission")) {
      status["admission"] = {{"clusterQueue", "cq"}, {"podSetAssignments", json::array()}};
      for (const json& pod_set : object["spec"]["podSets"]) {
        status["admission"]["podSetAssignments"].push_back(
            {{"name", pod_set["name"]}, {"flavors", {{"cpu", "rf"}}}, {"count", pod_set["count"]}});
      }
    }
  }
  absl::StatusOr<kube::ObjectPtr> parsed = kube::Object::Parse(std::move(object));
  MUSTER_CHECK(parsed.ok());
  world_->objects.Put(*parsed);
  return *parsed;
}

absl::Time TestNow() { return *kube::ParseTime("2026-01-01T00:10:00Z"); }

json FromYaml(absl::string_view yaml) {
  std::vector<api::YamlDocument> documents = api::ParseYaml(yaml);
  MUSTER_CHECK(documents.size() == 1);
  return std::move(documents[0].value);
}

std::string TextOf(const Plan& plan) {
  std::string text;
  for (const Step& step : plan.steps) {
    absl::StrAppend(&text, kube::Summary(step.request), BodyText(step.request), "\n");
    AppendEvents(step.events, &text);
  }
  AppendEvents(plan.events, &text);
  if (plan.look_again.has_value()) absl::StrAppend(&text, "again in ", absl::FormatDuration(*plan.look_again), "\n");
  if (!plan.error.ok()) absl::StrAppend(&text, "error: ", std::string(plan.error.message()), "\n");
  return text;
}

}  // namespace muster::manager
