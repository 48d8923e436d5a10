#include "kube/testing/pod_defaults.h"

#include <string>

#include "kube/testing/json_path.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

std::string PullPolicy(const std::string& image) {
  const size_t slash = image.rfind('/');
  const size_t colon = image.rfind(':');
  const bool digest = image.find('@') != std::string::npos;
  const bool tagged = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  const bool latest = !digest && (!tagged || image.substr(colon + 1) == "latest");
  return latest ? "Always" : "IfNotPresent";
}

void SetContainerDefaults(bool of_pod, json* container) {
  SetDefault(*container, "resources", json::object());
  SetDefault(*container, "terminationMessagePath", "/dev/termination-log");
  SetDefault(*container, "terminationMessagePolicy", "File");
  SetDefault(*container, "imagePullPolicy", PullPolicy(GetString(*container, {"image"})));
  if (const auto ports = container->find("ports"); ports != container->end() && ports->is_array()) {
    for (json& port : *ports) {
      if (port.is_object()) SetDefault(port, "protocol", "TCP");
    }
  }
  // What a pod may use at most, it also asks for.
  if (of_pod && Get(*container, {"resources", "limits"}) != nullptr) {
    json& requests = ObjectAt(*container, {"resources", "requests"});
    for (const auto& [name, amount] : (*container)["resources"]["limits"].items()) {
      if (!requests.contains(name)) requests[name] = amount;
    }
  }
}

}  // namespace

void DropEmptyMembers(json* object, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto it = object->find(key);
    if (it != object->end() && it->is_structured() && it->empty()) object->erase(it);
  }
}

void SetPodSpecDefaults(bool of_pod, json* spec) {
  if (!spec->is_object()) *spec = json::object();
  for (const char* list : {"containers", "initContainers"}) {
    const auto containers = spec->find(list);
    if (containers == spec->end() || !containers->is_array()) continue;
    for (json& container : *containers) {
      if (container.is_object()) SetContainerDefaults(of_pod, &container);
    }
  }
  SetDefault(*spec, "restartPolicy", "Always");
  SetDefault(*spec, "terminationGracePeriodSeconds", 30);
  SetDefault(*spec, "dnsPolicy", "ClusterFirst");
  SetDefault(*spec, "securityContext", json::object());
  SetDefault(*spec, "schedulerName", "default-scheduler");
  if (of_pod) SetDefault(*spec, "enableServiceLinks", true);
  DropEmptyMembers(spec, {"nodeSelector", "tolerations", "schedulingGates", "volumes", "initContainers", "affinity"});
}

void SetPodTemplateDefaults(json* pod_template) {
  json& metadata = ObjectAt(*pod_template, {"metadata"});
  DropEmptyMembers(&metadata, {"labels", "annotations", "finalizers"});
  metadata.erase("creationTimestamp");
  SetPodSpecDefaults(false, &(*pod_template)["spec"]);
}

}  // namespace muster::kube::testing
