// The values that an object gets when nothing is said: those of Kueue's CustomResourceDefinitions and webhooks.
//
// Source of the rules: the +kubebuilder:default markers of Kueue's v1beta2 API and the mutating webhooks of
// ClusterQueue, ResourceFlavor and Workload.
#ifndef MUSTER_API_DEFAULTING_H_
#define MUSTER_API_DEFAULTING_H_

#include <string>

#include "api/object.h"

namespace muster::api {

// What keeps a ClusterQueue or ResourceFlavor from being deleted while it is used.

struct DefaultingOptions {
  // What the API server does to an object that passes through it (the schema's defaults).
  bool schema = true;
  // What Kueue's webhooks do: finalizers, and dropping minCount when partial_admission is off.
  bool webhook = true;
  bool partial_admission = true;  // Kueue's feature gate of that name
  // Namespace of objects that name none and live in one, as kubectl would fill in; "" leaves them.
  std::string default_namespace;
};

// Sets what is not set. Idempotent. O(size of the object).
void SetDefaults(Object& object, const DefaultingOptions& options = {});

}  // namespace muster::api

#endif  // MUSTER_API_DEFAULTING_H_
