// What an API server tells those who follow a type of objects.
#ifndef MUSTER_KUBE_WATCH_EVENT_H_
#define MUSTER_KUBE_WATCH_EVENT_H_

#include <cstdint>

#include "kube/object.h"

namespace muster::kube {

struct WatchEvent {
  enum class Type : uint8_t { kAdded, kModified, kDeleted };

  Type type = Type::kAdded;
  ObjectPtr object;  // for kDeleted: as it was at last
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_WATCH_EVENT_H_
