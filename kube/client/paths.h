// Where an API server has things.
#ifndef MUSTER_KUBE_CLIENT_PATHS_H_
#define MUSTER_KUBE_CLIENT_PATHS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "kube/resource_type.h"

namespace muster::kube {

// "namespaces", "localqueues.kueue.x-k8s.io".
std::string ResourceName(const ResourceType& type);
// "/api/v1", "/apis/kueue.x-k8s.io/v1beta2".
std::string GroupPath(absl::string_view group, absl::string_view version);
// Of all namespaces: "/api/v1/pods", "/apis/kueue.x-k8s.io/v1beta2/localqueues".
std::string CollectionPath(const ResourceType& type);

// A name that an API server gave out can be put into a path; others cannot.
bool IsPathSegment(absl::string_view text);
// Everything but letters and digits as %XX: a token is the server's, a path is ours.
std::string Escaped(absl::string_view text);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_PATHS_H_
