// Changes to an object as merge patches (RFC 7386): what is different, and nothing else.
//
//   nlohmann::json after = job.value();
//   after["spec"]["suspend"] = true;
//   std::optional<kube::Request> request = MergePatch(job, after);
//
// Pure.
#ifndef MUSTER_MANAGER_JOBS_PATCH_H_
#define MUSTER_MANAGER_JOBS_PATCH_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "kube/object.h"
#include "kube/request.h"

namespace muster::manager {

// The patch that makes `after` of `before`: null for what is gone; lists are given whole. O(size).
nlohmann::json MergeDiff(const nlohmann::json& before, const nlohmann::json& after);

// kStrict patches are refused when the object is no longer the one that was read. A step that follows another write to
// the same object in one plan cannot know the version to ask for, and is loose.
enum class PatchMode { kStrict, kLoose };

// nullopt when there is no difference.
std::optional<kube::Request> MergePatch(const kube::Object& before, const nlohmann::json& after,
                                        PatchMode mode = PatchMode::kStrict, absl::string_view subresource = "");

// Writes the whole object (a PUT), as it was read but for what `change` did to it.
kube::Request Update(const kube::Object& before, nlohmann::json after);

// The member of an object, made if it is missing or null.
nlohmann::json& Member(nlohmann::json& object, const char* key);
// Sets metadata.<field>[key], which is a map of texts; takes the map away with its last entry.
void SetMetadata(nlohmann::json& object, const char* field, const std::string& key, const std::string& value);
void RemoveMetadata(nlohmann::json& object, const char* field, const std::string& key);

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_JOBS_PATCH_H_
