#include "scheduler/engine/repetition.h"

namespace muster::scheduler {

void Repetition::Restart() {
  repeats_ = false;
  if (seen_.empty()) return;
  origin_.clear();
  current_.clear();
  seen_.clear();
}

void Repetition::Note(Part part, int32_t id, const Value& before, const Value& after) {
  if (before == after) return;
  // The first cycle starts from a state as well.
  if (seen_.empty()) seen_.insert(State());
  const Key key(part, id);
  const Value& origin = origin_.try_emplace(key, before).first->second;
  if (after == origin) {
    current_.erase(key);
  } else {
    current_[key] = after;
  }
}

void Repetition::EndCycle() {
  if (seen_.empty()) seen_.insert(State());
  repeats_ = !seen_.insert(current_).second;
}

}  // namespace muster::scheduler
