// What must go on while others attack: an API server's reviews and a kubelet's probes.
#ifndef MUSTER_WEBHOOK_TESTING_ATTACK_GOOD_CLIENTS_H_
#define MUSTER_WEBHOOK_TESTING_ATTACK_GOOD_CLIENTS_H_

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "webhook/testing/attack/attacks.h"

namespace muster::webhook {

// How it went.
struct Service {
  int asked = 0;
  int answered = 0;
  int probed = 0;
  int probes_answered = 0;
  absl::Duration p99 = absl::ZeroDuration();  // of reviews that were answered
  std::vector<std::string> failures;          // the first few
  double share() const { return asked == 0 ? 1 : static_cast<double>(answered) / asked; }
};

// Asks all the time, on connections that are kept and on new ones. Thread-compatible.
class GoodClients {
 public:
  explicit GoodClients(const Target& target);
  ~GoodClients();

  // How it went since the last call.
  Service Take();

 private:
  void Ask(bool keep);
  void Probe();
  void Note(const std::string& failure);

  const Target target_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  Service service_;
  std::vector<absl::Duration> took_;
  std::vector<std::thread> threads_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_TESTING_ATTACK_GOOD_CLIENTS_H_
