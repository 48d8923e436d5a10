#include "sim/replay/node_groups.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "base/check.h"

namespace muster::sim {
namespace {

bool Carries(const api::Node& node, const api::StringMap& labels) {
  return std::all_of(labels.begin(), labels.end(), [&](const auto& label) {
    const auto it = node.metadata.labels.find(label.first);
    return it != node.metadata.labels.end() && it->second == label.second;
  });
}

}  // namespace

const std::string& HostOf(const api::Node& node) {
  const auto label = node.metadata.labels.find(api::kHostnameLabel);
  return label == node.metadata.labels.end() ? node.metadata.name : label->second;
}

absl::StatusOr<NodeGroups> NodeGroups::Make(absl::Span<const NodeGroup> groups, absl::Span<const api::Node> nodes,
                                            int64_t begin_s) {
  NodeGroups out;
  for (size_t g = 0; g < groups.size(); ++g) {
    const auto bad = [&](const auto&... what) {
      return absl::InvalidArgumentError(absl::StrCat("nodeGroups.", groups[g].name, ": ", what...));
    };
    Group group;
    group.model = groups[g];
    group.since_s = begin_s;
    std::vector<const api::Node*> its;
    for (const api::Node& node : nodes) {
      if (Carries(node, groups[g].match_labels)) its.push_back(&node);
    }
    const int64_t there_are = static_cast<int64_t>(its.size());
    if (its.empty()) return bad("no node carries its matchLabels; add the nodes it may have, --nodes makes some");
    const int64_t max = groups[g].max.value_or(there_are);
    if (max > there_are) return bad("max is ", max, ", and ", there_are, " nodes carry its matchLabels; add nodes");
    if (groups[g].min > max) return bad("min is ", groups[g].min, ", and there can be no more than ", max);
    group.use = {.name = groups[g].name, .min = groups[g].min, .max = max};
    for (const api::Node* node : its) {
      if (static_cast<int64_t>(group.slots.size()) == max) {
        out.unused_.insert(node->metadata.name);
        continue;
      }
      const size_t slot = out.slots_.size();
      if (!out.slot_of_.emplace(HostOf(*node), slot).second) {
        return bad("Node/", node->metadata.name, " is in another group too, or shares its host name with another node");
      }
      out.host_of_.emplace(node->metadata.name, HostOf(*node));
      group.slots.push_back(slot);
      out.slots_.push_back({.node = node->metadata.name, .group = g});
    }
    out.groups_.push_back(std::move(group));
    out.KeepMin(g, begin_s, 0);
    out.groups_[g].use.launched = 0;  // these were there before
  }
  for (const Slot& slot : out.slots_) {
    if (!out.unused_.contains(slot.node)) continue;
    return absl::InvalidArgumentError(absl::StrCat("nodeGroups: Node/", slot.node, " is in two groups"));
  }
  return out;
}

NodeGroups::Slot* NodeGroups::SlotOf(const std::string& host) {
  const auto it = slot_of_.find(host);
  return it == slot_of_.end() ? nullptr : &slots_[it->second];
}

void NodeGroups::Count(Group* group, int64_t by, int64_t now_s) {
  group->use.node_seconds += group->count * (now_s - group->since_s);
  group->since_s = now_s;
  group->count += by;
  group->use.peak = std::max(group->use.peak, group->count);
  MUSTER_CHECK(group->count >= 0 && group->count <= group->use.max);
}

void NodeGroups::Appear(size_t slot, int64_t ready_s) {
  Slot& s = slots_[slot];
  s.there = true;
  s.ready_s = ready_s;
  moves_.push_back({s.node, true});
}

void NodeGroups::Vanish(size_t slot) {
  Slot& s = slots_[slot];
  groups_[s.group].idle.erase({s.idle_since_s, slot});
  s.there = false;
  moves_.push_back({s.node, false});
}

void NodeGroups::Launch(size_t slot, int64_t now_s, int64_t after_s) {
  Group& group = groups_[slots_[slot].group];
  Count(&group, +1, now_s);
  ++group.use.launched;
  Appear(slot, now_s + after_s);
}

void NodeGroups::KeepMin(size_t g, int64_t now_s, int64_t after_s) {
  for (const size_t slot : groups_[g].slots) {
    if (groups_[g].count >= groups_[g].use.min) return;
    Slot& s = slots_[slot];
    if (s.there || s.down) continue;
    Launch(slot, now_s, after_s);
    s.idle_since_s = s.ready_s;
    groups_[g].idle.insert({s.idle_since_s, slot});
  }
}

int64_t NodeGroups::Take(const std::string& host, int64_t now_s) {
  Slot* s = SlotOf(host);
  if (s == nullptr) return now_s;
  const size_t slot = static_cast<size_t>(s - slots_.data());
  Group& group = groups_[s->group];
  if (s->there) {
    if (s->runs == 0) group.idle.erase({s->idle_since_s, slot});
  } else if (!group.idle.empty()) {
    const size_t spare = group.idle.begin()->second;
    Vanish(spare);
    Appear(slot, slots_[spare].ready_s);
  } else {
    Launch(slot, now_s, group.model.provision_s);
  }
  ++s->runs;
  return std::max(now_s, s->ready_s);
}

void NodeGroups::GiveBack(const std::string& host, int64_t now_s) {
  Slot* s = SlotOf(host);
  if (s == nullptr) return;
  MUSTER_CHECK(s->runs > 0);
  if (--s->runs > 0 || !s->there) return;
  s->idle_since_s = std::max(now_s, s->ready_s);
  groups_[s->group].idle.insert({s->idle_since_s, static_cast<size_t>(s - slots_.data())});
}

std::optional<int64_t> NodeGroups::NextRemoval() const {
  std::optional<int64_t> at_s;
  for (const Group& group : groups_) {
    if (!group.model.idle_s.has_value() || group.idle.empty() || group.count <= group.use.min) continue;
    const int64_t its_s = group.idle.begin()->first + *group.model.idle_s;
    at_s = std::min(at_s.value_or(its_s), its_s);
  }
  return at_s;
}

void NodeGroups::RemoveIdle(int64_t now_s) {
  for (Group& group : groups_) {
    if (!group.model.idle_s.has_value()) continue;
    while (!group.idle.empty() && group.count > group.use.min &&
           group.idle.begin()->first + *group.model.idle_s <= now_s) {
      Vanish(group.idle.begin()->second);
      Count(&group, -1, now_s);
      ++group.use.removed;
    }
  }
}

void NodeGroups::Fail(const std::string& host, int64_t now_s) {
  Slot* s = SlotOf(host);
  if (s == nullptr || s->down) return;
  s->down = true;
  if (!s->there) return;
  Vanish(static_cast<size_t>(s - slots_.data()));
  Count(&groups_[s->group], -1, now_s);
  ++groups_[s->group].use.failed;
  KeepMin(s->group, now_s, groups_[s->group].model.provision_s);
}

void NodeGroups::Repair(const std::string& host, int64_t now_s) {
  Slot* s = SlotOf(host);
  if (s == nullptr) return;
  s->down = false;
  KeepMin(s->group, now_s, groups_[s->group].model.provision_s);
}

std::vector<NodeGroupUse> NodeGroups::Uses(int64_t now_s) {
  std::vector<NodeGroupUse> out;
  for (Group& group : groups_) {
    Count(&group, 0, now_s);
    out.push_back(group.use);
    out.back().cost = static_cast<double>(group.use.node_seconds) / 3600 * group.model.price_per_hour;
  }
  return out;
}

}  // namespace muster::sim
