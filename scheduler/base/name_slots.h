// Names to dense ids that can be given back: what an Interner is for names that stay. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_BASE_NAME_SLOTS_H_
#define MUSTER_SCHEDULER_BASE_NAME_SLOTS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "base/check.h"
#include "scheduler/ids.h"

namespace muster::scheduler {

class NameSlots {
 public:
  // An id of its own as long as the name is not forgotten; ids of forgotten names are used again.
  int32_t Intern(absl::string_view name) {
    if (const int32_t known = Find(name); known != kNoId) return known;
    int32_t id = end();
    if (free_.empty()) {
      names_.emplace_back();
    } else {
      id = free_.back();
      free_.pop_back();
    }
    names_[id] = std::make_unique<const std::string>(name);
    ids_.emplace(*names_[id], id);
    return id;
  }
  int32_t Find(absl::string_view name) const {  // kNoId if unknown
    const auto it = ids_.find(std::string_view(name.data(), name.size()));
    return it == ids_.end() ? static_cast<int32_t>(kNoId) : it->second;
  }
  bool Has(int32_t id) const { return id >= 0 && id < end() && names_[id] != nullptr; }
  const std::string& Name(int32_t id) const {  // REQUIRES: Has(id)
    MUSTER_CHECK(Has(id));
    return *names_[id];
  }
  void Forget(int32_t id) {  // REQUIRES: Has(id)
    ids_.erase(Name(id));
    names_[id] = nullptr;
    free_.push_back(id);
  }
  // Ids are smaller.
  int32_t end() const { return static_cast<int32_t>(names_.size()); }
  size_t size() const { return ids_.size(); }

 private:
  std::vector<std::unique_ptr<const std::string>> names_;
  absl::flat_hash_map<std::string_view, int32_t> ids_;
  std::vector<int32_t> free_;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_BASE_NAME_SLOTS_H_
