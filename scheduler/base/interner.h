// Names to dense ids, in order of first mention. Ids never change. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_BASE_INTERNER_H_
#define MUSTER_SCHEDULER_BASE_INTERNER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "scheduler/ids.h"
#include "scheduler/names.h"

namespace muster::scheduler {

class NameTable {
 public:
  int32_t Intern(absl::string_view name);
  int32_t Find(absl::string_view name) const;  // -1 if unknown
  bool Has(int32_t id) const { return id >= 0 && id < size(); }
  // REQUIRES: Has(id).
  const std::string& Name(int32_t id) const {
    if (!Has(id)) Unknown(id);
    return (*names_)[id];
  }
  // All of them, those to come as well.
  std::shared_ptr<const NameList> SharedNames() const { return names_; }
  int size() const { return names_->size(); }
  // Whether a comes before b in the order in which Kueue walks the resources of a request: by the FNV-1a-64 hash of the
  // name, then by name. It decides which of several lacking resources is reported, and where scanning stops. O(1).
  // REQUIRES: Has(a) and Has(b).
  bool HashedBefore(int32_t a, int32_t b) const {
    return hashes_[a] != hashes_[b] ? hashes_[a] < hashes_[b] : (*names_)[a] < (*names_)[b];
  }

 private:
  [[noreturn]] void Unknown(int32_t id) const;

  std::shared_ptr<NameList> names_ = std::make_shared<NameList>();
  absl::flat_hash_map<std::string_view, int32_t> ids_;
  std::vector<uint64_t> hashes_;  // FNV-1a-64 of the names
};

// The same for ids of one kind: `Id` is a number or a base::StrongId.
template <typename Id = int32_t>
class Interner {
 public:
  Id Intern(absl::string_view name) { return Id(table_.Intern(name)); }
  Id Find(absl::string_view name) const { return Id(table_.Find(name)); }  // kNoId if unknown
  bool Has(Id id) const { return table_.Has(id); }
  const std::string& Name(Id id) const { return table_.Name(id); }  // REQUIRES: Has(id)
  std::shared_ptr<const NameList> SharedNames() const { return table_.SharedNames(); }
  int size() const { return table_.size(); }
  bool HashedBefore(Id a, Id b) const { return table_.HashedBefore(a, b); }

 private:
  NameTable table_;
};

using FlavorNames = Interner<FlavorId>;
using ResourceNames = Interner<ResourceId>;

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_BASE_INTERNER_H_
