// Values that are shared instead of copied: what a Decision holds of the world stays true after the world has moved on,
// without a copy of every name for every decision. Never changed once made. Thread-safety: value types.
#ifndef MUSTER_SCHEDULER_SHARED_H_
#define MUSTER_SCHEDULER_SHARED_H_

#include <memory>
#include <string>
#include <utility>

namespace muster::scheduler {

// A T that copies share. Compares as the T does. Default: T().
template <typename T>
class Shared {
 public:
  Shared() = default;
  explicit Shared(T value) : value_(std::make_shared<const T>(std::move(value))) {}

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

using Name = Shared<std::string>;

// Who a workload is.
struct WorkloadIdentity {
  std::string key;  // "namespace/name"
  std::string uid;
  std::string job_uid;  // of label job-uid; "" if there is none
  friend bool operator==(const WorkloadIdentity&, const WorkloadIdentity&) = default;
};

// Which ClusterQueue, and where it stood.
struct QueueIdentity {
  std::string name;
  std::string path;  // "/company/team/cluster-queue", the root cohort first
  friend bool operator==(const QueueIdentity&, const QueueIdentity&) = default;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_SHARED_H_
