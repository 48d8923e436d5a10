#include "scheduler/declared/cohort_trees.h"

#include "quota/forest.h"

namespace muster::scheduler {

int32_t CohortTrees::Ensure(absl::string_view cohort) {
  const int32_t id = names_.Intern(cohort);
  if (id >= static_cast<int32_t>(cohorts_.size())) cohorts_.resize(id + 1);
  return id;
}

void CohortTrees::SetParent(absl::string_view cohort, absl::string_view parent) {
  const int32_t id = Ensure(cohort);
  const int32_t up = parent.empty() ? kNone : Ensure(parent);
  Cohort& self = cohorts_[id];
  if (self.parent == up) return;
  if (self.parent != kNone) {
    std::vector<int32_t>& siblings = cohorts_[self.parent].children;
    cohorts_[siblings.back()].place = self.place;
    siblings[self.place] = siblings.back();
    siblings.pop_back();
  }
  self.parent = up;
  if (up == kNone) return;
  self.place = cohorts_[up].children.size();
  cohorts_[up].children.push_back(id);
}

void CohortTrees::Leave(ClusterQueueId cq) {
  const Queue& self = queues_[cq];
  if (self.cohort == kNone) return;
  std::vector<ClusterQueueId>& siblings = cohorts_[self.cohort].queues;
  queues_[siblings.back()].place = self.place;
  siblings[self.place] = siblings.back();
  siblings.pop_back();
}

void CohortTrees::SetCohort(ClusterQueueId cq, absl::string_view cohort) {
  if (cq >= static_cast<int32_t>(queues_.size())) queues_.resize(cq + 1);
  const int32_t up = cohort.empty() ? kNone : Ensure(cohort);
  Queue& queue = queues_[cq];
  if (queue.exists && queue.cohort == up) return;
  Leave(cq);
  queue = {true, up, up == kNone ? 0 : cohorts_[up].queues.size()};
  if (up != kNone) cohorts_[up].queues.push_back(cq);
}

void CohortTrees::Remove(ClusterQueueId cq) {
  Leave(cq);
  queues_[cq] = Queue();
}

CohortTrees::TreeId CohortTrees::RootOf(int32_t cohort) const {
  for (int cohorts = 1; cohorts <= quota::kMaxCohortDepth; ++cohorts) {
    if (cohorts_[cohort].parent == kNone) return cohort;
    cohort = cohorts_[cohort].parent;
  }
  return kNoTree;
}

bool CohortTrees::IsTooDeep(ClusterQueueId cq) const {
  if (TreeOf(cq) != kNoTree) return false;
  int32_t cohort = queues_[cq].cohort;
  // A path longer than the number of cohorts repeats one: that is a cycle.
  for (size_t steps = 0; steps <= cohorts_.size(); ++steps) {
    if (cohorts_[cohort].parent == kNone) return true;
    cohort = cohorts_[cohort].parent;
  }
  return false;
}

CohortTrees::TreeId CohortTrees::TreeOf(ClusterQueueId cq) const {
  return queues_[cq].cohort == kNone ? Alone(cq) : RootOf(queues_[cq].cohort);
}

CohortTrees::TreeId CohortTrees::TreeOfCohort(absl::string_view cohort) const {
  const int32_t id = names_.Find(cohort);
  return id == kNoId ? kNoTree : RootOf(id);
}

std::vector<ClusterQueueId> CohortTrees::Members(TreeId tree) const { return AllOf(tree).queues; }

CohortTrees::Everybody CohortTrees::AllOf(TreeId tree) const {
  Everybody out;
  if (tree < kNoTree) {
    const ClusterQueueId cq(-2 - tree);
    if (queues_[cq].exists && queues_[cq].cohort == kNone) out.queues.push_back(cq);
    return out;
  }
  if (tree == kNoTree || cohorts_[tree].parent != kNone) return out;
  out.cohorts.push_back(tree);
  size_t next = 0;
  for (int level = 1; level <= quota::kMaxCohortDepth; ++level) {
    for (const size_t end = out.cohorts.size(); next < end; ++next) {
      const Cohort& cohort = cohorts_[out.cohorts[next]];
      out.queues.insert(out.queues.end(), cohort.queues.begin(), cohort.queues.end());
      if (level == quota::kMaxCohortDepth) continue;
      out.cohorts.insert(out.cohorts.end(), cohort.children.begin(), cohort.children.end());
    }
  }
  return out;
}

}  // namespace muster::scheduler
