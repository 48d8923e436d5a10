#include "kube/client/discovery.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "api/json_text.h"
#include "kube/api_error.h"
#include "kube/client/paths.h"

namespace muster::kube {
namespace {

using nlohmann::json;

std::string TextAt(const json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const json* ListAt(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? &*found : nullptr;
}

absl::Status Unclear(const std::string& path, absl::string_view what) {
  return absl::UnavailableError(absl::StrCat("discovery at ", path, ": ", what));
}

absl::Status Refused(const std::string& path, const ApiReply& reply) {
  absl::Status status = Unclear(path, Explain(reply));
  if (reply.status >= 400 && reply.status != 404) SetApiError({reply.status, ReasonOf(reply)}, &status);
  return status;
}

// The plural in a list of resources, or nullopt.
std::optional<std::string> FindResource(const json& resources, const ResourceQuery& query) {
  for (const json& resource : resources) {
    const std::string name = TextAt(resource, "name");
    if (!IsPathSegment(name)) continue;  // also "jobs/status"
    if (query.plural.empty() ? TextAt(resource, "kind") == query.kind : name == query.plural) return name;
  }
  return std::nullopt;
}

// For a group version that has no document of its own: whether the list of groups lacks it, too.
absl::StatusOr<std::optional<std::string>> ConfirmNoGroup(ApiClient* client, const ResourceQuery& query,
                                                          SteadyTime deadline) {
  const std::string path = "/apis";
  const absl::StatusOr<ApiReply> reply = client->Get(path, -Since(deadline));
  if (!reply.ok()) return reply.status();
  if (reply->status != 200) return Refused(path, *reply);
  const absl::StatusOr<json> document = api::ParseJson(reply->body);
  const json* groups = document.ok() ? ListAt(*document, "groups") : nullptr;
  // An API server without any group is none.
  if (groups == nullptr || groups->empty() || TextAt(*document, "kind") != "APIGroupList") {
    return Unclear(path, "is no list of groups");
  }
  for (const json& group : *groups) {
    const std::string name = TextAt(group, "name");
    const json* versions = ListAt(group, "versions");
    if (name.empty() || versions == nullptr) return Unclear(path, "has a group without name or versions");
    if (name != query.group) continue;
    if (query.other_versions_lack_it) return std::nullopt;
    std::vector<std::string> served;
    for (const json& version : *versions) served.push_back(TextAt(version, "version").substr(0, 63));
    return Unclear(path, absl::StrCat(query.group, " is served as ", absl::StrJoin(served, ", "), ", but ",
                                      query.version, " is needed"));
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<std::optional<std::string>> Discover(ApiClient* client, const ResourceQuery& query,
                                                    SteadyTime deadline) {
  const std::string path = GroupPath(query.group, query.version);
  const absl::StatusOr<ApiReply> reply = client->Get(path, -Since(deadline));
  if (!reply.ok()) return reply.status();
  if (reply->status == 404 && !query.group.empty()) return ConfirmNoGroup(client, query, deadline);
  if (reply->status != 200) return Refused(path, *reply);
  const absl::StatusOr<json> document = api::ParseJson(reply->body);
  const json* resources = document.ok() ? ListAt(*document, "resources") : nullptr;
  if (resources == nullptr) return Unclear(path, "is no list of resources");
  if (std::optional<std::string> found = FindResource(*resources, query)) return found;
  // That something is missing is only believed of a document that is what it should be.
  const std::string group_version =
      query.group.empty() ? std::string(query.version) : absl::StrCat(query.group, "/", query.version);
  if (TextAt(*document, "kind") != "APIResourceList" || TextAt(*document, "groupVersion") != group_version) {
    return Unclear(path, absl::StrCat("is no list of the resources of ", group_version));
  }
  return std::nullopt;
}

}  // namespace muster::kube
