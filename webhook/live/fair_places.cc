#include "webhook/live/fair_places.h"

#include <algorithm>
#include <utility>

namespace muster::webhook {

FairPlaces::Guest::Guest(FairPlaces* all, std::string group, kube::SteadyTime patience)
    : all_(all), group_(std::move(group)) {
  std::unique_lock<std::mutex> lock(all_->mutex_);
  welcome_ = all_->changed_.wait_until(lock, patience, [this] {
    const auto group = all_->of_group_.find(group_);
    return all_->guests_ < all_->limits_.guests &&
           (group == all_->of_group_.end() || group->second < all_->limits_.of_group);
  });
  if (!welcome_) return;
  ++all_->of_group_[group_];
  ++all_->guests_;
}

FairPlaces::Guest::~Guest() {
  if (!welcome_) return;
  {
    const std::lock_guard<std::mutex> lock(all_->mutex_);
    --all_->guests_;
    const auto group = all_->of_group_.find(group_);
    if (--group->second == 0) all_->of_group_.erase(group);
    if (seated_) --all_->taken_;
    all_->Seat();
  }
  all_->changed_.notify_all();
}

bool FairPlaces::Guest::AwaitPlace(kube::SteadyTime deadline) {
  std::unique_lock<std::mutex> lock(all_->mutex_);
  all_->waiting_[group_].push_back(&seated_);
  all_->Seat();
  if (all_->changed_.wait_until(lock, deadline, [this] { return seated_; })) return true;
  const auto waiting = all_->waiting_.find(group_);
  waiting->second.erase(std::find(waiting->second.begin(), waiting->second.end(), &seated_));
  if (waiting->second.empty()) all_->waiting_.erase(waiting);
  return false;
}

void FairPlaces::Seat() {
  while (taken_ < limits_.places && !waiting_.empty()) {
    auto next = waiting_.upper_bound(last_);
    if (next == waiting_.end()) next = waiting_.begin();
    last_ = next->first;
    *next->second.front() = true;
    next->second.pop_front();
    if (next->second.empty()) waiting_.erase(next);
    ++taken_;
  }
}

}  // namespace muster::webhook
