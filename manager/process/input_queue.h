// What the threads around the loop have to say to it, in the order in which it came.
#ifndef MUSTER_MANAGER_PROCESS_INPUT_QUEUE_H_
#define MUSTER_MANAGER_PROCESS_INPUT_QUEUE_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>
#include <variant>
#include <vector>

#include "kube/client/waiting.h"
#include "kube/object.h"
#include "kube/request.h"

namespace muster::manager {

class Replica;

// All objects of a type, as of a version.
struct ListedInput {
  const kube::ResourceType* type = nullptr;
  std::vector<kube::ObjectPtr> objects;
  uint64_t version = 0;
};
struct ToldInput {
  kube::ObjectPtr object;
};
struct GoneInput {
  kube::ObjectKey key;
  uint64_t version = 0;
};
struct AnswerInput {
  int64_t id = 0;
  kube::Response response;
};
// Done by the loop's thread, between two other inputs.
struct CallInput {
  std::function<void(Replica&)> call;
};
using Input = std::variant<ListedInput, ToldInput, GoneInput, AnswerInput, CallInput>;

// Thread-safe.
class InputQueue {
 public:
  void Push(Input input) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      inputs_.push_back(std::move(input));
    }
    changed_.notify_one();
  }
  // All there are, waiting for one until then; none when it is time.
  std::deque<Input> TakeAll(kube::SteadyTime until) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_until(lock, until, [this] { return !inputs_.empty(); });
    return std::exchange(inputs_, {});
  }
  size_t size() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return inputs_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Input> inputs_;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROCESS_INPUT_QUEUE_H_
