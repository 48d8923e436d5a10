#include "manager/jobs/pod_defaults.h"

#include <string>

#include "absl/strings/match.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"

namespace muster::manager {
namespace {

using nlohmann::json;

void Default(json& object, const char* field, const json& value) {
  const auto it = object.find(field);
  if (it == object.end() || it->is_null() || (it->is_string() && it->get_ref<const std::string&>().empty())) {
    object[field] = value;
  }
}

// An image without tag, or with the tag "latest", may be another one tomorrow.
bool MayChange(const std::string& image) {
  if (absl::StrContains(image, '@')) return false;
  const size_t colon = image.rfind(':');
  const size_t slash = image.rfind('/');
  const bool tagged = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  return !tagged || image.substr(colon + 1) == "latest";
}

void DefaultProbe(json& container, const char* name) {
  const auto probe = container.find(name);
  if (probe == container.end() || !probe->is_object()) return;
  Default(*probe, "timeoutSeconds", 1);
  Default(*probe, "periodSeconds", 10);
  Default(*probe, "successThreshold", 1);
  Default(*probe, "failureThreshold", 3);
  if (const auto get = probe->find("httpGet"); get != probe->end() && get->is_object()) {
    Default(*get, "path", "/");
    Default(*get, "scheme", "HTTP");
  }
}

// A resource that has a limit and no request asks for the limit.
void DefaultRequests(json& container) {
  const auto resources = container.find("resources");
  if (resources == container.end() || !resources->is_object()) return;
  const auto limits = resources->find("limits");
  if (limits == resources->end() || !limits->is_object()) return;
  json& requests = Member(*resources, "requests");
  for (const auto& [resource, amount] : limits->items()) {
    if (!requests.contains(resource)) requests[resource] = amount;
  }
}

void DefaultContainer(json& container) {
  Default(container, "terminationMessagePath", "/dev/termination-log");
  Default(container, "terminationMessagePolicy", "File");
  Default(container, "imagePullPolicy", MayChange(TextAt(container, "/image")) ? "Always" : "IfNotPresent");
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"}) DefaultProbe(container, probe);
  if (const auto ports = container.find("ports"); ports != container.end() && ports->is_array()) {
    for (json& port : *ports) {
      if (port.is_object()) Default(port, "protocol", "TCP");
    }
  }
  DefaultRequests(container);
}

}  // namespace

void DefaultPodTemplate(json* pod_template) {
  if (!pod_template->is_object()) return;
  json& spec = Member(*pod_template, "spec");
  if (!spec.is_object()) return;
  for (const char* list : {"containers", "initContainers"}) {
    const auto containers = spec.find(list);
    if (containers == spec.end() || !containers->is_array()) continue;
    for (json& container : *containers) {
      if (container.is_object()) DefaultContainer(container);
    }
  }
  Default(spec, "dnsPolicy", "ClusterFirst");
  Default(spec, "restartPolicy", "Always");
  Default(spec, "schedulerName", "default-scheduler");
  Default(spec, "securityContext", json::object());
  Default(spec, "terminationGracePeriodSeconds", 30);
  Default(spec, "preemptionPolicy", "PreemptLowerPriority");
}

}  // namespace muster::manager
