#include "conformance/short_objects.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::conformance {
namespace {

constexpr char kKueue[] = "kueue.x-k8s.io/v1beta2";
constexpr char kHostname[] = "kubernetes.io/hostname";

// Quantities may be written as numbers.
std::string Text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }
Json Quantities(const Json& amounts) {
  Json out = Json::object();
  for (const auto& [name, amount] : amounts.items()) out[name] = Text(amount);
  return out;
}

Json Object(const char* version, const char* kind, const std::string& name) {
  return {{"apiVersion", version}, {"kind", kind}, {"metadata", {{"name", name}}}};
}

void CopyIfThere(const Json& from, const char* key, Json& to) {
  if (from.contains(key)) to[key] = from[key];
}

// "key=value:effect".
Json Taint(absl::string_view text, Complaints& complaints) {
  const std::pair<std::string, std::string> key_rest = absl::StrSplit(text, absl::MaxSplits('=', 1));
  const std::pair<std::string, std::string> value_effect = absl::StrSplit(key_rest.second, absl::MaxSplits(':', 1));
  if (value_effect.second.empty()) complaints.Add(text, "not key=value:effect");
  return {{"key", key_rest.first}, {"value", value_effect.first}, {"effect", value_effect.second}};
}

// A taint, or a key alone, which tolerates every value of it.
Json Toleration(absl::string_view text, Complaints& complaints) {
  if (!absl::StrContains(text, "=")) return {{"key", std::string(text)}, {"operator", "Exists"}};
  Json out = Taint(text, complaints);
  out["operator"] = "Equal";
  return out;
}

template <class F>
Json ForEach(const Json& list, const F& f) {
  Json out = Json::array();
  for (const Json& item : list) out.push_back(f(Text(item)));
  return out;
}

// "cpu 7 borrow 6 lend 2".
Json ResourceQuota(absl::string_view text, Complaints& complaints) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  if (words.size() < 2 || words.size() % 2 != 0) {
    complaints.Add(text, "not RESOURCE AMOUNT [borrow AMOUNT] [lend AMOUNT]");
    return Json::object();
  }
  Json out = {{"name", words[0]}, {"nominalQuota", words[1]}};
  for (size_t i = 2; i < words.size(); i += 2) {
    if (words[i] != "borrow" && words[i] != "lend") complaints.Add(text, "neither borrow nor lend");
    out[words[i] == "borrow" ? "borrowingLimit" : "lendingLimit"] = words[i + 1];
  }
  return out;
}

// Lines "FLAVOR = QUOTA + QUOTA..."; neighbours that cover the same resources are one resource group.
Json ResourceGroups(const Json& lines, Complaints& complaints) {
  Json groups = Json::array();
  for (const Json& line : lines) {
    const std::pair<std::string, std::string> sides = absl::StrSplit(Text(line), absl::MaxSplits(" = ", 1));
    Json resources = Json::array(), covered = Json::array();
    for (absl::string_view quota : absl::StrSplit(sides.second, " + ")) {
      resources.push_back(ResourceQuota(quota, complaints));
      covered.push_back(GetString(resources.back(), "name"));
    }
    if (groups.empty() || groups.back()["coveredResources"] != covered) {
      groups.push_back({{"coveredResources", covered}, {"flavors", Json::array()}});
    }
    groups.back()["flavors"].push_back({{"name", sides.first}, {"resources", resources}});
  }
  return groups;
}

// "cap In on-demand spot and zone NotIn z1".
Json SelectorTerm(absl::string_view text) {
  Json expressions = Json::array();
  for (absl::string_view part : absl::StrSplit(text, " and ")) {
    const std::vector<std::string> words = absl::StrSplit(part, ' ');
    expressions.push_back({{"key", words.at(0)},
                           {"operator", words.at(1)},
                           {"values", std::vector<std::string>(words.begin() + 2, words.end())}});
  }
  return {{"matchExpressions", expressions}};
}

// The amounts of a container: its requests, or {limits: {...}}.
Json Resources(const Json& amounts) {
  if (amounts.contains("limits")) return {{"limits", Quantities(amounts["limits"])}};
  return {{"requests", Quantities(amounts)}};
}

}  // namespace

void Complaints::Add(absl::string_view where, absl::string_view what) {
  if (first_.empty()) first_ = absl::StrCat(where, ": ", what);
}

void Complaints::CheckKeys(const Json& value, absl::string_view where,
                           std::initializer_list<absl::string_view> allowed) {
  if (!value.is_object()) return Add(where, "not a map");
  for (const auto& [key, ignored] : value.items()) {
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) Add(where, absl::StrCat("no such key: ", key));
  }
}

Json NamespaceObject(const std::string& name, const Json& labels) {
  Json out = Object("v1", "Namespace", name);
  if (labels.is_object()) out["metadata"]["labels"] = labels;
  return out;
}

Json TopologyObject(const std::string& name, const Json& levels) {
  Json out = Object(kKueue, "Topology", name);
  out["spec"]["levels"] = ForEach(levels, [](const std::string& label) { return Json{{"nodeLabel", label}}; });
  return out;
}

Json NodeObject(const std::string& name, const Json& node, Complaints& complaints) {
  complaints.CheckKeys(node, name, {"labels", "has", "taints", "unschedulable", "ready"});
  Json out = Object("v1", "Node", name);
  out["metadata"]["labels"] = Get(node, "labels");
  out["metadata"]["labels"][kHostname] = name;
  out["status"]["allocatable"] = Quantities(Get(node, "has"));
  const bool ready = !node.contains("ready") || GetBool(node, "ready");
  out["status"]["conditions"] = Json::array({{{"type", "Ready"}, {"status", ready ? "True" : "False"}}});
  if (node.contains("taints")) {
    out["spec"]["taints"] = ForEach(node["taints"], [&](const std::string& t) { return Taint(t, complaints); });
  }
  CopyIfThere(node, "unschedulable", out["spec"]);
  if (out["spec"].is_null()) out.erase("spec");
  return out;
}

Json FlavorObject(const std::string& name, const Json& flavor, Complaints& complaints) {
  complaints.CheckKeys(flavor, name, {"labels", "taints", "tolerates", "topology"});
  Json out = Object(kKueue, "ResourceFlavor", name);
  Json& spec = out["spec"] = Json::object();
  if (flavor.contains("labels")) spec["nodeLabels"] = flavor["labels"];
  if (flavor.contains("taints")) {
    spec["nodeTaints"] = ForEach(flavor["taints"], [&](const std::string& t) { return Taint(t, complaints); });
  }
  if (flavor.contains("tolerates")) {
    spec["tolerations"] = ForEach(flavor["tolerates"], [&](const std::string& t) { return Toleration(t, complaints); });
  }
  if (flavor.contains("topology")) spec["topologyName"] = flavor["topology"];
  return out;
}

Json CohortObject(const std::string& name, const Json& cohort, Complaints& complaints) {
  complaints.CheckKeys(cohort, name, {"parent", "weight", "quota"});
  Json out = Object(kKueue, "Cohort", name);
  Json& spec = out["spec"] = Json::object();
  if (cohort.contains("parent")) spec["parentName"] = cohort["parent"];
  if (cohort.contains("weight")) spec["fairSharing"]["weight"] = Text(cohort["weight"]);
  if (cohort.contains("quota")) spec["resourceGroups"] = ResourceGroups(cohort["quota"], complaints);
  return out;
}

Json ClusterQueueObject(const std::string& name, const Json& queue, Complaints& complaints) {
  complaints.CheckKeys(
      queue, name,
      {"cohort", "queueingStrategy", "stopPolicy", "weight", "whenCanBorrow", "whenCanPreempt", "preference",
       "withinClusterQueue", "reclaimWithinCohort", "borrowWithinCohort", "namespaces", "quota"});
  Json out = Object(kKueue, "ClusterQueue", name);
  Json& spec = out["spec"];
  spec = {{"queueingStrategy", "BestEffortFIFO"},
          {"stopPolicy", "None"},
          {"namespaceSelector", Json::object()},
          {"flavorFungibility", {{"whenCanBorrow", "MayStopSearch"}, {"whenCanPreempt", "TryNextFlavor"}}},
          {"preemption",
           {{"withinClusterQueue", "Never"},
            {"reclaimWithinCohort", "Never"},
            {"borrowWithinCohort", {{"policy", "Never"}}}}}};
  if (queue.contains("cohort")) spec["cohortName"] = queue["cohort"];
  CopyIfThere(queue, "queueingStrategy", spec);
  CopyIfThere(queue, "stopPolicy", spec);
  if (queue.contains("weight")) spec["fairSharing"]["weight"] = Text(queue["weight"]);
  for (const char* key : {"whenCanBorrow", "whenCanPreempt", "preference"}) {
    CopyIfThere(queue, key, spec["flavorFungibility"]);
  }
  for (const char* key : {"withinClusterQueue", "reclaimWithinCohort"}) CopyIfThere(queue, key, spec["preemption"]);
  if (queue.contains("borrowWithinCohort")) {  // "LowerPriority up to 100"
    const std::pair<std::string, std::string> policy =
        absl::StrSplit(GetString(queue, "borrowWithinCohort"), absl::MaxSplits(" up to ", 1));
    Json& borrow = spec["preemption"]["borrowWithinCohort"] = {{"policy", policy.first}};
    if (int threshold = 0; !policy.second.empty()) {
      if (!absl::SimpleAtoi(policy.second, &threshold)) complaints.Add(name, "borrowWithinCohort: not a priority");
      borrow["maxPriorityThreshold"] = threshold;
    }
  }
  if (queue.contains("namespaces")) spec["namespaceSelector"]["matchLabels"] = queue["namespaces"];
  spec["resourceGroups"] = ResourceGroups(Get(queue, "quota"), complaints);
  return out;
}

Json LocalQueueObject(const std::string& ns, const std::string& name, const std::string& queue) {
  Json out = Object(kKueue, "LocalQueue", name);
  out["metadata"]["namespace"] = ns;
  out["spec"]["clusterQueue"] = queue;
  return out;
}

Json PodSetObject(const Json& pods, Complaints& complaints) {
  complaints.CheckKeys(
      pods, "pods",
      {"name", "count", "min", "each", "containers", "init", "overhead", "tolerates", "on", "affinity", "topology"});
  Json out = {{"name", Get(pods, "name")}, {"count", Get(pods, "count")}};
  Json& spec = out["template"]["spec"];
  spec["containers"] = Json::array();
  if (pods.contains("each")) spec["containers"].push_back({{"name", "c"}, {"resources", Resources(pods["each"])}});
  for (const Json& amounts : Get(pods, "containers")) {
    spec["containers"].push_back(
        {{"name", absl::StrCat("c", spec["containers"].size())}, {"resources", Resources(amounts)}});
  }
  for (Json amounts : Get(pods, "init")) {
    const bool sidecar = GetBool(amounts, "sidecar");
    amounts.erase("sidecar");
    Json container = {{"name", absl::StrCat("i", spec["initContainers"].size())}, {"resources", Resources(amounts)}};
    if (sidecar) container["restartPolicy"] = "Always";
    spec["initContainers"].push_back(container);
  }
  if (pods.contains("overhead")) spec["overhead"] = Quantities(pods["overhead"]);
  if (pods.contains("tolerates")) {
    spec["tolerations"] = ForEach(pods["tolerates"], [&](const std::string& t) { return Toleration(t, complaints); });
  }
  if (pods.contains("on")) spec["nodeSelector"] = pods["on"];
  if (pods.contains("affinity")) {
    spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"] =
        ForEach(pods["affinity"], SelectorTerm);
  }
  if (pods.contains("min")) out["minCount"] = pods["min"];
  if (pods.contains("topology")) out["topologyRequest"] = pods["topology"];
  return out;
}

}  // namespace muster::conformance
