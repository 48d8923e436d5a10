// What controllers ask of pods.
#ifndef MUSTER_KUBE_TESTING_PODS_H_
#define MUSTER_KUBE_TESTING_PODS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kube/object.h"
#include "kube/testing/api_server.h"

namespace muster::kube::testing {

bool IsPod(const Object& object);
// Succeeded or failed.
bool IsOver(const Object& pod);
bool IsReady(const Object& pod);
bool IsGated(const Object& pod);

// The owner that controls the object; uid "" when there is none.
Owner ControllerOf(const Object& object);
// The pods that the owner controls, by name.
std::vector<ObjectPtr> PodsOf(const ApiServer& server, const Object& owner);

// A pod of the template of `owner` (at /spec/template), to be created under `generate_name`.
nlohmann::json PodFromTemplate(const Object& owner, const std::string& generate_name);

// Returns whether it was let in.
bool CreatePod(ApiServer& server, const Object& owner, nlohmann::json pod, absl::Time now);
void DeletePod(ApiServer& server, const Object& pod, absl::Time now);
// Nothing happens when the pod does not have it.
void RemoveFinalizer(ApiServer& server, const Object& object, absl::string_view finalizer, absl::Time now);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_PODS_H_
