#include "scheduler/declared/cohort_trees.h"

#include <algorithm>

namespace muster::scheduler {
namespace {

template <typename T>
void Erase(std::vector<T>* from, T value) {
  const auto it = std::find(from->begin(), from->end(), value);
  if (it == from->end()) return;
  *it = from->back();
  from->pop_back();
}

}  // namespace

int32_t CohortTrees::Ensure(absl::string_view cohort) {
  const int32_t id = names_.Intern(cohort);
  if (id >= static_cast<int32_t>(cohorts_.size())) cohorts_.resize(id + 1);
  return id;
}

void CohortTrees::SetParent(absl::string_view cohort, absl::string_view parent) {
  const int32_t id = Ensure(cohort);
  const int32_t up = parent.empty() ? kNone : Ensure(parent);
  if (cohorts_[id].parent == up) return;
  if (cohorts_[id].parent != kNone) Erase(&cohorts_[cohorts_[id].parent].children, id);
  cohorts_[id].parent = up;
  if (up != kNone) cohorts_[up].children.push_back(id);
}

void CohortTrees::SetCohort(ClusterQueueId cq, absl::string_view cohort) {
  if (cq >= static_cast<int32_t>(queues_.size())) queues_.resize(cq + 1);
  const int32_t up = cohort.empty() ? kNone : Ensure(cohort);
  Queue& queue = queues_[cq];
  if (queue.exists && queue.cohort == up) return;
  if (queue.cohort != kNone) Erase(&cohorts_[queue.cohort].queues, cq);
  queue = {true, up};
  if (up != kNone) cohorts_[up].queues.push_back(cq);
}

void CohortTrees::Remove(ClusterQueueId cq) {
  Queue& queue = queues_[cq];
  if (queue.cohort != kNone) Erase(&cohorts_[queue.cohort].queues, cq);
  queue = Queue();
}

CohortTrees::TreeId CohortTrees::RootOf(int32_t cohort) const {
  // A path longer than the number of cohorts repeats one.
  for (size_t steps = 0; steps <= cohorts_.size(); ++steps) {
    if (cohorts_[cohort].parent == kNone) return cohort;
    cohort = cohorts_[cohort].parent;
  }
  return kNoTree;
}

CohortTrees::TreeId CohortTrees::TreeOf(ClusterQueueId cq) const {
  return queues_[cq].cohort == kNone ? Alone(cq) : RootOf(queues_[cq].cohort);
}

CohortTrees::TreeId CohortTrees::TreeOfCohort(absl::string_view cohort) const {
  const int32_t id = names_.Find(cohort);
  return id == kNoId ? kNoTree : RootOf(id);
}

std::vector<ClusterQueueId> CohortTrees::Members(TreeId tree) const {
  std::vector<ClusterQueueId> out;
  if (tree < kNoTree) {
    const ClusterQueueId cq(-2 - tree);
    if (queues_[cq].exists && queues_[cq].cohort == kNone) out.push_back(cq);
    return out;
  }
  if (tree == kNoTree || cohorts_[tree].parent != kNone) return out;
  std::vector<int32_t> open = {tree};
  while (!open.empty()) {
    const Cohort& cohort = cohorts_[open.back()];
    open.pop_back();
    out.insert(out.end(), cohort.queues.begin(), cohort.queues.end());
    open.insert(open.end(), cohort.children.begin(), cohort.children.end());
  }
  return out;
}

}  // namespace muster::scheduler
