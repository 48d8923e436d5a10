#include "scheduler/base/interner.h"

namespace muster::scheduler {
namespace {

uint64_t Fnv1a64(absl::string_view s) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : s) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211u;
  }
  return hash;
}

}  // namespace

int32_t NameTable::Intern(absl::string_view name) {
  if (const int32_t known = Find(name); known != kNoId) return known;
  const int32_t id = size();
  names_.emplace_back(std::string(name));
  ids_.emplace(*names_.back(), id);
  hashes_.push_back(Fnv1a64(name));
  return id;
}

int32_t NameTable::Find(absl::string_view name) const {
  const auto it = ids_.find(std::string_view(name.data(), name.size()));
  return it == ids_.end() ? kNoId : it->second;
}

}  // namespace muster::scheduler
