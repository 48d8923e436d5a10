// One connection of the server's loop, and which of several deserves its place least. Internal to webhook/serving/.
#ifndef MUSTER_WEBHOOK_SERVING_CONNECTION_H_
#define MUSTER_WEBHOOK_SERVING_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "webhook/serving/owned_fd.h"
#include "webhook/serving/peers.h"
#include "webhook/serving/request_reader.h"
#include "webhook/serving/transport.h"
#include "webhook/serving/worker_pool.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {

enum class Phase {
  kHandshake,
  kIdle,       // between requests, or before the first
  kHead,       // of a request that has begun
  kBody,       // of it
  kAnswering,  // queued, or a handler has it
  kSending,    // the answer
  kDraining,   // everything is said; what still comes is dropped, so that the answer is not lost to a reset
  kDead,
};

// Thread-compatible: the loop's.
struct Connection {
  Connection(uint64_t id, OwnedFd fd, SSL_CTX* context, const FramingLimits& limits)
      : id(id), io(std::move(fd), context), reader(limits) {}

  const uint64_t id;
  Transport io;
  RequestReader reader;
  std::shared_ptr<const ServingCertificate> certificate;
  std::string remote;
  Peer* peer = nullptr;

  Phase phase = Phase::kHandshake;
  absl::Time since;     // of the phase
  absl::Time deadline;  // of the phase
  absl::Time begun;     // of the request
  size_t moved = 0;     // bytes in this phase
  size_t held = 0;      // bytes it counts for

  bool queued = false;  // for the next round of the loop
  bool refuse = false;  // over the limit: one answer 429
  bool fresh = true;    // has not asked anything yet
  bool served = false;  // was given an answer of a handler
  bool last = false;    // ends after this answer
  std::string out;      // the answer
  size_t out_pos = 0;
  std::shared_ptr<Job> job;  // while kAnswering
};

// Whether `c` may have to go for another one. Those whose request is being answered never are, nor those that move
// along.
bool MayMakeRoom(const Connection& c, absl::Time now);
// Whether `a` goes before `b`: first those that were never given an answer and do not ask, then those that began to ask
// and do not go on, then idle ones; among them those of the address with most connections; among them the oldest.
bool GoesBefore(const Connection& a, const Connection& b);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_CONNECTION_H_
