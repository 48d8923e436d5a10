#include "kube/testing/pods.h"

#include <utility>

#include "kube/testing/json_path.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

const Client kClient = {"kube-controller-manager"};

}  // namespace

bool IsPod(const Object& object) { return object.type().group.empty() && object.type().kind == "Pod"; }

bool IsOver(const Object& pod) {
  const absl::string_view phase = pod.StringAt("/status/phase");
  return phase == "Succeeded" || phase == "Failed";
}

bool IsReady(const Object& pod) {
  const json* conditions = pod.At("/status/conditions");
  if (conditions == nullptr) return false;
  for (const json& each : *conditions) {
    if (GetString(each, {"type"}) == "Ready") return GetString(each, {"status"}) == "True";
  }
  return false;
}

bool IsGated(const Object& pod) {
  const json* gates = pod.At("/spec/schedulingGates");
  return gates != nullptr && !gates->empty();
}

Owner ControllerOf(const Object& object) {
  for (const Owner& owner : object.Owners()) {
    if (owner.controller) return owner;
  }
  return {};
}

std::vector<ObjectPtr> PodsOf(const ApiServer& server, const Object& owner) {
  std::vector<ObjectPtr> pods;
  for (const ObjectPtr& pod : server.List(TypeOf("", "Pod"), owner.ns())) {
    if (ControllerOf(*pod).uid == owner.uid()) pods.push_back(pod);
  }
  return pods;
}

json PodFromTemplate(const Object& owner, const std::string& generate_name) {
  json pod = {{"metadata", json::object()}, {"spec", json::object()}};
  if (const json* metadata = owner.At("/spec/template/metadata"); metadata != nullptr) {
    for (const char* key : {"labels", "annotations", "finalizers"}) {
      if (const json* value = Get(*metadata, {key})) pod["metadata"][key] = *value;
    }
  }
  if (const json* spec = owner.At("/spec/template/spec"); spec != nullptr) pod["spec"] = *spec;
  pod["metadata"]["generateName"] = generate_name;
  const json owned = {{"apiVersion", owner.type().ApiVersion()},
                      {"kind", std::string(owner.type().kind)},
                      {"name", owner.name()},
                      {"uid", owner.uid()},
                      {"controller", true},
                      {"blockOwnerDeletion", true}};
  pod["metadata"]["ownerReferences"] = json::array({owned});
  return pod;
}

bool CreatePod(ApiServer& server, const Object& owner, json pod, absl::Time now) {
  Request request;
  request.verb = Verb::kCreate;
  request.key = {&TypeOf("", "Pod"), owner.ns(), ""};
  request.body = std::move(pod);
  return server.Handle(request, kClient, now).ok();
}

void DeletePod(ApiServer& server, const Object& pod, absl::Time now) {
  Request request;
  request.verb = Verb::kDelete;
  request.key = pod.key();
  request.body = {{"preconditions", {{"uid", pod.uid()}}}};
  server.Handle(request, kClient, now);
}

void RemoveFinalizer(ApiServer& server, const Object& object, absl::string_view finalizer, absl::Time now) {
  const ObjectPtr live = server.Find(object.key());
  if (live == nullptr || live->uid() != object.uid() || !live->HasFinalizer(finalizer)) return;
  json kept = json::array();
  for (const json& each : *live->At("/metadata/finalizers")) {
    if (each != std::string(finalizer)) kept.push_back(each);
  }
  Request request;
  request.verb = Verb::kMergePatch;
  request.key = object.key();
  request.body = {{"metadata", {{"uid", object.uid()}, {"finalizers", std::move(kept)}}}};
  server.Handle(request, kClient, now);
}

}  // namespace muster::kube::testing
