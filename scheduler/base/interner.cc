#include "scheduler/base/interner.h"

#include "absl/strings/str_cat.h"
#include "base/check.h"

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

void NameTable::Unknown(int32_t id) const {
  base::CheckFailed(__FILE__, __LINE__, "Has(id)", absl::StrCat("id ", id, " of ", size(), " names"));
}

int32_t NameTable::Intern(absl::string_view name) {
  if (const int32_t known = Find(name); known != kNoId) return known;
  const int32_t id = size();
  ids_.emplace(names_->Add(std::string(name)), id);
  hashes_.push_back(Fnv1a64(name));
  return id;
}

int32_t NameTable::Find(absl::string_view name) const {
  const auto it = ids_.find(std::string_view(name.data(), name.size()));
  return it == ids_.end() ? kNoId : it->second;
}

}  // namespace muster::scheduler
