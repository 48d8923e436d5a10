// The types of objects that a Kubernetes API server keeps, as far as a manager of jobs needs them.
#ifndef MUSTER_KUBE_RESOURCE_TYPE_H_
#define MUSTER_KUBE_RESOURCE_TYPE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace muster::kube {

// A row of the table: identified by its address, which never changes.
struct ResourceType {
  absl::string_view group;  // "" = the core group
  absl::string_view version;
  absl::string_view plural;  // as paths spell it
  absl::string_view kind;
  bool namespaced = true;
  bool has_status = true;  // has a status subresource, so that writes of the object leave the status alone

  // "batch/v1", "v1".
  std::string ApiVersion() const;
};

// All types, by group and plural. Static storage. Those of job_kinds.h are among them.
absl::Span<const ResourceType> ResourceTypes();

// The type, or nullptr. O(log types).
const ResourceType* FindByPlural(absl::string_view group, absl::string_view plural);
const ResourceType* FindByKind(absl::string_view group, absl::string_view kind);
// By "batch/v1" and "Job", as objects and owner references say it. The version is not looked at.
const ResourceType* FindByApiVersion(absl::string_view api_version, absl::string_view kind);

// The type. REQUIRES: there is one.
const ResourceType& TypeOf(absl::string_view group, absl::string_view kind);

// "batch/v1" -> "batch"; "v1" -> "".
absl::string_view GroupOf(absl::string_view api_version);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_RESOURCE_TYPE_H_
