// What admitted workloads use, as recorded and as simulated.
#include "scheduler/topology/inventory.h"

namespace muster::scheduler {

bool TopologyInventory::SharesHosts(FlavorId id) const {
  if (id < 0 || id >= static_cast<int32_t>(flavors_.size())) return false;
  const Flavor& f = flavors_[id];
  return f.tree != nullptr && f.tree->lowest_is_host() && options_->gates[Gate::kTASHandleOverlappingFlavors];
}

void TopologyInventory::Charge(FlavorId id, DomainKey key, LeafId leaf, int sign) {
  for (const DomainTable::Use& use : domains_.uses(key)) {
    if (!Counts(id, use.flavor)) continue;
    for (ResourceId r(0); r < static_cast<int32_t>(use.amounts.size()); ++r) {
      const ResourceAmount amount{r, use.amounts[r]};
      if (amount.amount != 0) flavors_[id].tree->AddUsed(leaf, {&amount, 1}, sign);
    }
  }
}

void TopologyInventory::Record(FlavorId flavor, DomainKey key, absl::Span<const ResourceAmount> per_pod,
                               int64_t count) {
  domains_.AddUse(key, flavor, per_pod, count);
  for (const DomainTable::Seat& seat : domains_.seats(key)) {
    if (Counts(seat.flavor, flavor)) flavors_[seat.flavor].tree->AddUsed(seat.leaf, per_pod, count);
  }
}

void TopologyInventory::Simulate(FlavorId flavor, DomainKey key, absl::Span<const ResourceAmount> per_pod,
                                 int64_t count) {
  for (const DomainTable::Seat& seat : domains_.seats(key)) {
    if (seat.flavor != flavor && !(options_->strict_topology && Counts(seat.flavor, flavor))) continue;
    flavors_[seat.flavor].tree->AddUsed(seat.leaf, per_pod, count);
  }
}

void TopologyInventory::Mark() {
  std::vector<TopologyTree::UndoMark>& marks = marks_.emplace_back(flavors_.size(), 0);
  for (size_t i = 0; i < flavors_.size(); ++i) {
    if (flavors_[i].tree != nullptr) marks[i] = flavors_[i].tree->Mark();
  }
}

void TopologyInventory::Rollback() {
  for (size_t i = 0; i < marks_.back().size(); ++i) {
    if (flavors_[i].tree != nullptr) flavors_[i].tree->Rollback(marks_.back()[i]);
  }
  marks_.pop_back();
}

TopologyInventory::ByDomain TopologyInventory::Usage(FlavorId flavor) {
  ByDomain out;
  const bool shared = SharesHosts(flavor);
  for (DomainKey key = 0; key < domains_.num_keys(); ++key) {
    if (shared && domains_.FindSeat(key, flavor) == nullptr) continue;
    for (const DomainTable::Use& use : domains_.uses(key)) {
      if (!Counts(flavor, use.flavor)) continue;
      for (ResourceId r(0); r < static_cast<int32_t>(use.amounts.size()); ++r) {
        if (use.amounts[r] == 0) continue;
        quota::Amount& sum = out[domains_.ref(key)->name][resource_names_->Name(r)];
        sum = quota::Add(sum, use.amounts[r]);
      }
    }
  }
  return out;
}

}  // namespace muster::scheduler
