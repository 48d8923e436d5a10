// Follows the objects of one type as the API server has them: list, then watch, and again.
#ifndef MUSTER_KUBE_CLIENT_REFLECTOR_H_
#define MUSTER_KUBE_CLIENT_REFLECTOR_H_

#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "kube/client/absence.h"
#include "kube/client/api_client.h"
#include "kube/client/backoff.h"
#include "kube/client/cache_figures.h"
#include "kube/client/messages.h"
#include "kube/client/object_sink.h"
#include "kube/client/told_object.h"
#include "kube/client/waiting.h"
#include "kube/resource_type.h"

namespace muster::webhook {
class Log;
}  // namespace muster::webhook

namespace muster::kube {

struct ReflectorOptions {
  uint64_t seed = 0;                                     // of the chance in waits
  absl::Duration min_backoff = absl::Milliseconds(500);  // after a failure; doubles, with some chance in it
  absl::Duration max_backoff = absl::Seconds(30);
  absl::Duration list_timeout = absl::Seconds(60);  // of one page
  absl::Duration list_patience = absl::Minutes(5);  // of all of them
  absl::Duration watch_time = absl::Minutes(5);     // then the server ends the watch, and the next one goes on there
  // A watch that says nothing for this long is taken for dead. API servers send a bookmark about once a minute.
  absl::Duration watch_silence = absl::Seconds(150);
  // A watch that ends sooner, however properly, is no reason to come back at once.
  absl::Duration short_watch = absl::Seconds(1);
  // What is known counts as stale when the API server has said nothing about it for this long.
  absl::Duration max_staleness = absl::Minutes(5);
  int page_size = 500;  // halved when a page is larger than ApiLimits allow
  // A kind counts as not installed once discovery said so, this often and over this time; if it was there before, over
  // the longer one. Then it is asked for again every absence_interval.
  int absence_times = 3;
  absl::Duration absence_interval = absl::Seconds(5);
  absl::Duration absence_patience = absl::Seconds(10);
  absl::Duration removal_patience = absl::Minutes(1);
  // Counts as not installed, too, when its group is served in other versions alone.
  bool may_be_of_another_version = false;
  // Of one type. Above them the list fails, and what was known is kept.
  int64_t max_objects = 200000;
  int64_t max_bytes = int64_t{256} << 20;
  int64_t max_object_bytes = int64_t{1} << 20;
  ApiLimits limits;
};

// Runs from construction to destruction, in a thread of its own. After anything but the proper end of a watch the
// objects are listed anew: an error, an answer that is not understood, an event out of order. What was known stays in
// use until a list is complete. Thread-safe.
class Reflector {
 public:
  // `sink` and `log` outlive the reflector.
  Reflector(const ApiEndpoint& endpoint, const ResourceType& type, Keep keep, ReflectorOptions options,
            ObjectSink* sink, const webhook::Log* log);
  ~Reflector();

  const ResourceType& type() const { return type_; }
  // Whether the sink was told of all objects once. A type that is not installed counts as such, without objects. That
  // needs discovery to say so again and again; it is never believed of types of Kubernetes itself.
  bool synced() const;
  CacheFigures figures() const;

 private:
  void Run();
  // One list or watch, and what follows from it. How long to wait before the next.
  absl::Duration Step();
  absl::Duration AfterFailure(const absl::Status& status);
  // Lists all pages and puts them in place of what was known; a watch is to start at version_ then.
  absl::Status List();
  absl::Status ListPages(std::map<std::string, ToldObject>* objects, uint64_t* version);
  // What a reply that is not 200 means. NotFound: discovery agrees that there is no such type.
  absl::Status Refusal(absl::string_view what, const ApiReply& reply);
  absl::Status AskDiscovery(absl::string_view said);
  void TakeAsAbsent();
  // Watches until the server ends it properly (OK), version_ moving along.
  absl::Status Watch();
  absl::Status Take(absl::string_view line);
  absl::Status CheckLimits(int64_t objects, int64_t bytes) const;
  void Contact(SteadyTime when, bool listed);
  void Report(const absl::Status& status);

  const ResourceType& type_;
  const Keep keep_;
  const ReflectorOptions options_;
  ObjectSink* const sink_;
  const webhook::Log* const log_;
  std::unique_ptr<ApiClient> client_;
  absl::Status client_error_;
  StopSignal stop_;

  // The thread's own.
  Backoff backoff_;
  Absence absence_, removal_;
  int page_size_;
  uint64_t version_ = 0;  // 0: list first
  bool absent_ = false;   // taken for not installed
  bool listed_ = false;   // it was there once
  absl::Duration retry_after_;
  std::string last_problem_;
  absl::flat_hash_map<std::string, int64_t> known_;  // bytes by NameOf: what is there
  int64_t bytes_ = 0;

  mutable absl::Mutex mutex_;
  CacheFigures figures_ ABSL_GUARDED_BY(mutex_);
  SteadyTime contact_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // last
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_REFLECTOR_H_
