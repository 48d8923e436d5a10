#include "manager/testing/small_cluster.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "api/yaml.h"

namespace muster::manager {

using nlohmann::json;

absl::Time Second(int64_t seconds) {
  static const absl::Time start = absl::FromCivil(absl::CivilSecond(2026, 1, 1), absl::UTCTimeZone());
  return start + absl::Seconds(seconds);
}

SmallCluster::SmallCluster(ManagerOptions options)
    : world_(std::move(options)), engine_(world_.options.engine), feed_(world_, engine_) {}

void SmallCluster::Apply(absl::string_view yaml) {
  for (api::YamlDocument& document : api::ParseYaml(yaml)) {
    ASSERT_EQ(document.error, "");
    json& object = document.value;
    json& metadata = object["metadata"];
    if (!metadata.contains("uid")) metadata["uid"] = metadata["name"];
    if (!metadata.contains("resourceVersion")) metadata["resourceVersion"] = absl::StrCat(++version_);
    if (!metadata.contains("creationTimestamp")) metadata["creationTimestamp"] = kube::TimeText(Second(0));
    if (!metadata.contains("generation")) metadata["generation"] = 1;
    absl::StatusOr<kube::ObjectPtr> read = kube::Object::Parse(object);
    ASSERT_TRUE(read.ok()) << read.status();
    world_.objects.Put(*read);
    const absl::Status status = feed_.Changed(*read, Second(0));
    ASSERT_TRUE(status.ok()) << status;
  }
}

absl::string_view OneQueue() {
  return R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: f}
---
apiVersion: v1
kind: Namespace
metadata: {name: ns}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: cq, finalizers: [kueue.x-k8s.io/resource-in-use]}
spec:
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [cpu]
    flavors: [{name: f, resources: [{name: cpu, nominalQuota: "4"}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: lq, namespace: ns}
spec: {clusterQueue: cq}
)";
}

absl::string_view OneWorkload() {
  return R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata:
  name: w
  namespace: ns
  labels: {kueue.x-k8s.io/job-uid: job-a}
  finalizers: [kueue.x-k8s.io/resource-in-use]
  ownerReferences: [{apiVersion: batch/v1, kind: Job, name: a, uid: job-a, controller: true}]
spec:
  queueName: lq
  podSets:
  - name: main
    count: 1
    template: {spec: {containers: [{name: c, image: x, resources: {requests: {cpu: "1"}}}], restartPolicy: Never}}
)";
}

std::string Text(const Plan& plan) {
  std::string text;
  const auto say = [&](const std::vector<EventNote>& notes) {
    for (const EventNote& note : notes) {
      absl::StrAppend(&text, "  ", note.warning ? "Warning " : "Normal ", note.reason, ": ", note.message, "\n");
    }
  };
  for (const Step& step : plan.steps) {
    absl::StrAppend(&text, kube::Summary(step.request), "\n");
    say(step.events);
  }
  say(plan.events);
  if (plan.look_again.has_value()) {
    absl::StrAppend(&text, "again after ", absl::FormatDuration(*plan.look_again), "\n");
  }
  if (!plan.error.ok()) absl::StrAppend(&text, "error ", plan.error.message(), "\n");
  return text;
}

std::string ConditionIn(const Step& step, absl::string_view type) {
  const json conditions = step.request.body.value(json::json_pointer("/status/conditions"), json::array());
  for (const json& condition : conditions) {
    if (condition.value("type", "") != std::string(type)) continue;
    return absl::StrCat(condition.value("status", ""), " ", condition.value("reason", ""), ": ",
                        condition.value("message", ""));
  }
  return "";
}

}  // namespace muster::manager
