#include "manager/process/tombstones.h"

#include <algorithm>

namespace muster::manager {

void Tombstones::Bury(const kube::ObjectKey& key, uint64_t version, absl::Time now) {
  for (; !order_.empty() && order_.front().first + kept_ < now; order_.pop_front()) {
    const auto& [old_key, old_version] = order_.front().second;
    const auto it = gone_.find(old_key);
    if (it != gone_.end() && it->second == old_version) gone_.erase(it);
  }
  uint64_t& at = gone_[key];
  at = std::max(at, version);
  order_.push_back({now, {key, at}});
}

bool Tombstones::IsBuried(const kube::ObjectKey& key, uint64_t version) const {
  const auto it = gone_.find(key);
  return it != gone_.end() && version <= it->second;
}

}  // namespace muster::manager
