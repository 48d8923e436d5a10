#include "scheduler/queue/pending_queue.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "base/check.h"

namespace muster::scheduler {
namespace {

// Moves all of `from` into `to`; the usual case, an empty `to`, costs nothing.
void Pour(absl::btree_set<QueueKey>& from, absl::btree_set<QueueKey>& to) {
  if (to.size() < from.size()) std::swap(from, to);
  to.insert(from.begin(), from.end());
  from.clear();
}

}  // namespace

PendingQueue::Place PendingQueue::PlaceOf(WorkloadId id) const {
  if (id == inflight_ && id != kNoId) return Place::kInflight;
  const auto it = entries_.find(id);
  if (it == entries_.end()) return Place::kAbsent;
  const Entry& e = it->second;
  if (e.held || e.cls->heap.empty()) return Place::kParked;
  if (e.cls->parked.empty()) return Place::kHeap;
  return e.cls->heap.contains(e.key) ? Place::kHeap : Place::kParked;
}

void PendingQueue::EraseFromHeap(Class* cls, const QueueKey& key) {
  const auto it = cls->heap.find(key);
  if (it == cls->heap.end()) return;
  const bool first = it == cls->heap.begin();
  if (first) heads_.erase({key, cls});
  cls->heap.erase(it);
  if (first && !cls->heap.empty()) heads_.insert({*cls->heap.begin(), cls});
}

void PendingQueue::InsertIntoHeap(Class* cls, const QueueKey& key) {
  const bool first = cls->heap.empty() || key < *cls->heap.begin();
  if (first && !cls->heap.empty()) heads_.erase({*cls->heap.begin(), cls});
  cls->heap.insert(key);
  if (first) heads_.insert({key, cls});
}

void PendingQueue::Detach(const Entry& e) {
  if (e.cls == nullptr) return;
  if (e.key.id == inflight_) {
    inflight_ = kNoId;
  } else if (e.held) {
    held_.erase(e.key.id);
  } else if (e.cls->parked.erase(e.key) == 0) {
    EraseFromHeap(e.cls, e.key);
  }
}

void PendingQueue::Leave(const Entry& e) {
  if (--e.cls->members == 0) classes_.erase(e.class_id);
}

// The workload's entry, taken out of wherever it was, in its (possibly new) class.
PendingQueue::Entry& PendingQueue::EntryFor(const QueueItem& item) {
  Entry& e = entries_[item.key.id];
  Detach(e);
  const ClassId id(item.equivalence, item.local_queue);
  if (e.cls == nullptr || e.class_id != id) {
    if (e.cls != nullptr) Leave(e);
    e.class_id = id;
    e.cls = &classes_[id];
    e.cls->local_queue = item.local_queue;
    ++e.cls->members;
  }
  e.key = item.key;
  e.held = false;
  return e;
}

void PendingQueue::PushHeap(const QueueItem& item) {
  const Entry& e = EntryFor(item);
  InsertIntoHeap(e.cls, e.key);
}

void PendingQueue::Park(const QueueItem& item, bool held) {
  Entry& e = EntryFor(item);
  e.held = held;
  if (held) {
    held_.insert(e.key.id);
  } else {
    e.cls->parked.insert(e.key);
  }
}

void PendingQueue::Remove(WorkloadId id) {
  if (id == preemptor_) preemptor_ = kNoId;
  const auto it = entries_.find(id);
  if (it == entries_.end()) return;
  Detach(it->second);
  Leave(it->second);
  entries_.erase(it);
}

WorkloadId PendingQueue::StickyHead() const {
  if (!sticky_ || preemptor_ == kNoId) return kNoId;
  return PlaceOf(preemptor_) == Place::kHeap ? preemptor_ : kNoId;
}

WorkloadId PendingQueue::First(const LocalQueueUsage* usage) const {
  if (heads_.empty()) return kNoId;
  const WorkloadId sticky = StickyHead();
  if (usage == nullptr) return sticky != kNoId ? sticky : heads_.begin()->key.id;
  // The LocalQueue that used least, then the sticky preemptor, then the queue's own order.
  double least = std::numeric_limits<double>::infinity();
  const Head* best = nullptr;
  for (const Head& h : heads_) {
    const double used = (*usage)(h.cls->local_queue);
    if (best == nullptr || used < least) {
      best = &h;
      least = used;
    }
  }
  if (sticky != kNoId && (*usage)(entries_.at(sticky).class_id.second) <= least) return sticky;
  return best->key.id;
}

WorkloadId PendingQueue::Pop(const LocalQueueUsage* usage) {
  MUSTER_CHECK(inflight_ == kNoId, "the last head has not come back");
  ++pop_cycle_;
  const WorkloadId first = First(usage);
  if (first == kNoId) return kNoId;
  // Usually it is the first of the first class.
  if (const auto head = heads_.begin(); head->key.id == first) {
    Class* cls = head->cls;
    heads_.erase(head);
    cls->heap.erase(cls->heap.begin());
    if (!cls->heap.empty()) heads_.insert({*cls->heap.begin(), cls});
  } else {
    Detach(entries_.at(first));
  }
  // It stays an entry of its class: most that are popped come back.
  inflight_ = first;
  return first;
}

void PendingQueue::SetPreemptor(WorkloadId id, int64_t generation, bool sticky) {
  preemptor_ = id;
  preemptor_generation_ = generation;
  sticky_ = sticky;
}

void PendingQueue::Reactivate(const std::function<bool(int)>& admissible,
                              const std::function<bool(WorkloadId)>& expired) {
  reactivated_cycle_ = pop_cycle_;
  bulk_parked_.clear();
  for (auto& [id, cls] : classes_) {
    if (cls.parked.empty() || !admissible(cls.local_queue)) continue;
    if (!cls.heap.empty()) heads_.erase({*cls.heap.begin(), &cls});
    Pour(cls.parked, cls.heap);
    heads_.insert({*cls.heap.begin(), &cls});
  }
  for (auto it = held_.begin(); it != held_.end();) {
    Entry& e = entries_.at(*it);
    if (!expired(*it) || !admissible(e.class_id.second)) {
      ++it;
      continue;
    }
    it = held_.erase(it);
    e.held = false;
    InsertIntoHeap(e.cls, e.key);
  }
}

std::optional<PendingReason> PendingQueue::WhyInadmissible(int equivalence) const {
  const auto it = bulk_parked_.find(equivalence);
  if (it == bulk_parked_.end()) return std::nullopt;
  return it->second;
}

void PendingQueue::ParkEquivalent(int equivalence, PendingReason why) {
  bulk_parked_[equivalence] = why;
  for (auto it = classes_.lower_bound({equivalence, std::numeric_limits<int>::min()});
       it != classes_.end() && it->first.first == equivalence; ++it) {
    Class& cls = it->second;
    if (cls.heap.empty()) continue;
    heads_.erase({*cls.heap.begin(), &cls});
    Pour(cls.heap, cls.parked);
  }
}

std::vector<WorkloadId> PendingQueue::HeapInOrder(const LocalQueueUsage* usage) const {
  struct Item {
    double used;
    bool behind;  // not the sticky preemptor
    QueueKey key;
  };
  std::vector<Item> items;
  const WorkloadId sticky = StickyHead();
  for (const auto& [id, cls] : classes_) {
    const double used = usage == nullptr || cls.heap.empty() ? 0 : (*usage)(cls.local_queue);
    for (const QueueKey& k : cls.heap) items.push_back({used, k.id != sticky, k});
  }
  std::sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    return std::tie(a.used, a.behind, a.key) < std::tie(b.used, b.behind, b.key);
  });
  std::vector<WorkloadId> out;
  for (const Item& i : items) out.push_back(i.key.id);
  return out;
}

std::vector<WorkloadId> PendingQueue::Parked() const {
  std::vector<WorkloadId> out(held_.begin(), held_.end());
  for (const auto& [id, cls] : classes_) {
    for (const QueueKey& k : cls.parked) out.push_back(k.id);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<WorkloadId> PendingQueue::Members() const {
  std::vector<WorkloadId> out;
  for (const auto& [id, entry] : entries_) {
    if (id != inflight_) out.push_back(id);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace muster::scheduler
