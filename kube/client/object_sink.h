// Who is told of the objects of a type while they are followed.
#ifndef MUSTER_KUBE_CLIENT_OBJECT_SINK_H_
#define MUSTER_KUBE_CLIENT_OBJECT_SINK_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "kube/client/told_object.h"
#include "kube/resource_type.h"

namespace muster::kube {

// Called by the thread of the reflector of the type; by others for other types.
class ObjectSink {
 public:
  virtual ~ObjectSink() = default;

  // These are all there are, as of `version`. When the type is not installed: none, as of 0.
  virtual void Replace(const ResourceType& type, std::vector<ToldObject> objects, uint64_t version) = 0;
  // One is new or changed. Errors: for what cannot be taken; then all are listed anew.
  virtual absl::Status Put(const ResourceType& type, ToldObject object) = 0;
  // One is gone; its version is that of its end.
  virtual void Remove(const ResourceType& type, ToldObject last) = 0;
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_OBJECT_SINK_H_
