#include "kube/testing/pod_admission.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "kube/testing/answers.h"
#include "kube/testing/api_server.h"
#include "kube/testing/json_path.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

// The token of the service account, as every pod has it. The name of the volume is random in a real cluster.
constexpr char kTokenVolume[] = R"({"name": "kube-api-access-xxxxx", "projected": {"defaultMode": 420, "sources": [
    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    {"downwardAPI": {"items": [{"path": "namespace",
                                "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
    {"configMap": {"name": "openshift-service-ca.crt", "items": [{"key": "service-ca.crt", "path": "service-ca.crt"}]}}
]}})";

void MountToken(json* spec) {
  if (GetString(*spec, {"serviceAccountName"}).empty()) (*spec)["serviceAccountName"] = "default";
  (*spec)["serviceAccount"] = (*spec)["serviceAccountName"];
  const json volume = json::parse(kTokenVolume);
  bool mounted = false;
  for (const char* list : {"containers", "initContainers"}) {
    const auto containers = spec->find(list);
    if (containers == spec->end() || !containers->is_array()) continue;
    for (json& container : *containers) {
      if (!container.is_object()) continue;
      container["volumeMounts"].push_back({{"name", volume["name"]},
                                           {"readOnly", true},
                                           {"mountPath", "/var/run/secrets/kubernetes.io/serviceaccount"}});
      mounted = true;
    }
  }
  if (mounted) (*spec)["volumes"].push_back(volume);
}

void ToleratesFailingNodes(json* spec) {
  for (const char* taint : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    bool present = false;
    if (const json* tolerations = Get(*spec, {"tolerations"}); tolerations != nullptr) {
      for (const json& each : *tolerations) present = present || GetString(each, {"key"}) == taint;
    }
    if (present) continue;
    (*spec)["tolerations"].push_back(
        {{"key", taint}, {"operator", "Exists"}, {"effect", "NoExecute"}, {"tolerationSeconds", 300}});
  }
}

std::optional<Response> SetPriority(const ApiServer& server, const ObjectKey& key, json* spec) {
  const std::string name = GetString(*spec, {"priorityClassName"});
  int64_t value = 0;
  std::string policy = "PreemptLowerPriority";
  if (!name.empty()) {
    const ObjectPtr found = server.Find({&TypeOf("scheduling.k8s.io", "PriorityClass"), "", name});
    if (found == nullptr) {
      return Refusal(
          403, "Forbidden",
          absl::StrCat("pods \"", key.name, "\" is forbidden: no PriorityClass with name ", name, " was found"));
    }
    value = found->IntAt("/value");
    if (!found->StringAt("/preemptionPolicy").empty()) policy = std::string(found->StringAt("/preemptionPolicy"));
  }
  (*spec)["priority"] = value;
  SetDefault(*spec, "preemptionPolicy", policy);
  return std::nullopt;
}

void ApplyLimitRanges(const ApiServer& server, const ObjectKey& key, json* spec) {
  for (const ObjectPtr& range : server.List(TypeOf("", "LimitRange"), key.ns)) {
    const json* limits = range->At("/spec/limits");
    if (limits == nullptr) continue;
    for (const json& limit : *limits) {
      if (GetString(limit, {"type"}) != "Container") continue;
      for (json& container : (*spec)["containers"]) {
        // What is not limited gets the default; what is asked for without a default is what it is limited to.
        for (const auto& [from, to] : {std::pair("default", "limits"), std::pair("defaultRequest", "requests")}) {
          const json* amounts = Get(limit, {from});
          if (amounts == nullptr) continue;
          json& target = ObjectAt(container, {"resources", to});
          for (const auto& [name, amount] : amounts->items()) {
            if (!target.contains(name)) target[name] = amount;
          }
        }
      }
    }
  }
}

// What a pod costs beside its containers is said by its RuntimeClass, which has to be there.
std::optional<Response> SetOverhead(const ApiServer& server, const ObjectKey& key, json* spec) {
  const std::string name = GetString(*spec, {"runtimeClassName"});
  if (name.empty()) return std::nullopt;
  const ObjectPtr found = server.Find({&TypeOf("node.k8s.io", "RuntimeClass"), "", name});
  if (found == nullptr) {
    return Refusal(
        403, "Forbidden",
        absl::StrCat("pods \"", key.name, "\" is forbidden: pod rejected: RuntimeClass \"", name, "\" not found"));
  }
  if (const json* overhead = found->At("/overhead/podFixed"); overhead != nullptr) (*spec)["overhead"] = *overhead;
  return std::nullopt;
}

}  // namespace

std::optional<Response> AdmitPod(const ApiServer& server, const ObjectKey& key, json* object) {
  if (!key.type->group.empty() || key.type->kind != "Pod") return std::nullopt;
  json& spec = ObjectAt(*object, {"spec"});
  ApplyLimitRanges(server, key, &spec);
  MountToken(&spec);
  ToleratesFailingNodes(&spec);
  if (std::optional<Response> refusal = SetOverhead(server, key, &spec)) return refusal;
  return SetPriority(server, key, &spec);
}

}  // namespace muster::kube::testing
