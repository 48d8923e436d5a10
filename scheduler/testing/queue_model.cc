#include "scheduler/testing/queue_model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace muster::scheduler::naive {

void QueueManager::AddClusterQueue(const std::string& name, const std::string& root, bool strict, int64_t now) {
  ClusterQueue& cq = queues_[name];
  cq.root = root;
  cq.strict = strict;
  due_.try_emplace(root, now + 1);
}

void QueueManager::UpdateClusterQueue(const std::string& name, bool strict, bool stopped, int64_t now) {
  ClusterQueue& cq = queues_.at(name);
  const bool differs = cq.strict != strict || cq.stopped != stopped;
  cq.strict = strict;
  cq.stopped = stopped;
  if (differs) due_.try_emplace(cq.root, now + 1);
}

void QueueManager::AddFromLocalQueue(ClusterQueue* cq, const LocalQueue& lq) {
  for (const auto& [key, info] : lq.items) {
    const bool flies = cq->inflight.has_value() && cq->inflight->object.key == key;
    if (!flies && cq->inadmissible.count(key) == 0) cq->heap.try_emplace(key, info);
  }
}

void QueueManager::AddLocalQueue(const std::string& key, const std::string& cq,
                                 const std::map<std::string, Object>& objects) {
  LocalQueue& lq = local_queues_[key];
  lq.cq = cq;
  for (const auto& [name, object] : objects) {
    if (object.local_queue != key) continue;
    assigned_[name] = key;
    if (IsAdmissible(object)) lq.items[name] = {object, 0, false};
  }
  AddFromLocalQueue(&queues_.at(cq), lq);
}

void QueueManager::DeleteLocalQueue(const std::string& key) {
  LocalQueue& lq = local_queues_.at(key);
  for (const auto& [name, info] : lq.items) DeleteFrom(&queues_.at(lq.cq), name);
  local_queues_.erase(key);
}

void QueueManager::MoveLocalQueue(const std::string& key, const std::string& cq) {
  LocalQueue& lq = local_queues_.at(key);
  if (lq.cq == cq) return;
  // Kueue keeps one Info for the LocalQueue and the ClusterQueue; here each has a copy, and the latter's is current.
  ClusterQueue& old = queues_.at(lq.cq);
  for (auto& [name, info] : lq.items) {
    if (const auto it = old.heap.find(name); it != old.heap.end()) info = it->second;
    if (const auto it = old.inadmissible.find(name); it != old.inadmissible.end()) info = it->second;
  }
  for (const auto& [name, info] : lq.items) DeleteFrom(&old, name);
  lq.cq = cq;
  AddFromLocalQueue(&queues_.at(cq), lq);
}

std::string QueueManager::Hash(const Object& o) {
  return absl::StrCat(o.priority, "/", o.gpus, "/", std::max(0, o.count - o.reclaimed));
}

void QueueManager::AddOrUpdate(const Object& object) {
  if (!IsAdmissible(object)) return;
  const auto assigned = assigned_.find(object.key);
  if (assigned != assigned_.end() && assigned->second != object.local_queue) {
    Delete(object.key);
    assigned_.erase(object.key);
  }
  const auto lq = local_queues_.find(object.local_queue);
  if (lq == local_queues_.end()) return;
  ClusterQueue& cq = queues_.at(lq->second.cq);
  Info info{object, 0, false};
  if (gates_.preserve_scan_progress) {
    const Info* tracked = nullptr;
    if (cq.inflight.has_value() && cq.inflight->object.key == object.key) tracked = &*cq.inflight;
    if (const auto it = cq.heap.find(object.key); it != cq.heap.end()) tracked = &it->second;
    if (const auto it = cq.inadmissible.find(object.key); it != cq.inadmissible.end()) tracked = &it->second;
    const bool same = tracked != nullptr && (!gates_.equivalence_hashing || Hash(tracked->object) == Hash(object));
    if (same) info.pending_flavors = tracked->pending_flavors;
  }
  assigned_[object.key] = object.local_queue;
  lq->second.items[object.key] = info;
  PushOrUpdate(&cq, info);
}

void QueueManager::PushOrUpdate(ClusterQueue* cq, const Info& info) {
  const std::string& key = info.object.key;
  if (cq->inflight.has_value() && cq->inflight->object.key == key) return;
  if (const auto it = cq->inadmissible.find(key); it != cq->inadmissible.end()) {
    const Object &before = it->second.object, &now = info.object;
    const bool generation_moved =
        it->second.last_evaluated_generation != 0 && it->second.last_evaluated_generation != now.generation;
    const bool same_spec = before.priority == now.priority && before.count == now.count && before.gpus == now.gpus &&
                           before.active == now.active && before.local_queue == now.local_queue;
    if (!generation_moved && same_spec && before.reclaimed == now.reclaimed && before.evicted == now.evicted &&
        before.evicted_at == now.evicted_at && before.requeued == now.requeued) {
      it->second = info;
      return;
    }
    cq->inadmissible.erase(it);
  }
  const bool in_heap = cq->heap.count(key) > 0;
  if (!in_heap && !BackoffExpired(info.object)) {
    cq->inadmissible[key] = info;
    return;
  }
  if (!cq->strict && !in_heap && gates_.equivalence_hashing && cq->bulk_moved.count(Hash(info.object)) > 0) {
    cq->inadmissible[key] = info;
    return;
  }
  cq->heap[key] = info;
}

void QueueManager::DeleteFrom(ClusterQueue* cq, const std::string& key) {
  cq->inadmissible.erase(key);
  cq->heap.erase(key);
  if (cq->inflight.has_value() && cq->inflight->object.key == key) cq->inflight.reset();
  if (cq->preemptor == key) {
    cq->preemptor.clear();
    cq->sticky = false;
  }
}

void QueueManager::Delete(const std::string& key) {
  const auto assigned = assigned_.find(key);
  if (assigned == assigned_.end()) return;
  const auto lq = local_queues_.find(assigned->second);
  if (lq == local_queues_.end()) return;
  lq->second.items.erase(key);
  DeleteFrom(&queues_.at(lq->second.cq), key);
}

void QueueManager::Forget(const std::string& key) {
  Delete(key);
  assigned_.erase(key);
}

void QueueManager::NotifyQueueOf(const std::string& key, int64_t now) {
  const auto assigned = assigned_.find(key);
  if (assigned == assigned_.end()) return;
  const auto lq = local_queues_.find(assigned->second);
  if (lq != local_queues_.end()) due_.try_emplace(queues_.at(lq->second.cq).root, now + 1);
}

void QueueManager::QueueInadmissible(ClusterQueue* cq) {
  cq->queue_inadmissible_cycle = cq->pop_cycle;
  cq->bulk_moved.clear();
  for (auto it = cq->inadmissible.begin(); it != cq->inadmissible.end();) {
    if (hidden_.count(Namespace(it->first)) > 0 || !BackoffExpired(it->second.object)) {
      ++it;
      continue;
    }
    cq->heap.insert(*it);
    it = cq->inadmissible.erase(it);
  }
}

void QueueManager::Advance(int64_t now) {
  for (auto it = due_.begin(); it != due_.end();) {
    if (it->second > now) {
      ++it;
      continue;
    }
    for (auto& [name, cq] : queues_) {
      if (cq.root == it->first) QueueInadmissible(&cq);
    }
    it = due_.erase(it);
  }
}

bool QueueManager::Less(const ClusterQueue& cq, const Info& a, const Info& b) {
  const bool a_sticky = cq.sticky && cq.preemptor == a.object.key, b_sticky = cq.sticky && cq.preemptor == b.object.key;
  if (a_sticky != b_sticky) return a_sticky;
  if (a.object.priority != b.object.priority) return a.object.priority > b.object.priority;
  if (a.object.created != b.object.created) return a.object.created < b.object.created;
  return a.object.uid < b.object.uid;
}

std::vector<const QueueManager::Info*> QueueManager::Sorted(const ClusterQueue& cq) {
  std::vector<const Info*> out;
  for (const auto& [key, info] : cq.heap) out.push_back(&info);
  std::sort(out.begin(), out.end(), [&](const Info* a, const Info* b) { return Less(cq, *a, *b); });
  return out;
}

bool QueueManager::HasHeads() const {
  return std::any_of(queues_.begin(), queues_.end(),
                     [](const auto& q) { return !q.second.stopped && !q.second.heap.empty(); });
}

std::vector<std::string> QueueManager::Heads() {
  std::vector<std::string> out;
  for (auto& [name, cq] : queues_) {
    if (cq.stopped) continue;
    ++cq.pop_cycle;
    cq.inflight.reset();
    if (cq.heap.empty()) continue;
    const std::string key = Sorted(cq).front()->object.key;
    cq.inflight = cq.heap.at(key);
    cq.inflight->last_evaluated_generation = cq.inflight->object.generation;
    cq.heap.erase(key);
    local_queues_.at(assigned_.at(key)).items.erase(key);
    out.push_back(key);
  }
  return out;
}

void QueueManager::Requeue(const Object& object, RequeueReason reason, std::optional<bool> pending_flavors) {
  LocalQueue& lq = local_queues_.at(object.local_queue);
  ClusterQueue& cq = queues_.at(lq.cq);
  Info info = *cq.inflight;
  info.object = object;
  if (pending_flavors.has_value()) info.pending_flavors = *pending_flavors;
  lq.items[object.key] = info;
  const bool waits = reason == RequeueReason::kPendingPreemption || reason == RequeueReason::kPendingMigration;
  const bool immediate = cq.strict ? reason != RequeueReason::kNamespaceMismatch
                                   : waits || reason == RequeueReason::kFailedAfterNomination ||
                                         reason == RequeueReason::kPreemptionFailed;
  if (waits) {
    cq.preemptor = object.key;
    cq.sticky = !cq.strict;
  }
  cq.inflight.reset();
  if (BackoffExpired(object) && (immediate || cq.queue_inadmissible_cycle >= cq.pop_cycle || info.pending_flavors)) {
    cq.heap[object.key] = info;
    return;
  }
  cq.inadmissible[object.key] = info;
  const bool hopeless = reason == RequeueReason::kNoFit || reason == RequeueReason::kPreemptionNoCandidates;
  if (!gates_.equivalence_hashing || !hopeless || cq.strict) return;
  const std::string hash = Hash(object);
  cq.bulk_moved.insert(hash);
  for (auto it = cq.heap.begin(); it != cq.heap.end();) {
    if (Hash(it->second.object) != hash) {
      ++it;
      continue;
    }
    cq.inadmissible.insert(*it);
    it = cq.heap.erase(it);
  }
}

std::vector<std::string> QueueManager::Heap(const std::string& cq) const {
  std::vector<std::string> out;
  for (const Info* info : Sorted(queues_.at(cq))) out.push_back(info->object.key);
  return out;
}

std::set<std::string> QueueManager::Parked(const std::string& cq) const {
  std::set<std::string> out;
  for (const auto& [key, info] : queues_.at(cq).inadmissible) out.insert(key);
  return out;
}

}  // namespace muster::scheduler::naive
