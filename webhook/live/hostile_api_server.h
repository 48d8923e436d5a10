// An API server, and whatever stands before it, on a bad day: it tells the truth of a ClusterHistory, or nothing that
// can be understood. Test-only.
#ifndef MUSTER_WEBHOOK_LIVE_HOSTILE_API_SERVER_H_
#define MUSTER_WEBHOOK_LIVE_HOSTILE_API_SERVER_H_

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "kube/client/kubeconfig.h"
#include "webhook/live/cluster_history.h"

namespace muster::webhook {

// What may happen instead of the answer.
enum class Fault {
  kNone,
  kNotFound,      // 404 with a Status
  kHtmlNotFound,  // 404 with a page
  kHtml,          // 200 with a page
  kGone,          // 410
  kBusy,          // 429 with Retry-After
  kBroken,        // 500
  kTooLarge,      // 504 "Too large resource version"
  kGarbage,       // bytes that are no HTTP
  kTruncated,     // the end is missing
  kDripHead,      // a byte at a time, for ever
  kDripBody,
  kClosed,        // the connection ends without a word
  kSilent,        // and this one does not end
  kEndlessHead,   // headers without end
  kEndlessChunk,  // the line before a chunk without end
  kWrongKind,     // a list of something else
  kNamesMissing,  // objects without names
  kWrongTypes,    // labels that are no map
  kTooDeep,       // nested a thousand deep
  // In the middle of a watch:
  kErrorEvent,  // an ERROR with code 410
  kGarbageEvent,
  kHalfEvent,   // a line without its end, and the end of the answer
  kWrongEvent,  // an object that is none
  kTwice,       // an event that was there already
  kSwapped,     // two events in the wrong order
  kCutOff,      // the connection ends between two events
  kShortWatch,  // it ends properly, at once
  kCount,
};

// Serves on loopback, without TLS. Which request meets which fault follows from the seed, its path and how many came to
// that path before. Thread-safe.
class HostileApiServer {
 public:
  // `faults` of a hundred requests, or steps of a watch, go wrong. `history` outlives the server.
  HostileApiServer(ClusterHistory* history, uint64_t seed, int faults);
  ~HostileApiServer();

  kube::ApiEndpoint endpoint() const;
  // From now on so many go wrong.
  void SetFaults(int faults) { faults_ = faults; }
  // Every request to a path that starts so meets this fault; kNone ends it.
  void Always(const std::string& prefix, Fault fault);
  // Open watches end properly. Connections between two requests are closed. Connections that had a request before are
  // closed upon the next.
  void EndWatches() { ++watches_ended_; }
  void CloseIdle() { ++idle_closed_; }
  void CloseKeptOnRequest() { ++kept_closed_; }
  // Requests so far whose path starts so, and faults of each kind.
  int Requests(const std::string& prefix) const;
  std::map<Fault, int> faults_met() const;

 private:
  struct Request {
    std::string path;
    std::map<std::string, std::string> query;
  };
  struct Connection {
    std::atomic<bool> over{false};
    std::thread thread;
  };
  void Accept();
  void Serve(int fd);
  bool ReadRequest(int fd, std::string* pending, Request* request);
  // False when the connection is to end.
  bool Answer(int fd, const Request& request);
  bool List(int fd, const Request& request);
  bool Get(int fd, const Request& request);
  bool Watch(int fd, const Request& request);
  std::string Discovery(const std::string& path) const;
  bool Misbehave(int fd, Fault fault, const std::string& kind);
  bool Send(int fd, const std::string& bytes) const;
  bool SendAnswer(int fd, int status, const std::string& body, const std::string& headers = "") const;
  void Drip(int fd, const std::string& bytes) const;
  Fault FaultFor(const std::string& path, bool in_watch);

  ClusterHistory* const history_;
  const uint64_t seed_;
  std::atomic<int> faults_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> watches_ended_{0};
  std::atomic<int> idle_closed_{0};
  std::atomic<int> kept_closed_{0};
  int listener_ = -1;
  int port_ = 0;
  mutable absl::Mutex mutex_;
  std::map<std::string, int> asked_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Fault> always_ ABSL_GUARDED_BY(mutex_);
  std::map<Fault, int> met_ ABSL_GUARDED_BY(mutex_);
  std::list<Connection> connections_;  // the accepting thread's own
  std::thread accepting_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_HOSTILE_API_SERVER_H_
