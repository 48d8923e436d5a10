// How a library that starts no threads of its own lets its caller lend it some.
//
// The caller implements Executor (thread_pool.h is one) and passes it where it is asked for; the library hands it pieces
// of work that do not touch one another. Without an executor the pieces are done one after the other.
#ifndef MUSTER_BASE_EXECUTOR_H_
#define MUSTER_BASE_EXECUTOR_H_

#include <functional>

namespace muster::base {

class Executor {
 public:
  virtual ~Executor() = default;
  // Calls task(0), ..., task(n - 1), each exactly once, in any order and possibly several at a time, and returns when
  // all have returned. What the caller wrote before is visible to the tasks; what they wrote, to the caller afterwards.
  // The tasks throw nothing and call no executor.
  virtual void Run(int n, const std::function<void(int)>& task) = 0;
};

}  // namespace muster::base

#endif  // MUSTER_BASE_EXECUTOR_H_
