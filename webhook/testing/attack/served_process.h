// `muster webhook` as a process of its own, and what the system says of it.
#ifndef MUSTER_WEBHOOK_TESTING_ATTACK_SERVED_PROCESS_H_
#define MUSTER_WEBHOOK_TESTING_ATTACK_SERVED_PROCESS_H_

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "absl/time/time.h"
#include "webhook/testing/attack/attacks.h"

namespace muster::webhook {

// Thread-compatible.
class ServedProcess {
 public:
  // Starts it with files in `folder`, a patience of `patience` and no delay at its end. Check ok().
  ServedProcess(const std::string& binary, const std::string& folder, absl::Duration patience);
  // Kills it, if it is still there.
  ~ServedProcess();

  bool ok() const { return target_.port != 0; }
  const Target& target() const { return target_; }
  std::string log() const;
  // Whether it still runs.
  bool alive();

  // Bytes of memory: in use, and at most since ForgetPeak.
  size_t resident() const { return Memory("VmRSS"); }
  size_t peak() const { return Memory("VmHWM"); }
  void ForgetPeak() const;

  // SIGTERM; how long it took to end, infinite when it had to be killed after `most`.
  absl::Duration End(absl::Duration most);

 private:
  size_t Memory(const char* key) const;

  const std::string log_;
  pid_t pid_ = -1;
  Target target_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_TESTING_ATTACK_SERVED_PROCESS_H_
