#include "kube/testing/http/discovery_documents.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

json ResourceList(const std::string& group_version, const std::vector<const ResourceType*>& types) {
  json resources = json::array();
  for (const ResourceType* type : types) {
    const json verbs = {"create", "delete", "get", "list", "patch", "update", "watch"};
    resources.push_back({{"name", std::string(type->plural)},
                         {"singularName", absl::AsciiStrToLower(type->kind)},
                         {"namespaced", type->namespaced},
                         {"kind", std::string(type->kind)},
                         {"verbs", verbs}});
    if (!type->has_status) continue;
    resources.push_back({{"name", absl::StrCat(type->plural, "/status")},
                         {"singularName", ""},
                         {"namespaced", type->namespaced},
                         {"kind", std::string(type->kind)},
                         {"verbs", {"get", "patch", "update"}}});
  }
  return {{"kind", "APIResourceList"}, {"apiVersion", "v1"}, {"groupVersion", group_version}, {"resources", resources}};
}

}  // namespace

json DiscoveryDocument(const std::string& path, const std::set<const ResourceType*>& not_installed) {
  if (path == "/version") return {{"major", "1"}, {"minor", "33"}, {"gitVersion", "v1.33.0"}};
  if (path == "/api") return {{"kind", "APIVersions"}, {"versions", {"v1"}}};
  std::map<std::string, std::vector<const ResourceType*>> served;  // by path of the group's version
  std::map<std::string, std::set<std::string>> versions;           // by group
  for (const ResourceType& type : ResourceTypes()) {
    if (not_installed.contains(&type)) continue;
    served[absl::StrCat(type.group.empty() ? "/api/" : "/apis/", type.ApiVersion())].push_back(&type);
    if (!type.group.empty()) versions[std::string(type.group)].insert(std::string(type.version));
  }
  if (path == "/apis") {
    json groups = json::array();
    for (const auto& [group, all] : versions) {
      json list = json::array();
      for (const std::string& version : all) {
        list.push_back({{"groupVersion", absl::StrCat(group, "/", version)}, {"version", version}});
      }
      groups.push_back({{"name", group}, {"versions", list}, {"preferredVersion", list.back()}});
    }
    return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", groups}};
  }
  const auto found = served.find(path);
  if (found == served.end()) return nullptr;
  return ResourceList(found->second.front()->ApiVersion(), found->second);
}

}  // namespace muster::kube::testing
