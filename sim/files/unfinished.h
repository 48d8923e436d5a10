// What must not be left behind when a process is told to end before it is done: files and folders half written.
//
// Destructors do not run when a signal ends a process. What is not finished is therefore known here, and the thread
// that took the signal calls AbandonUnfinished before it ends the process. Thread-safety: safe.
#ifndef MUSTER_SIM_FILES_UNFINISHED_H_
#define MUSTER_SIM_FILES_UNFINISHED_H_

#include <functional>
#include <mutex>

namespace muster::sim {

// Known for as long as it lives.
class Unfinished {
 public:
  // `remove` takes away what is there; it is called from another thread, once at most.
  explicit Unfinished(std::function<void()> remove);
  ~Unfinished();
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;

  // Held while something is put in its place: the process does not end in between.
  static std::unique_lock<std::mutex> Finishing();

 private:
  std::function<void()> remove_;
};

// Waits for who holds Finishing, then takes away all that is unfinished. From then on nobody can finish anything: the
// caller ends the process.
void AbandonUnfinished();

}  // namespace muster::sim

#endif  // MUSTER_SIM_FILES_UNFINISHED_H_
