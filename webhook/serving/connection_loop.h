// All connections of a server on one thread: reads, writes, deadlines, limits. Internal to webhook/serving/.
#ifndef MUSTER_WEBHOOK_SERVING_CONNECTION_LOOP_H_
#define MUSTER_WEBHOOK_SERVING_CONNECTION_LOOP_H_

#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "webhook/serving/connection.h"
#include "webhook/serving/http_server.h"
#include "webhook/serving/owned_fd.h"
#include "webhook/serving/peers.h"
#include "webhook/serving/worker_pool.h"

namespace muster::webhook {

class ConnectionLoop {
 public:
  // Takes the listening socket.
  ConnectionLoop(const HttpServerOptions& options, HttpServer::Handler handler, int listener);

  // Serves until End was called and all is over. Called once, on a thread of its own.
  void Run();

  // The rest is thread-safe.
  void Soften() { soft_ = true; }
  // Takes no new connections from now on and ends all within `patience`.
  void End(absl::Duration patience);
  HttpServerStats stats() const;
  // Whether handlers are running.
  bool busy() const { return pool_.running() > 0; }

 private:
  using Id = uint64_t;

  // connection_loop.cc: the rounds, the door, and time.
  void Round(int events);
  void Wake() const;
  void Register(int fd, Id id);
  int WaitTime(absl::Time now) const;
  void AcceptSome();
  void Take(OwnedFd fd, const sockaddr_storage& address);
  void ServeQueues();
  void ServeFor(std::deque<Id>& queue, absl::Duration share);
  void Serve(Id id);
  void Sweep();
  void Expire(Connection& c);
  void Ending();
  void ReleaseMemory();
  void Publish();

  // connection_steps.cc: what a connection goes through. Step returns whether there is more to do at once.
  bool Step(Connection& c);
  bool StepRead(Connection& c);
  bool StepSend(Connection& c);
  bool StepDrain(Connection& c);
  bool Digest(Connection& c);
  bool LookAtHead(Connection& c);
  void Ask(Connection& c);
  bool AnswerAtOnce(Connection& c, const Job& job);
  void Answered(const std::shared_ptr<Job>& job);
  void Respond(Connection& c, const HttpResponse& response, bool keep, bool with_body = true);
  void Refuse(Connection& c, int status, const char* why);
  void Overloaded(Connection& c);
  void Enter(Connection& c, Phase phase, absl::Duration patience);
  void Close(Connection& c);
  void Queue(Connection& c);

  // connection_room.cc: who gets a place.
  bool MakeRoom(const Peer* only);
  bool Hold(Connection& c, size_t bytes);
  void Count(Peer* peer, size_t* held, size_t bytes);
  bool Start(const std::shared_ptr<Job>& job);
  void StartParked();
  void Release(Job& job);

  const HttpServerOptions options_;
  const HttpServer::Handler handler_;
  const OwnedFd epoll_;
  const OwnedFd wake_;
  OwnedFd listener_;
  std::atomic<bool> soft_{false};
  std::atomic<bool> end_asked_{false};
  std::atomic<int64_t> patience_ns_{0};

  absl::flat_hash_map<Id, std::unique_ptr<Connection>> connections_;
  Peers peers_;
  Id next_id_;
  // Queued: those with a handshake behind them, those without, and those in the middle of something large.
  std::deque<Id> known_, unknown_, bulk_;
  std::vector<Id> dead_;
  std::deque<std::shared_ptr<Job>> parked_;  // wait for the cost of others to go
  std::vector<epoll_event> events_;
  std::vector<char> buffer_;
  absl::Time now_;
  absl::Time next_sweep_ = absl::InfiniteFuture();
  absl::Time accept_again_ = absl::InfiniteFuture();
  absl::Time last_tend_ = absl::InfinitePast();
  absl::Time end_ = absl::InfiniteFuture(), end_fresh_ = absl::InfiniteFuture();
  bool fresh_over_ = false;
  int refusals_ = 0;
  size_t jobs_ = 0;  // asked and not answered
  size_t held_ = 0;  // bodies and answers
  size_t cost_ = 0;  // of the jobs that were started
  size_t high_ = 0;  // the most that was held since memory was given back
  absl::Time released_ = absl::InfinitePast();
  absl::Duration at_once_left_;  // of this round, for answers that are given here
  bool all_accepted_ = false;
  HttpServerStats counts_;

  mutable std::mutex mutex_;
  HttpServerStats published_;

  WorkerPool pool_;  // last: its threads use all of the above
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_CONNECTION_LOOP_H_
