#include "scheduler/topology/domain_table.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_join.h"

namespace muster::scheduler {

DomainRef DomainTable::Intern(absl::Span<const std::string> values) {
  std::string joined;
  if (values.size() != 1) joined = absl::StrJoin(values, ",");
  const std::string& name = values.size() == 1 ? values[0] : joined;
  if (const auto it = by_name_.find(name); it != by_name_.end()) return entries_[it->second].ref;
  if (by_name_.size() >= sweep_at_) Sweep();
  DomainKey key = num_keys();
  if (free_.empty()) {
    entries_.emplace_back();
  } else {
    key = free_.back();
    free_.pop_back();
  }
  auto record = std::make_shared<TopologyDomain>();
  record->key = key;
  record->values.assign(values.begin(), values.end());
  record->name = name;
  entries_[key].ref = std::move(record);
  by_name_.emplace(entries_[key].ref->name, key);
  return entries_[key].ref;
}

void DomainTable::Sweep() {
  for (DomainKey key = 0; key < num_keys(); ++key) {
    Entry& e = entries_[key];
    // Whoever has no reference cannot come by one while we look: all come from here.
    if (e.ref == nullptr || e.ref.use_count() > 1 || !e.seats.empty() || !e.uses.empty()) continue;
    by_name_.erase(e.ref->name);
    e.ref.reset();
    free_.push_back(key);
  }
  sweep_at_ = std::max<size_t>(1024, 2 * by_name_.size());
}

DomainTable::Seat* DomainTable::FindSeat(DomainKey key, FlavorId flavor) {
  for (Seat& seat : entries_[key].seats) {
    if (seat.flavor == flavor) return &seat;
  }
  return nullptr;
}

DomainTable::Seat& DomainTable::SeatOf(DomainKey key, FlavorId flavor) {
  if (Seat* known = FindSeat(key, flavor)) return *known;
  Seat& seat = entries_[key].seats.emplace_back();
  seat.flavor = flavor;
  return seat;
}

void DomainTable::RemoveSeat(DomainKey key, FlavorId flavor) {
  auto& seats = entries_[key].seats;
  const auto it = std::find_if(seats.begin(), seats.end(), [flavor](const Seat& s) { return s.flavor == flavor; });
  if (it != seats.end()) seats.erase(it);
}

void DomainTable::AddUse(DomainKey key, FlavorId flavor, absl::Span<const ResourceAmount> per_pod, int64_t count) {
  auto& uses = entries_[key].uses;
  auto it = std::find_if(uses.begin(), uses.end(), [flavor](const Use& u) { return u.flavor == flavor; });
  if (it == uses.end()) {
    uses.emplace_back();
    it = std::prev(uses.end());
    it->flavor = flavor;
  }
  std::vector<quota::Amount>& amounts = it->amounts;
  for (const ResourceAmount& a : per_pod) {
    if (a.resource >= static_cast<int32_t>(amounts.size())) amounts.resize(a.resource + 1, 0);
    quota::Amount& sum = amounts[a.resource];
    sum = count < 0 ? quota::Sub(sum, quota::Mul(a.amount, -count)) : quota::Add(sum, quota::Mul(a.amount, count));
  }
  if (std::all_of(amounts.begin(), amounts.end(), [](quota::Amount a) { return a == 0; })) uses.erase(it);
}

}  // namespace muster::scheduler
