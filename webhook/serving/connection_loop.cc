#include "webhook/serving/connection_loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <thread>
#include <utility>

#include "webhook/serving/monotonic.h"

namespace muster::webhook {
namespace {

constexpr uint64_t kListener = 0, kWake = 1, kFirst = 2;
constexpr int kMaxEvents = 256;
// New connections a round, so that those that are there are served in between.
constexpr int kMaxAccepts = 64;
// Connections over the limit that are told so at a time; those over both are just closed.
constexpr int kMaxRefusals = 64;
// Handshakes are what costs most: those who are through them come first, and newcomers share a part of each round.
constexpr absl::Duration kHandshakeShare = absl::Milliseconds(1);
// What a large body or answer still has to say comes last: a connection that asks for little goes through several rounds,
// each of which would otherwise take as long as all that others have sent takes to read.
constexpr absl::Duration kBulkShare = absl::Milliseconds(2);
// A small answer costs less than having a worker give it, when there is not much to do; others are not to wait for more.
constexpr absl::Duration kAtOnceShare = absl::Microseconds(500);
// How often slow peers are looked for, and workers looked after.
constexpr absl::Duration kSweepInterval = absl::Milliseconds(250);
constexpr absl::Duration kTendInterval = absl::Milliseconds(5);
// After the system had no more sockets.
constexpr absl::Duration kAcceptPause = absl::Milliseconds(20);
// How long a connection that was opened right before the end may take to ask its first question.
constexpr absl::Duration kFreshPatience = absl::Seconds(1);
// A lost packet is sent again within this time.
constexpr absl::Duration kGrace = absl::Seconds(3);

// A connection's share of memory, roughly; and what is worth giving back, how often.
constexpr size_t kPerConnection = 48 * 1024;
constexpr size_t kMuch = size_t{16} << 20;
constexpr absl::Duration kReleaseInterval = absl::Seconds(1);

int Workers(const HttpServerOptions& options) {
  return options.workers > 0 ? options.workers
                             : std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 2, 8);
}

}  // namespace

ConnectionLoop::ConnectionLoop(const HttpServerOptions& options, HttpServer::Handler handler, int listener)
    : options_(options),
      handler_(std::move(handler)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      listener_(listener),
      next_id_(kFirst),
      events_(kMaxEvents),
      buffer_(Transport::kRecord),
      now_(MonotonicNow()),
      pool_(
          {.workers = Workers(options)}, [this](Job* job) { job->response = handler_(job->request); },
          [this] { Wake(); }) {
  Register(listener_.get(), kListener);
  Register(wake_.get(), kWake);
}

void ConnectionLoop::Wake() const {
  const uint64_t one = 1;
  if (write(wake_.get(), &one, sizeof(one)) < 0) return;  // it is full, and so awake
}

void ConnectionLoop::Register(int fd, Id id) {
  epoll_event event = {};
  event.events = id < kFirst ? EPOLLIN : EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = id;
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void ConnectionLoop::End(absl::Duration patience) {
  patience_ns_ = absl::ToInt64Nanoseconds(patience);
  end_asked_ = true;
  Wake();
}

HttpServerStats ConnectionLoop::stats() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return published_;
}

// What many connections or large bodies took is not kept for the next time.
void ConnectionLoop::ReleaseMemory() {
  const size_t now = held_ + cost_ + connections_.size() * kPerConnection;
  high_ = std::max(high_, now);
  if (high_ - now < kMuch || now_ - released_ < kReleaseInterval) {
    if (high_ - now >= kMuch) next_sweep_ = std::min(next_sweep_, now_ + kReleaseInterval);
    return;
  }
  released_ = now_;
  high_ = now;
  pool_.ReleaseMemory();
}

void ConnectionLoop::Publish() {
  counts_.connections = static_cast<int64_t>(connections_.size());
  counts_.in_flight = static_cast<int64_t>(jobs_);
  counts_.held_bytes = static_cast<int64_t>(held_ + cost_);
  std::lock_guard<std::mutex> lock(mutex_);
  published_ = counts_;
}

int ConnectionLoop::WaitTime(absl::Time now) const {
  if (!known_.empty() || !unknown_.empty() || !bulk_.empty()) return 0;
  absl::Time until = std::min({next_sweep_, accept_again_, end_, end_fresh_});
  if (jobs_ > 0) until = std::min(until, now + kTendInterval);
  if (until == absl::InfiniteFuture()) return -1;
  const int64_t left = absl::ToInt64Milliseconds(until - now) + 1;
  return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
}

void ConnectionLoop::Run() {
  while (listener_.open() || !connections_.empty()) {
    const int n = epoll_wait(epoll_.get(), events_.data(), kMaxEvents, WaitTime(MonotonicNow()));
    now_ = MonotonicNow();
    try {
      Round(n);
    } catch (const std::bad_alloc&) {
      ++counts_.refused_connections;  // what was to be done is done in the next round, or when its time is up
    }
    for (const Id id : dead_) connections_.erase(id);
    dead_.clear();
    ReleaseMemory();
    Publish();
  }
}

void ConnectionLoop::Round(int n) {
  at_once_left_ = kAtOnceShare;
  bool accept = now_ >= accept_again_;
  for (int i = 0; i < n; ++i) {
    const epoll_event& event = events_[static_cast<size_t>(i)];
    if (event.data.u64 == kListener) {
      accept = true;
    } else if (event.data.u64 == kWake) {
      uint64_t value;
      if (read(wake_.get(), &value, sizeof(value)) < 0) continue;
    } else if (const auto it = connections_.find(event.data.u64); it != connections_.end()) {
      Connection& c = *it->second;
      if (c.phase != Phase::kAnswering) {
        Queue(c);
      } else if ((event.events & (EPOLLHUP | EPOLLERR)) != 0) {
        Close(c);  // nobody waits for the answer
      }
    }
  }
  if (now_ - last_tend_ >= kTendInterval) {
    last_tend_ = now_;
    pool_.Tend(now_);
  }
  for (const std::shared_ptr<Job>& job : pool_.TakeDone()) Answered(job);
  StartParked();
  if (accept && listener_.open()) AcceptSome();
  ServeQueues();
  if (now_ >= next_sweep_) Sweep();
  if (end_asked_) Ending();
}

void ConnectionLoop::AcceptSome() {
  accept_again_ = absl::InfiniteFuture();
  for (int i = 0; i < kMaxAccepts; ++i) {
    sockaddr_storage address = {};
    socklen_t size = sizeof(address);
    const int fd = accept4(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      Take(OwnedFd(fd), address);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      all_accepted_ = true;
      return;
    }
    // No more sockets, or no memory for one.
    ++counts_.refused_connections;
    MakeRoom(nullptr);
    accept_again_ = now_ + kAcceptPause;
    return;
  }
}

void ConnectionLoop::Take(OwnedFd fd, const sockaddr_storage& address) {
  const int socket = fd.get();
  const int on = 1;
  // Without it an answer waits for the peer's delayed acknowledgement: 40 ms.
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  // A peer that vanished without a word (node lost) is noticed while the connection is idle.
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));

  ++counts_.accepted;
  std::shared_ptr<const ServingCertificate> certificate;
  if (options_.certificate) certificate = options_.certificate();
  auto made = std::make_unique<Connection>(
      next_id_++, std::move(fd), certificate == nullptr ? nullptr : certificate->context.get(), options_.framing);
  Connection& c = *made;
  const bool usable = c.io.ok() && (certificate != nullptr || !options_.certificate);
  Peer* const peer = peers_.Enter(PeerKey(address));
  bool room = peer->connections < options_.max_connections_per_address || MakeRoom(peer);
  const int open = static_cast<int>(connections_.size() - dead_.size()) - refusals_;
  room = room && (open < options_.max_connections || MakeRoom(nullptr));
  if (!usable || (!room && refusals_ >= kMaxRefusals)) {
    ++counts_.refused_connections;
    peers_.Leave(peer);
    return;
  }
  c.certificate = std::move(certificate);
  c.remote = PeerText(address);
  c.peer = peer;
  c.refuse = !room;
  if (c.refuse) ++refusals_;
  ++peer->connections;
  connections_[c.id] = std::move(made);
  Register(socket, c.id);
  Enter(c, c.io.tls() ? Phase::kHandshake : Phase::kIdle,
        c.io.tls() ? options_.handshake_timeout : options_.fresh_timeout);
}

void ConnectionLoop::ServeQueues() {
  for (size_t n = known_.size(); n > 0; --n) {
    const Id id = known_.front();
    known_.pop_front();
    Serve(id);
  }
  ServeFor(unknown_, kHandshakeShare);
  ServeFor(bulk_, kBulkShare);
}

// One is always served.
void ConnectionLoop::ServeFor(std::deque<Id>& queue, absl::Duration share) {
  if (queue.empty()) return;
  const absl::Time until = MonotonicNow() + share;
  for (size_t n = queue.size(); n > 0; --n) {
    const Id id = queue.front();
    queue.pop_front();
    Serve(id);
    if (MonotonicNow() > until) break;
  }
}

void ConnectionLoop::Serve(Id id) {
  const auto it = connections_.find(id);
  if (it == connections_.end()) return;
  Connection& c = *it->second;
  c.queued = false;
  try {
    if (Step(c)) Queue(c);
  } catch (const std::bad_alloc&) {
    Close(c);
  }
}

// Ends what took too long.
void ConnectionLoop::Sweep() {
  next_sweep_ = absl::InfiniteFuture();
  bool moving = false;
  for (auto& [id, connection] : connections_) {
    Connection& c = *connection;
    if (c.phase == Phase::kDead) continue;
    bool late = now_ >= c.deadline;
    if (c.phase == Phase::kBody || c.phase == Phase::kSending) {
      moving = true;
      const absl::Duration took = now_ - c.since;
      late |= took > kGrace && static_cast<double>(c.moved) <
                                   absl::ToDoubleSeconds(took) * static_cast<double>(options_.min_bytes_per_second);
    }
    if (late) Expire(c);
    if (c.phase != Phase::kDead) next_sweep_ = std::min(next_sweep_, c.deadline);
  }
  next_sweep_ = std::max(next_sweep_, now_ + absl::Milliseconds(5));
  if (moving) next_sweep_ = std::min(next_sweep_, now_ + kSweepInterval);
}

void ConnectionLoop::Expire(Connection& c) {
  switch (c.phase) {
    case Phase::kHandshake:
      ++counts_.failed_handshakes;
      return Close(c);
    case Phase::kHead:
    case Phase::kBody:
      ++counts_.malformed;
      return Refuse(c, 408, "the request took too long\n");
    case Phase::kAnswering:
      ++counts_.late;
      c.job->cancelled = true;
      c.job.reset();
      return Refuse(c, 503, "the answer took too long\n");
    case Phase::kIdle:
      c.io.EndWriting();
      return Close(c);
    case Phase::kSending:
    case Phase::kDraining:
    case Phase::kDead:
      return Close(c);
  }
}

void ConnectionLoop::Ending() {
  if (end_ == absl::InfiniteFuture()) {
    const absl::Duration patience = absl::Nanoseconds(patience_ns_.load());
    end_ = now_ + patience;
    end_fresh_ = now_ + std::min(patience, kFreshPatience);
    soft_ = true;
  }
  if (listener_.open()) {
    // Whoever got into the queue before the end is still served.
    all_accepted_ = false;
    AcceptSome();
    if (all_accepted_ || now_ >= end_) {
      all_accepted_ = true;
      listener_.Close();
      accept_again_ = absl::InfiniteFuture();
    } else {
      accept_again_ = now_;
    }
  }
  if (now_ >= end_fresh_) {
    fresh_over_ = true;
    end_fresh_ = absl::InfiniteFuture();
  }
  for (auto& [id, connection] : connections_) {
    Connection& c = *connection;
    // Who has just come is about to ask, and would not try again. What has already arrived is answered.
    if (c.phase == Phase::kIdle && (!c.fresh || fresh_over_)) Serve(id);
    if (c.phase == Phase::kIdle && (!c.fresh || fresh_over_)) {
      c.io.EndWriting();
      Close(c);
    } else if (now_ >= end_) {
      Close(c);
    }
  }
}

}  // namespace muster::webhook
