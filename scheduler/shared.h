// Values that are shared instead of copied: what a Decision holds of the world stays true after the world has moved on,
// without a copy of every name for every decision. Never changed once made. Thread-safety: value types.
#ifndef MUSTER_SCHEDULER_SHARED_H_
#define MUSTER_SCHEDULER_SHARED_H_

#include <memory>
#include <string>
#include <utility>

#include "scheduler/names.h"

namespace muster::scheduler {

// A T that copies share. Compares as the T does. Default: T().
template <typename T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T&& value) : value_(std::make_shared<const T>(std::move(value))) {}

  const T& operator*() const {
    if (value_ != nullptr) return *value_;
    static const T* const kDefault = new T();
    return *kDefault;
  }
  const T* operator->() const { return &**this; }
  bool is_default() const { return value_ == nullptr; }
  friend bool operator==(const Shared& a, const Shared& b) { return a.value_ == b.value_ || *a == *b; }

 private:
  std::shared_ptr<const T> value_;
};

// Who a workload is.
struct WorkloadIdentity {
  std::string key;  // "namespace/name"
  std::string uid;
  std::string job_uid;  // of label job-uid; "" if there is none
  friend bool operator==(const WorkloadIdentity&, const WorkloadIdentity&) = default;
};

// Which ClusterQueue, where it stood, and what its decisions call flavors and resources.
struct QueueIdentity {
  std::string name;
  std::string path;                                          // "/company/team/cluster-queue", the root cohort first
  std::shared_ptr<const NameList> flavor_names = nullptr;    // by FlavorId
  std::shared_ptr<const NameList> resource_names = nullptr;  // by ResourceId
  // Lists of names belong to an engine, and are the same wherever that is.
  friend bool operator==(const QueueIdentity& a, const QueueIdentity& b) {
    return a.name == b.name && a.path == b.path;
  }
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_SHARED_H_
