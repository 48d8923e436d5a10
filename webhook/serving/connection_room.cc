// Who gets a place among the connections, and among what is held.
#include <utility>

#include "webhook/serving/connection_loop.h"

namespace muster::webhook {
namespace {

// What is smaller never waits for the cost of others.
constexpr size_t kSmallCost = size_t{1} << 20;
constexpr size_t kSmallBody = 64 * 1024;
// A request that began less long ago is not given up for another.
constexpr absl::Duration kYoung = absl::Milliseconds(250);

}  // namespace

// Ends the connection that deserves its place least, of `only` or of all. False when none may go.
bool ConnectionLoop::MakeRoom(const Peer* only) {
  Connection* least = nullptr;
  for (auto& [id, c] : connections_) {
    if (c->phase == Phase::kDead || (only != nullptr && c->peer != only) || !MayMakeRoom(*c, now_)) continue;
    if (least == nullptr || GoesBefore(*c, *least)) least = c.get();
  }
  if (least == nullptr) return false;
  ++counts_.evicted_connections;
  if (least->phase == Phase::kIdle) least->io.EndWriting();
  Close(*least);
  return true;
}

// Sets what is counted for *held to `bytes`.
void ConnectionLoop::Count(Peer* peer, size_t* held, size_t bytes) {
  held_ += bytes - *held;
  peer->held += bytes - *held;
  *held = bytes;
}

// Counts what the connection holds now. Over a limit, requests that have been arriving for longest (or answers that
// have been going out for longest) are given up until it fits; false when that was this one, which is answered then.
bool ConnectionLoop::Hold(Connection& c, size_t bytes) {
  if (bytes == c.held) return true;
  Count(c.peer, &c.held, bytes);
  // The last fifth is for small ones.
  const auto limit = [bytes](size_t most) { return bytes <= kSmallBody ? most : most / 5 * 4; };
  while (true) {
    const bool peer_full = c.peer->held > limit(options_.max_held_bytes_per_address);
    if (!peer_full && held_ <= limit(options_.max_held_bytes)) return true;
    Connection* oldest = nullptr;
    for (auto& [id, other] : connections_) {
      if (other->phase != Phase::kHead && other->phase != Phase::kBody && other->phase != Phase::kSending) continue;
      if (other->held == 0 || (peer_full && other->peer != c.peer)) continue;
      if (other.get() != &c && now_ - other->begun < kYoung) continue;
      if (oldest == nullptr || other->begun < oldest->begun) oldest = other.get();
    }
    if (oldest == nullptr) return true;  // none but those that are being answered
    if (oldest->phase == Phase::kSending) {
      ++counts_.evicted_connections;
      Close(*oldest);
    } else {
      oldest->reader.Abandon();
      Count(oldest->peer, &oldest->held, 0);
      Overloaded(*oldest);
    }
    if (oldest == &c) return false;
  }
}

// Starts to answer, unless the costs of those being answered leave no room. One is always taken.
bool ConnectionLoop::Start(const std::shared_ptr<Job>& job) {
  if (cost_ > 0 && job->cost >= kSmallCost && cost_ + job->cost > options_.max_cost) return false;
  cost_ += job->cost;
  job->started = true;
  pool_.Submit(job);
  return true;
}

void ConnectionLoop::StartParked() {
  while (!parked_.empty()) {
    const std::shared_ptr<Job> job = parked_.front();
    if (job->cancelled) {
      Release(*job);
    } else if (!Start(job)) {
      return;
    }
    parked_.pop_front();
  }
}

void ConnectionLoop::Release(Job& job) {
  if (job.started) cost_ -= job.cost;
  Count(job.peer, &job.held, 0);
  peers_.Leave(job.peer);
  --jobs_;
}

}  // namespace muster::webhook
