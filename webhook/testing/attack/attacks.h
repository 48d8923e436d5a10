// What can be done to the webhook's ports by whoever reaches them, as a table.
#ifndef MUSTER_WEBHOOK_TESTING_ATTACK_ATTACKS_H_
#define MUSTER_WEBHOOK_TESTING_ATTACK_ATTACKS_H_

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "webhook/serving/raw_client.h"

namespace muster::webhook {

struct Target {
  int port = 0;
  int health_port = 0;
};

// One thread of an attack. Thread-compatible.
class Attacker {
 public:
  Attacker(const Target& target, const std::atomic<bool>* stop, int number)
      : target_(target), stop_(stop), number_(number) {}

  bool stopped() const { return *stop_; }
  const Target& target() const { return target_; }
  int steps() const { return steps_; }
  void CountStep() { ++steps_; }
  // Every other connection comes from the address of the good clients, the rest from one of its own.
  std::unique_ptr<RawClient> Connect(bool tls = true) { return ConnectTo(target_.port, tls); }
  std::unique_ptr<RawClient> ConnectToProbes() { return ConnectTo(target_.health_port, false); }
  // Keeps a connection open. Of more than `most` the oldest is let go.
  RawClient& Hold(std::unique_ptr<RawClient> client, size_t most);
  std::deque<std::unique_ptr<RawClient>>& held() { return held_; }
  // Between steps; none takes long once it is over.
  void Pause(int milliseconds) const;

 private:
  std::unique_ptr<RawClient> ConnectTo(int port, bool tls);

  const Target target_;
  const std::atomic<bool>* const stop_;
  const int number_;
  int steps_ = 0;
  std::deque<std::unique_ptr<RawClient>> held_;
};

struct Attack {
  const char* name;
  const char* about;
  void (*step)(Attacker&);  // done again and again by every thread
};

const std::vector<Attack>& Attacks();

// A review of a Job as an API server sends it, with this uid.
std::string GoodReview(const std::string& uid);
inline constexpr char kGoodPath[] = "/mutate-batch-v1-job";

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_TESTING_ATTACK_ATTACKS_H_
