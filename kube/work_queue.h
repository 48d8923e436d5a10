// A queue of keys to look at: each stands in it once, may be put off, and comes back later and later while it fails.
//
// Problem: things change faster than they are dealt with. A key that is added while it waits is not added again; one that
// is added while it is being dealt with comes once more afterwards.
//
//   queue.Add(key);
//   while (std::optional<Key> key = queue.Take(now)) { ...; queue.Done(*key); }
//   // nothing more before queue.NextTime()
//
// Deterministic: keys come in the order in which they became due, ties in the order in which they were added.
// Thread-compatible.
// Source of the rules: client-go's work queues as controller-runtime uses them (5 ms, doubled, up to 1,000 s).
#ifndef MUSTER_KUBE_WORK_QUEUE_H_
#define MUSTER_KUBE_WORK_QUEUE_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "base/check.h"

namespace muster::kube {

// Key: hashable and comparable for equality.
template <class Key>
class WorkQueue {
 public:
  struct Backoff {
    absl::Duration first = absl::Milliseconds(5);
    absl::Duration most = absl::Seconds(1000);
  };
  explicit WorkQueue(Backoff backoff = {}) : backoff_(backoff) {}

  // Due at once. O(1).
  void Add(const Key& key) {
    if (busy_.contains(key)) {
      again_.insert(key);
    } else if (waiting_.insert(key).second) {
      ready_.push_back(key);
    }
  }
  // Due at `time`, unless it is due earlier already. O(log n).
  void AddAt(const Key& key, absl::Time time) {
    const auto it = due_.find(key);
    if (it != due_.end()) {
      if (it->second.first <= time) return;
      later_.erase(it->second);
    }
    const std::pair<absl::Time, int64_t> at = {time, next_++};
    due_[key] = at;
    later_.emplace(at, key);
  }
  // Due after a time that doubles with every failure since Forget.
  void AddAfterFailure(const Key& key, absl::Time now) {
    const int failures = failures_[key]++;
    absl::Duration wait = backoff_.first;
    for (int i = 0; i < failures && wait < backoff_.most; ++i) wait *= 2;
    AddAt(key, now + (wait < backoff_.most ? wait : backoff_.most));
  }
  void Forget(const Key& key) { failures_.erase(key); }

  // The next key that is due. It is being dealt with until Done.
  std::optional<Key> Take(absl::Time now) {
    while (!later_.empty() && later_.begin()->first.first <= now) {
      const Key key = later_.begin()->second;
      later_.erase(later_.begin());
      due_.erase(key);
      Add(key);
    }
    if (ready_.empty()) return std::nullopt;
    Key key = std::move(ready_.front());
    ready_.pop_front();
    waiting_.erase(key);
    busy_.insert(key);
    return key;
  }
  // REQUIRES: taken, and not done since.
  void Done(const Key& key) {
    MUSTER_CHECK(busy_.erase(key) == 1);
    if (again_.erase(key) == 1) Add(key);
  }

  // Whether Take would give something at `now`.
  bool HasDue(absl::Time now) const {
    return !ready_.empty() || (!later_.empty() && later_.begin()->first.first <= now);
  }
  // When the next key that was put off is due; InfinitePast if one is due already, InfiniteFuture if there is none.
  absl::Time NextTime() const {
    if (!ready_.empty()) return absl::InfinitePast();
    return later_.empty() ? absl::InfiniteFuture() : later_.begin()->first.first;
  }
  size_t size() const { return ready_.size() + later_.size(); }

 private:
  const Backoff backoff_;
  std::deque<Key> ready_;
  absl::flat_hash_set<Key> waiting_, busy_, again_;
  std::map<std::pair<absl::Time, int64_t>, Key> later_;
  absl::flat_hash_map<Key, std::pair<absl::Time, int64_t>> due_;
  absl::flat_hash_map<Key, int> failures_;
  int64_t next_ = 0;
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_WORK_QUEUE_H_
