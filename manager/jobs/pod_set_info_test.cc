#include "manager/jobs/pod_set_info.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/codec.h"
#include "manager/jobs/testing/job_world.h"
#include "manager/jobs/workloads_of_job.h"

namespace muster::manager {
namespace {

using nlohmann::json;

TEST(PodSetInfo, WhatAnAdmissionPutsIn) {
  const struct {
    const char* why;
    const char* workload;
    const char* want;  // labels, annotations, node selector, tolerations, gates
  } kCases[] = {
      {"a queue whose name is no label is left out",
       "{status: {admission: {clusterQueue: c.q, podSetAssignments: [{name: main}]}}}",
       R"({"kueue.x-k8s.io/local-queue-name":"lq","kueue.x-k8s.io/podset":"main"} {"kueue.x-k8s.io/workload":"job-a-wl"} {} [] [])"},
      {"flavors once each",
       "{status: {admission: {clusterQueue: c.q, podSetAssignments: [{name: main, flavors: {cpu: rf, memory: rf, gpu: "
       "rg}}]}}}",
       R"({"kueue.x-k8s.io/local-queue-name":"lq","kueue.x-k8s.io/podset":"main"} {"kueue.x-k8s.io/workload":"job-a-wl"} {"gpu":"a","zone":"z"} [{"key":"t"}] [])"},
      {"topology that the pods did not ask for",
       "{status: {admission: {clusterQueue: c.q, podSetAssignments: [{name: main, topologyAssignment: {levels: [h], "
       "slices: []}}]}}}",
       R"({"kueue.x-k8s.io/local-queue-name":"lq","kueue.x-k8s.io/podset":"main"} {"kueue.x-k8s.io/podset-unconstrained-topology":"true","kueue.x-k8s.io/workload":"job-a-wl"} {} [] [{"name":"kueue.x-k8s.io/topology"}])"},
      {"what a check asks for",
       "{status: {admission: {clusterQueue: c.q, podSetAssignments: [{name: main}]}, admissionChecks: [{name: c, "
       "state: "
       "Ready, podSetUpdates: [{name: other, labels: {other: other}}, {name: main, labels: {l: v}, annotations: {a: "
       "v}, "
       "nodeSelector: {n: v}, tolerations: [{key: k}]}]}]}}",
       R"({"kueue.x-k8s.io/local-queue-name":"lq","kueue.x-k8s.io/podset":"main","l":"v"} {"a":"v","kueue.x-k8s.io/workload":"job-a-wl"} {"n":"v"} [{"key":"k"}] [])"},
      {"checks that contradict",
       "{status: {admission: {clusterQueue: c.q, podSetAssignments: [{name: main, flavors: {cpu: rf}}]}, "
       "admissionChecks: "
       "[{name: c, state: Ready, podSetUpdates: [{name: main, nodeSelector: {zone: east}}]}]}}",
       "in admission check \"c\": invalid admission check PodSetUpdate: conflict for nodeSelector: conflict for "
       "key=zone, "
       "value1=z, value2=east"},
      {"a slice of an elastic job",
       "{metadata: {annotations: {kueue.x-k8s.io/elastic-job: 'true', kueue.x-k8s.io/workload-slice-name: first}}, "
       "status: {admission: {clusterQueue: c.q, podSetAssignments: [{name: main}]}}}",
       R"({"kueue.x-k8s.io/local-queue-name":"lq","kueue.x-k8s.io/podset":"main"} {"kueue.x-k8s.io/workload":"job-a-wl","kueue.x-k8s.io/workload-slice-name":"first"} {} [] [])"},
  };
  for (const auto& c : kCases) {
    JobWorld world;
    world.Add(
        "{apiVersion: kueue.x-k8s.io/v1beta2, kind: ResourceFlavor, metadata: {name: rg}, "
        "spec: {nodeLabels: {gpu: a}, tolerations: [{key: t}]}}");
    const absl::StatusOr<ReadWorkload> workload = Read(world.get(), world.Add(kWorkload, c.workload));
    ASSERT_TRUE(workload.ok()) << c.why << workload.status();
    const auto infos = InfosOfAdmission(world.get(), *workload->object, *workload->typed);
    std::string text;
    if (!infos.ok()) {
      text = std::string(infos.status().message());
    } else {
      const PodSetInfo& info = infos->front();
      for (const json& part : {json(info.labels), json(info.annotations), json(info.node_selector),
                               json(info.tolerations), json(info.scheduling_gates)}) {
        text += (text.empty() ? "" : " ") + part.dump();
      }
    }
    EXPECT_EQ(text, c.want) << c.why;
  }
}

TEST(PodSetInfo, MergeAndBack) {
  const json before =
      FromYaml("{metadata: {labels: {a: b}}, spec: {tolerations: [{key: k, operator: Equal, value: v}]}}");
  PodSetInfo info;
  info.labels = {{"a", "b"}, {"c", "d"}};
  info.node_selector = {{"n", "v"}};
  info.tolerations = {json{{"key", "k"}, {"value", "v"}}, json{{"key", "other"}}};
  info.scheduling_gates = {json{{"name", "gate"}}};
  json pod_template = before;
  ASSERT_TRUE(MergeIntoTemplate(info, &pod_template).ok());
  EXPECT_EQ(pod_template,
            FromYaml("{metadata: {labels: {a: b, c: d}}, spec: {nodeSelector: {n: v}, schedulingGates: "
                     "[{name: gate}], tolerations: [{key: k, operator: Equal, value: v}, {key: other}]}}"))
      << "a toleration that is there under another spelling is not added";
  RestoreTemplate(InfoOfPodSet({{"template", before}}), &pod_template);
  EXPECT_EQ(pod_template, before);
  info.labels["a"] = "else";
  EXPECT_EQ(MergeIntoTemplate(info, &pod_template).message(),
            "invalid admission check PodSetUpdate: conflict for labels: conflict for key=a, value1=b, value2=else");
  EXPECT_EQ(pod_template, before) << "as it was";
}

TEST(PodSetInfo, AnotherSliceTakesThePlaceOfTheEarlier) {
  json pod_template = FromYaml(
      "{metadata: {annotations: {kueue.x-k8s.io/workload: w1, kueue.x-k8s.io/workload-slice-name: s1}}, spec: {}}");
  PodSetInfo info;
  info.annotations = {{"kueue.x-k8s.io/workload", "w2"}};
  EXPECT_FALSE(MergeIntoTemplate(info, &pod_template).ok()) << "not elastic";
  info.annotations["kueue.x-k8s.io/workload-slice-name"] = "s2";
  EXPECT_TRUE(MergeIntoTemplate(info, &pod_template).ok());
  EXPECT_EQ(pod_template["metadata"]["annotations"]["kueue.x-k8s.io/workload"], "w2");
}

}  // namespace
}  // namespace muster::manager
