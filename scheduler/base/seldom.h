// A list or a text that is nearly always empty: then it takes the room of a pointer.
//
// Problem: an engine holds many workloads, each with a dozen fields that hardly any workload uses. Empty strings and
// vectors would be most of its memory, and what every look at a workload fetches.
#ifndef MUSTER_SCHEDULER_BASE_SELDOM_H_
#define MUSTER_SCHEDULER_BASE_SELDOM_H_

#include <memory>
#include <utility>

namespace muster::scheduler {

// A T, which has empty() and is empty by default. Thread-safety: value type.
template <typename T>
class Seldom {
 public:
  Seldom() = default;
  Seldom(const Seldom& other) { *this = *other; }
  Seldom(Seldom&&) noexcept = default;
  Seldom& operator=(const Seldom& other) { return *this = *other; }
  Seldom& operator=(Seldom&&) noexcept = default;
  Seldom& operator=(T value) {
    value_ = value.empty() ? nullptr : std::make_unique<T>(std::move(value));
    return *this;
  }

  const T& operator*() const {
    static const T* const kEmpty = new T();
    return value_ == nullptr ? *kEmpty : *value_;
  }
  const T* operator->() const { return &**this; }
  bool empty() const { return value_ == nullptr; }
  void clear() { value_.reset(); }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_BASE_SELDOM_H_
