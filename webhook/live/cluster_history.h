// The true history of some objects, which a test holds against what is believed of them. Test-only.
#ifndef MUSTER_WEBHOOK_LIVE_CLUSTER_HISTORY_H_
#define MUSTER_WEBHOOK_LIVE_CLUSTER_HISTORY_H_

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "kube/client/waiting.h"

namespace muster::webhook {

// Collections of objects as an API server has them: with versions, events, compaction. Collections are named by their
// path ("/api/v1/namespaces"), objects by "namespace/name". Thread-safe.
class ClusterHistory {
 public:
  using Objects = std::map<std::string, nlohmann::json>;
  struct Event {
    uint64_t version;
    const char* type;
    nlohmann::json object;
  };
  struct Answer {
    bool installed = false;
    uint64_t version = 0;  // of the cluster now
    uint64_t oldest = 0;   // what happened before is forgotten
    std::vector<Event> events;
    uint64_t generation = 0;  // changes when watches end: the collection is gone, or the past another one
  };

  // Objects have metadata.name, .namespace and .resourceVersion, and labels["v"] with `value`.
  void Install(const std::string& collection);
  void Put(const std::string& collection, const std::string& ns, const std::string& name, const std::string& value);
  void Delete(const std::string& collection, const std::string& ns, const std::string& name);
  // The kind is not installed any more, and its objects are gone.
  void Uninstall(const std::string& collection);
  // Forgets what happened so far.
  void Compact();
  // An older backup is put back: the objects of `collection` lose half of their number, and versions are lower.
  void Restore(const std::string& collection);

  std::set<std::string> installed() const;
  // The objects as they were at `version`, or now for 0. nullopt when that is forgotten or not installed.
  std::optional<Objects> At(const std::string& collection, uint64_t version, uint64_t* at) const;
  // What happened after `version`; waits a moment for something to.
  Answer After(const std::string& collection, uint64_t version, uint64_t generation, absl::Duration wait) const;
  uint64_t generation() const;

  // Whether an object had `value` (nullopt: was not there) at some time since *seen, which moves on to then; a later
  // believer may not believe anything from before. `since`: the value was true at some time after.
  bool WasTrue(const std::string& collection, const std::string& key, const std::optional<std::string>& value,
               size_t* seen, kube::SteadyTime since) const;
  std::optional<std::string> Now(const std::string& collection, const std::string& key) const;

 private:
  struct Collection {
    bool installed = false;
    Objects objects;
    std::vector<Event> events;
    Objects at_oldest;  // the objects when the oldest event had not happened yet
  };
  struct Value {
    std::optional<std::string> value;
    kube::SteadyTime from;
  };
  void Note(const std::string& collection, const std::string& key, const std::optional<std::string>& value)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Remove(const std::string& collection, const std::string& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Forget() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<std::string, Collection> collections_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::vector<Value>> values_ ABSL_GUARDED_BY(mutex_);  // by collection + key
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 1'000'000;
  uint64_t oldest_ ABSL_GUARDED_BY(mutex_) = 1'000'000;
  uint64_t generation_ ABSL_GUARDED_BY(mutex_) = 1;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_CLUSTER_HISTORY_H_
