#include "sim/replay/loop_watch.h"

#include <algorithm>
#include <utility>

namespace muster::sim {

using scheduler::WorkloadId;

void LoopWatch::Disturbed() {
  events_.clear();
  if (!std::exchange(contested_, false)) return;
  starts_.clear();
}

void LoopWatch::Count(size_t place) {
  if (events_[place].started()) starts_[events_[place].workload].push_back(place);
}

void LoopWatch::Preempted(WorkloadId victim, WorkloadId by) {
  if (!std::exchange(contested_, true)) {
    for (size_t place = 0; place < events_.size(); ++place) Count(place);
  }
  events_.push_back({victim, by});
}

std::optional<LoopWatch::Loop> LoopWatch::Started(WorkloadId workload) {
  events_.push_back({workload});
  if (!contested_) return std::nullopt;
  Count(events_.size() - 1);
  const std::vector<size_t>& starts = starts_[workload];
  if (starts.size() < kTimes) return std::nullopt;
  // A turn may hold several starts of the same workload.
  for (size_t back = 1; back * (kTimes - 1) < starts.size(); ++back) {
    const size_t length = starts.back() - starts[starts.size() - 1 - back];
    if (Repeats(length)) return Turn(length, kTimes);
  }
  if (starts.size() < kMaxStarts) return std::nullopt;
  return Turn(starts.back() - starts[starts.size() - 2], 1);
}

bool LoopWatch::Repeats(size_t length) const {
  // What precedes the first start is not part of a turn: the first stretch may lack it.
  const size_t compared = length * (kTimes - 1);
  if (events_.size() < compared + 1) return false;
  const size_t last = events_.size() - 1;
  for (size_t i = 0; i + length < compared; ++i) {
    if (!(events_[last - i] == events_[last - i - length])) return false;
  }
  return true;
}

LoopWatch::Loop LoopWatch::Turn(size_t length, int turns) const {
  Loop loop;
  loop.turns = turns;
  loop.events.assign(events_.end() - static_cast<std::ptrdiff_t>(std::min(length, kMaxTurn)), events_.end());
  return loop;
}

}  // namespace muster::sim
