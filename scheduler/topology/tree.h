// The topology of one flavor: a tree of domains whose leaves hold amounts, changed in place.
//
// Levels go from the widest (a block of racks) to the lowest (usually the host). Every domain, and every leaf, is one
// path of level values and has a dense id that stays valid for the life of the tree. Domains are never removed; a leaf
// without usable nodes is merely absent. A host that turns up in another block is another leaf: who fills the tree
// moves over what it holds. Ranks give the order of the level values, so that ties end at names without comparing
// strings.
//
// A leaf holds, per resource, what its nodes offer to topology-aware pods (free: allocatable less what other pods use),
// what admitted workloads use (used), and what earlier pod sets of the workload being placed take (assumed). Changes of
// used and assumed are recorded: Rollback(Mark()) restores them at the cost of what changed. Every change of a leaf is
// also noted in a journal, which TopologyCounts follow. Marks nest. Thread-safety: compatible.
#ifndef MUSTER_SCHEDULER_TOPOLOGY_TREE_H_
#define MUSTER_SCHEDULER_TOPOLOGY_TREE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "api/core.h"
#include "api/vocabulary.h"
#include "quota/amount.h"
#include "scheduler/base/resource_amount.h"
#include "scheduler/ids.h"

namespace muster::scheduler {

using DomainId = int32_t;
using LeafId = int32_t;  // position in the leaf arrays
using api::kHostnameLabel;

class TopologyTree {
 public:
  struct Domain {
    DomainId parent = kNoId;
    int level = 0;
    int64_t rank = 0;  // order of the level values among the domains of its level
    LeafId leaf = kNoId;
    std::string value;               // of its own level
    std::vector<DomainId> children;  // by rank
  };

  // REQUIRES: at least one level.
  TopologyTree(std::string name, std::vector<std::string> levels);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& levels() const { return levels_; }
  int num_levels() const { return static_cast<int>(levels_.size()); }
  // -1 if there is no such level.
  int LevelIndex(absl::string_view label) const;
  bool lowest_is_host() const { return lowest_is_host_; }

  int num_domains() const { return static_cast<int>(domains_.size()); }
  const Domain& domain(DomainId id) const { return domains_[id]; }
  absl::Span<const DomainId> AtLevel(int level) const { return by_level_[level]; }  // by rank
  DomainId AncestorAt(DomainId id, int level) const;
  // Level values from the highest level down to the domain's.
  std::vector<std::string> Values(DomainId id) const;
  // Level values joined by ",".
  std::string Path(DomainId id) const;

  int num_leaves() const { return static_cast<int>(leaf_domain_.size()); }
  int num_present() const { return num_present_; }
  DomainId DomainOf(LeafId leaf) const { return leaf_domain_[leaf]; }
  bool present(LeafId leaf) const { return present_[leaf] != 0; }
  // Whether the domain has a leaf that is present.
  bool has_present(DomainId id) const { return present_below_[id] > 0; }
  // The id Kueue gives a leaf: the host name, or the path if the lowest level is not the host.
  std::string LeafName(LeafId leaf) const;
  // The node of a host leaf (null while absent, and in topologies whose lowest level is not the host).
  const api::Node* node(LeafId leaf) const { return node_[leaf]; }

  // The leaf with these level values, added (absent, with nothing free) if new. REQUIRES: a value per level. O(levels)
  // unless new; then O(log domains) comparisons, and moving the ids of the level that come later.
  LeafId AddLeaf(absl::Span<const std::string> values);
  // What its nodes offer now, by ResourceId; `node` as node() is to give it. Not undone by Rollback.
  void SetLeaf(LeafId leaf, bool present, std::vector<quota::Amount> free, const api::Node* node);

  int num_resources() const { return stride_; }
  quota::Amount free(LeafId leaf, ResourceId r) const { return At(free_, leaf, r); }
  quota::Amount used(LeafId leaf, ResourceId r) const { return At(used_, leaf, r); }
  // free - used - assumed; with `empty`, as if nobody used anything.
  quota::Amount Remaining(LeafId leaf, ResourceId r, bool empty) const {
    if (r >= stride_) return 0;
    const size_t at = static_cast<size_t>(leaf) * stride_ + r;
    return quota::Sub(empty ? free_[at] : quota::Sub(free_[at], used_[at]), assumed_[at]);
  }

  // Adds (count < 0: takes away) what `count` pods use, `per_pod` each.
  void AddUsed(LeafId leaf, absl::Span<const ResourceAmount> per_pod, int64_t count);
  void AddAssumed(LeafId leaf, absl::Span<const ResourceAmount> per_pod, int64_t count);

  using UndoMark = size_t;
  UndoMark Mark() {
    ++open_marks_;
    return undo_.size();
  }
  // Undoes what was added since and closes the mark. REQUIRES: marks are closed in reverse order.
  void Rollback(UndoMark mark);

  // The journal: leaves touched, oldest first. Entries before journal_begin() are forgotten.
  uint64_t journal_begin() const { return journal_begin_; }
  uint64_t journal_end() const { return journal_begin_ + journal_.size(); }
  struct Touch {
    LeafId leaf;
    bool node_changed;  // labels, taints or presence may differ
    bool only_used;     // nothing but what admitted workloads use differs
  };
  Touch journal(uint64_t at) const { return journal_[at - journal_begin_]; }
  // Changes when ranks were given anew: what is ordered by rank has to be ordered again.
  int rank_version() const { return rank_version_; }

 private:
  struct Undo {
    bool assumed;
    LeafId leaf;
    ResourceId resource;
    quota::Amount before;
  };

  quota::Amount At(const std::vector<quota::Amount>& amounts, LeafId leaf, ResourceId r) const {
    return r < stride_ ? amounts[static_cast<size_t>(leaf) * stride_ + r] : 0;
  }
  void Widen(int resources);
  void Add(bool assumed, LeafId leaf, absl::Span<const ResourceAmount> per_pod, int64_t count);
  void Note(Touch touch);
  DomainId AddDomain(DomainId parent, int level, const std::string& value);
  bool PathLess(DomainId a, absl::Span<const std::string> values) const;
  void Renumber(int level);

  std::string name_;
  std::vector<std::string> levels_;
  bool lowest_is_host_;
  std::vector<Domain> domains_;
  std::vector<std::vector<DomainId>> by_level_;
  absl::flat_hash_map<std::pair<DomainId, std::string>, DomainId> child_;
  std::vector<int32_t> present_below_;  // by DomainId: leaves present
  std::vector<DomainId> leaf_domain_;
  std::vector<uint8_t> present_;
  std::vector<const api::Node*> node_;
  int num_present_ = 0;
  int stride_ = 0;
  std::vector<quota::Amount> free_, used_, assumed_;
  std::vector<Undo> undo_;
  int open_marks_ = 0;
  std::vector<Touch> journal_;
  uint64_t journal_begin_ = 0;
  int rank_version_ = 0;
};

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_TOPOLOGY_TREE_H_
