#include "scheduler/engine/repetition.h"

#include <algorithm>
#include <cstddef>

namespace muster::scheduler {
namespace {

// The state's hash is the sum over its parts: what a change takes away and adds is known without the others.
uint64_t HashOf(const std::pair<Repetition::Part, int32_t>& key, const Repetition::Value& value) {
  uint64_t hash = 0x2545f4914f6cdd1du + value.size();
  const auto mix = [&hash](uint64_t more) {
    hash = (hash ^ more) * 0x9e3779b97f4a7c15u;
    hash ^= hash >> 29;
  };
  mix(static_cast<uint64_t>(key.first) << 32 | static_cast<uint32_t>(key.second));
  for (const int64_t v : value) mix(static_cast<uint64_t>(v));
  mix(0);
  return hash;
}

}  // namespace

void Repetition::Restart() {
  repeats_ = false;
  if (ends_.empty()) return;
  log_.clear();
  ends_.clear();
  after_.clear();
  hash_ = 0;
}

// The first cycle starts from a state as well.
void Repetition::Start() {
  if (!ends_.empty()) return;
  ends_.push_back(0);
  after_[0] = 0;
}

void Repetition::Note(Part part, int32_t id, const Value& before, const Value& after) {
  if (before == after) return;
  Start();
  log_.push_back({{part, id}, before, after});
  hash_ += HashOf(log_.back().key, after) - HashOf(log_.back().key, before);
}

// Whether every part that has changed since that cycle is back at what it was then.
bool Repetition::IsAsAfter(int cycle) const {
  absl::flat_hash_map<Key, std::pair<const Value*, const Value*>> parts;  // then, now
  for (size_t i = ends_[cycle]; i < log_.size(); ++i) {
    parts.try_emplace(log_[i].key, &log_[i].before, nullptr).first->second.second = &log_[i].after;
  }
  return std::all_of(parts.begin(), parts.end(), [](const auto& p) { return *p.second.first == *p.second.second; });
}

// Whether the cycle that ends did what was expected.
bool Repetition::GoesOn() const {
  const size_t from = ends_[next_ - 1], to = ends_[next_], mine = ends_.back();
  return std::equal(log_.begin() + from, log_.begin() + to, log_.begin() + mine, log_.end());
}

void Repetition::EndCycle() {
  Start();
  // Whatever order the heads were looked at in.
  std::stable_sort(log_.begin() + static_cast<std::ptrdiff_t>(ends_.back()), log_.end(),
                   [](const Change& a, const Change& b) { return a.key < b.key; });
  const int last = static_cast<int>(ends_.size()) - 1;
  if (repeats_) {
    if (!GoesOn()) return Restart();
    log_.resize(ends_.back());
    next_ = next_ == last ? loop_ + 1 : next_ + 1;
    return;
  }
  ends_.push_back(log_.size());
  const auto [known, is_new] = after_.try_emplace(hash_, last + 1);
  if (is_new) return;
  // Nearly always that one; if two states share a hash, perhaps another.
  for (loop_ = known->second; loop_ >= 0 && !IsAsAfter(loop_);) --loop_;
  repeats_ = loop_ >= 0;
  next_ = loop_ + 1;
  known->second = last + 1;
}

}  // namespace muster::scheduler
