#include "kube/testing/kubelet.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "kube/testing/json_path.h"
#include "kube/testing/placement.h"
#include "kube/testing/pods.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

const Client kClient = {"unknown"};

json Condition(const char* type, bool status, const std::string& time) {
  return {{"type", type}, {"status", status ? "True" : "False"}, {"lastTransitionTime", time}};
}

void PatchStatus(ApiServer& server, const Object& pod, json status, absl::Time now) {
  Request request;
  request.verb = Verb::kStrategicPatch;
  request.key = pod.key();
  request.subresource = "status";
  request.body = {{"metadata", {{"uid", pod.uid()}}}, {"status", std::move(status)}};
  server.Handle(request, kClient, now);
}

json ContainerStatuses(const Object& pod, const json& state, bool ready) {
  json statuses = json::array();
  if (const json* containers = pod.At("/spec/containers"); containers != nullptr) {
    for (const json& container : *containers) {
      statuses.push_back({{"name", container["name"]},
                          {"state", state},
                          {"lastState", json::object()},
                          {"ready", ready},
                          {"restartCount", 0},
                          {"image", GetString(container, {"image"})},
                          {"imageID", ""}});
    }
  }
  return statuses;
}

}  // namespace

void Kubelet::Observe(const WatchEvent& event, absl::Time) {
  if (event.object->type().kind == "Node") changed_ = true;
  if (!IsPod(*event.object)) return;
  changed_ = true;
  if (event.type == WatchEvent::Type::kDeleted) endings_.erase(event.object->uid());
}

absl::Time Kubelet::NextTime() const {
  if (changed_) return absl::InfinitePast();
  absl::Time next = look_again_;
  for (const auto& [uid, ending] : endings_) next = std::min(next, ending.time);
  return next;
}

void Kubelet::Run(absl::Time now) {
  std::vector<Ending> over;
  for (auto it = endings_.begin(); it != endings_.end();) {
    if (it->second.time > now) {
      ++it;
      continue;
    }
    over.push_back(it->second);
    it = endings_.erase(it);
  }
  for (const Ending& ending : over) {
    const ObjectPtr pod = server_.Find(ending.pod);
    if (pod != nullptr && !IsOver(*pod) && !pod->deleting()) End(*pod, ending.success, now);
  }
  const bool again = look_again_ <= now;
  if (!std::exchange(changed_, false) && !again) return;
  look_again_ = absl::InfiniteFuture();
  for (const ObjectPtr& pod : server_.List(TypeOf("", "Pod"))) Look(pod, now);
}

bool Kubelet::IsTime(const Object& pod, Pace::PodEvent event, absl::Time now) {
  const absl::Time time = pace_.OfPod(pod, event, now);
  if (time > now) look_again_ = std::min(look_again_, time);
  return time <= now;
}

void Kubelet::Look(const ObjectPtr& pod, absl::Time now) {
  const bool bound = !pod->StringAt("/spec/nodeName").empty();
  if (pod->deleting()) {
    if (!bound || pod->IntAt("/metadata/deletionGracePeriodSeconds") == 0) return;
    if (!IsTime(*pod, Pace::PodEvent::kGoes, now)) return;
    Request request;
    request.verb = Verb::kDelete;
    request.key = pod->key();
    request.body = {{"gracePeriodSeconds", 0}, {"preconditions", {{"uid", pod->uid()}}}};
    server_.Handle(request, kClient, now);
    return;
  }
  if (pod->StringAt("/status/phase") != "Pending" || IsGated(*pod)) return;
  if (!IsTime(*pod, Pace::PodEvent::kRuns, now)) return;
  if (!bound) {
    const std::string node = NodeFor(server_, *pod);
    if (node.empty()) return;
    Request request;
    request.verb = Verb::kCreate;
    request.key = pod->key();
    request.subresource = "binding";
    request.body = {{"target", {{"name", node}}}};
    if (!server_.Handle(request, {"kube-scheduler"}, now).ok()) return;
  }
  Start(*pod, now);
}

void Kubelet::Start(const Object& pod, absl::Time now) {
  const std::string time = TimeText(now);
  const bool ready = !pod.HasLabel("e2e/not-ready");
  PatchStatus(
      server_, pod,
      {{"phase", "Running"},
       {"startTime", time},
       {"podIP", "10.0.0.1"},
       {"podIPs", json::array({json{{"ip", "10.0.0.1"}}})},
       {"conditions", json::array({Condition("Initialized", true, time), Condition("ContainersReady", ready, time),
                                   Condition("Ready", ready, time)})},
       {"containerStatuses", ContainerStatuses(pod, {{"running", {{"startedAt", time}}}}, ready)}},
      now);
  for (const auto& [label, success] : {std::pair("e2e/run-seconds", true), std::pair("e2e/fail-seconds", false)}) {
    double seconds = 0;
    if (absl::SimpleAtod(pod.label(label), &seconds)) {
      const absl::Time end = pace_.OfPod(pod, Pace::PodEvent::kEnds, now + absl::Seconds(seconds));
      endings_[pod.uid()] = {end, success, pod.key()};
    }
  }
}

void Kubelet::End(const Object& pod, bool success, absl::Time now) {
  const std::string time = TimeText(now);
  json ready = Condition("Ready", false, time);
  ready["reason"] = "PodCompleted";
  PatchStatus(
      server_, pod,
      {{"phase", success ? "Succeeded" : "Failed"},
       {"conditions", json::array({ready})},
       {"containerStatuses",
        ContainerStatuses(pod, {{"terminated", {{"exitCode", success ? 0 : 1}, {"finishedAt", time}}}}, false)}},
      now);
}

}  // namespace muster::kube::testing
