#include "kube/testing/apps_controllers.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "kube/testing/json_path.h"
#include "kube/testing/pods.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

const Client kClient = {"kube-controller-manager"};
constexpr char kTemplateHash[] = "pod-template-hash";

// The pods that count: neither over nor on their way out.
std::vector<ObjectPtr> Alive(const std::vector<ObjectPtr>& pods) {
  std::vector<ObjectPtr> alive;
  std::copy_if(pods.begin(), pods.end(), std::back_inserter(alive),
               [](const ObjectPtr& pod) { return !IsOver(*pod) && !pod->deleting(); });
  return alive;
}

int64_t CountReady(const std::vector<ObjectPtr>& pods) {
  return std::count_if(pods.begin(), pods.end(), [](const ObjectPtr& pod) { return IsReady(*pod); });
}

void WriteStatus(ApiServer& server, const Object& object, const json& counts, absl::Time now) {
  const ObjectPtr live = server.Find(object.key());
  if (live == nullptr || live->uid() != object.uid()) return;
  Request request;
  request.verb = Verb::kUpdate;
  request.key = object.key();
  request.subresource = "status";
  request.body = live->value();
  json& status = ObjectAt(request.body, {"status"});
  status["observedGeneration"] = object.generation();
  for (const auto& [field, count] : counts.items()) {
    // Go leaves out what is 0 but for a few.
    if (count == 0 && field != "replicas" && field != "terminatingReplicas" && field != "availableReplicas" &&
        field != "collisionCount") {
      status.erase(field);
    } else {
      status[field] = count;
    }
  }
  server.Handle(request, kClient, now);
}

void Scale(ApiServer& server, const Object& object, int64_t replicas, absl::Time now) {
  if (object.IntAt("/spec/replicas") == replicas) return;
  Request request;
  request.verb = Verb::kMergePatch;
  request.key = object.key();
  request.body = {{"spec", {{"replicas", replicas}}}};
  server.Handle(request, kClient, now);
}

// "25%" of the replicas, rounded up, or a number.
int64_t Surge(const Object& deployment, int64_t replicas) {
  const json* surge = deployment.At("/spec/strategy/rollingUpdate/maxSurge");
  if (surge == nullptr) return 0;
  if (surge->is_number_integer()) return surge->get<int64_t>();
  double percent = 0;
  const std::string text = surge->is_string() ? surge->get<std::string>() : "";
  return absl::SimpleAtod(absl::StripSuffix(text, "%"), &percent)
             ? static_cast<int64_t>(std::ceil(percent / 100 * static_cast<double>(replicas)))
             : 0;
}

json TemplateWithoutHash(const Object& object) {
  json pod_template = *object.At("/spec/template");
  if (pod_template["metadata"].contains("labels")) pod_template["metadata"]["labels"].erase(kTemplateHash);
  return pod_template;
}

ObjectPtr MakeReplicaSet(ApiServer& server, const Object& deployment, int64_t replicas, absl::Time now) {
  const std::string prefix = absl::StrCat(deployment.name(), "-");
  const std::string hash = server.identities().Suffix({&TypeOf("apps", "ReplicaSet"), deployment.ns(), prefix});
  const json owner = {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", deployment.name()},
                      {"uid", deployment.uid()}, {"controller", true},   {"blockOwnerDeletion", true}};
  json body = {{"metadata", {{"name", prefix + hash}, {"ownerReferences", json::array({owner})}}},
               {"spec",
                {{"replicas", replicas},
                 {"selector", *deployment.At("/spec/selector")},
                 {"template", *deployment.At("/spec/template")}}}};
  ObjectAt(body, {"spec", "selector", "matchLabels"})[kTemplateHash] = hash;
  ObjectAt(body, {"spec", "template", "metadata", "labels"})[kTemplateHash] = hash;
  body["metadata"]["labels"] = body["spec"]["template"]["metadata"]["labels"];
  Request request;
  request.verb = Verb::kCreate;
  request.key = {&TypeOf("apps", "ReplicaSet"), deployment.ns(), ""};
  request.body = std::move(body);
  server.Handle(request, kClient, now);
  return server.Find({request.key.type, deployment.ns(), prefix + hash});
}

}  // namespace

void AppsControllers::Observe(const WatchEvent& event, absl::Time) {
  changed_ = changed_ || event.object->type().group == "apps" || IsPod(*event.object);
}

void AppsControllers::Run(absl::Time now) {
  changed_ = false;
  for (const ObjectPtr& each : server_.List(TypeOf("apps", "Deployment"))) SyncDeployment(server_, each, now);
  for (const ObjectPtr& each : server_.List(TypeOf("apps", "ReplicaSet"))) SyncReplicaSet(server_, each, now);
  for (const ObjectPtr& each : server_.List(TypeOf("apps", "StatefulSet"))) SyncStatefulSet(server_, each, now);
}

void SyncDeployment(ApiServer& server, const ObjectPtr& deployment, absl::Time now) {
  if (deployment->deleting()) return;
  const int64_t wanted = deployment->IntAt("/spec/replicas", 1);
  std::vector<ObjectPtr> old;
  ObjectPtr current;
  for (const ObjectPtr& each : server.List(TypeOf("apps", "ReplicaSet"), deployment->ns())) {
    if (ControllerOf(*each).uid != deployment->uid()) continue;
    if (current == nullptr && TemplateWithoutHash(*each) == TemplateWithoutHash(*deployment)) {
      current = each;
    } else {
      old.push_back(each);
    }
  }
  int64_t others = 0;
  for (const ObjectPtr& each : old) others += each->IntAt("/spec/replicas");
  // No more than the surge at a time, and never fewer ready ones than are wanted.
  const int64_t most = std::max<int64_t>(0, std::min(wanted, wanted + Surge(*deployment, wanted) - others));
  if (current == nullptr) {
    current = MakeReplicaSet(server, *deployment, most, now);
    if (current == nullptr) return;
  } else if (others == 0 || current->IntAt("/spec/replicas") < most) {
    Scale(server, *current, most, now);
  }
  int64_t ready = CountReady(Alive(PodsOf(server, *current)));
  const int64_t updated = static_cast<int64_t>(Alive(PodsOf(server, *current)).size());
  int64_t replicas = updated;
  for (const ObjectPtr& each : old) {
    const std::vector<ObjectPtr> pods = Alive(PodsOf(server, *each));
    const int64_t keep = std::clamp<int64_t>(wanted - ready, 0, each->IntAt("/spec/replicas"));
    Scale(server, *each, keep, now);
    replicas += static_cast<int64_t>(pods.size());
    ready += CountReady(pods);
  }
  WriteStatus(server, *deployment,
              {{"replicas", replicas},
               {"updatedReplicas", updated},
               {"readyReplicas", ready},
               {"availableReplicas", ready},
               {"unavailableReplicas", std::max<int64_t>(0, wanted - ready)}},
              now);
}

void SyncReplicaSet(ApiServer& server, const ObjectPtr& replica_set, absl::Time now) {
  std::vector<ObjectPtr> pods = PodsOf(server, *replica_set);
  std::vector<ObjectPtr> alive = Alive(pods);
  const int64_t wanted = replica_set->IntAt("/spec/replicas");
  int64_t missing = wanted - static_cast<int64_t>(alive.size());
  if (!replica_set->deleting()) {
    for (; missing > 0; --missing) {
      CreatePod(server, *replica_set, PodFromTemplate(*replica_set, absl::StrCat(replica_set->name(), "-")), now);
    }
    // First those that do least, then the youngest.
    std::stable_sort(alive.begin(), alive.end(), [](const ObjectPtr& a, const ObjectPtr& b) {
      const auto rank = [](const Object& pod) {
        return (pod.StringAt("/spec/nodeName").empty() ? 0 : 2) + static_cast<int>(IsReady(pod));
      };
      if (rank(*a) != rank(*b)) return rank(*a) < rank(*b);
      return a->created() > b->created();
    });
    for (size_t i = 0; missing < 0; ++i, ++missing) DeletePod(server, *alive[i], now);
  }
  pods = PodsOf(server, *replica_set);
  alive = Alive(pods);
  const int64_t count = static_cast<int64_t>(alive.size());
  const int64_t terminating =
      std::count_if(pods.begin(), pods.end(), [](const ObjectPtr& pod) { return pod->deleting(); });
  WriteStatus(server, *replica_set,
              {{"replicas", count},
               {"fullyLabeledReplicas", count},
               {"readyReplicas", CountReady(alive)},
               {"availableReplicas", CountReady(alive)},
               {"terminatingReplicas", terminating}},
              now);
}

void SyncStatefulSet(ApiServer& server, const ObjectPtr& stateful_set, absl::Time now) {
  const int64_t wanted = stateful_set->IntAt("/spec/replicas", 1);
  const bool ordered = stateful_set->StringAt("/spec/podManagementPolicy") != "Parallel";
  const ResourceType& pod_type = TypeOf("", "Pod");
  std::string revision(stateful_set->StringAt("/status/currentRevision"));
  if (revision.empty()) {
    const std::string prefix = absl::StrCat(stateful_set->name(), "-");
    revision = prefix + server.identities().Suffix({&TypeOf("apps", "ControllerRevision"), stateful_set->ns(), prefix});
  }
  if (!stateful_set->deleting()) {
    for (int64_t ordinal = 0; ordinal < wanted; ++ordinal) {
      const std::string name = absl::StrCat(stateful_set->name(), "-", ordinal);
      const ObjectPtr pod = server.Find({&pod_type, stateful_set->ns(), name});
      if (pod != nullptr) {
        // Who is over is made anew.
        if (IsOver(*pod) && !pod->deleting()) DeletePod(server, *pod, now);
        if (ordered && !IsReady(*pod)) break;
        continue;
      }
      json body = PodFromTemplate(*stateful_set, absl::StrCat(stateful_set->name(), "-"));
      body["metadata"]["name"] = name;
      json& labels = ObjectAt(body, {"metadata", "labels"});
      labels["apps.kubernetes.io/pod-index"] = absl::StrCat(ordinal);
      labels["controller-revision-hash"] = revision;
      labels["statefulset.kubernetes.io/pod-name"] = name;
      body["spec"]["hostname"] = name;
      body["spec"]["subdomain"] = std::string(stateful_set->StringAt("/spec/serviceName"));
      CreatePod(server, *stateful_set, std::move(body), now);
      if (ordered) break;
    }
    std::vector<ObjectPtr> pods = PodsOf(server, *stateful_set);
    std::reverse(pods.begin(), pods.end());
    for (const ObjectPtr& pod : pods) {
      int64_t ordinal = 0;
      if (!absl::SimpleAtoi(pod->label("apps.kubernetes.io/pod-index"), &ordinal) || ordinal < wanted) continue;
      if (!pod->deleting()) DeletePod(server, *pod, now);
      if (ordered) break;
    }
  }
  const std::vector<ObjectPtr> pods = PodsOf(server, *stateful_set);
  const int64_t count = static_cast<int64_t>(pods.size());
  const int64_t alive = static_cast<int64_t>(Alive(pods).size());
  WriteStatus(server, *stateful_set,
              {{"replicas", count},
               {"readyReplicas", CountReady(pods)},
               {"availableReplicas", CountReady(pods)},
               {"currentReplicas", alive},
               {"updatedReplicas", alive},
               {"currentRevision", revision},
               {"updateRevision", revision},
               {"collisionCount", 0}},
              now);
}

}  // namespace muster::kube::testing
