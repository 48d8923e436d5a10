#include "sim/packing/packer.h"

#include <algorithm>
#include <utility>

namespace muster::sim {

Packer::Packer(std::vector<Machine> machines, std::unique_ptr<const PackingPolicy> policy, uint64_t seed)
    : machines_(std::move(machines)), policy_(std::move(policy)), random_(seed), last_change_(machines_.size(), 0) {
  for (const Machine& m : machines_) gpu_milli_ += int64_t{m.gpus} * kWholeGpu;
}

Packer::Shape& Packer::ShapeOf(const PodShape& pod) {
  std::unique_ptr<Shape>& shape = shapes_[pod];
  if (shape == nullptr) {
    shape = std::make_unique<Shape>(pod);
    shape->score.assign(machines_.size(), kNoRoom);
    for (int node = 0; node < static_cast<int>(machines_.size()); ++node) Look(node, shape.get());
    shape->seen = first_change_ + changes_.size();
  }
  return *shape;
}

void Packer::Look(int node, Shape* shape) {
  const Machine& m = machines_[node];
  const int now = Fits(m, shape->pod) ? policy_->Score(m, shape->pod).score : kNoRoom;
  const int before = shape->score[node];
  if (now == before) return;
  if (before != kNoRoom) shape->by_score[before]->Erase(node);
  shape->score[node] = static_cast<int8_t>(now);
  if (now == kNoRoom) return;
  std::unique_ptr<RankSet>& set = shape->by_score[now];
  if (set == nullptr) set = std::make_unique<RankSet>(static_cast<int>(machines_.size()));
  set->Insert(node);
  shape->best = std::max(shape->best, now);
}

void Packer::Sync(Shape* shape) {
  const uint64_t end = first_change_ + changes_.size();
  if (end - shape->seen > machines_.size() || shape->seen < first_change_) {
    for (int node = 0; node < static_cast<int>(machines_.size()); ++node) {
      if (last_change_[node] >= shape->seen) Look(node, shape);
    }
  } else {
    for (uint64_t change = shape->seen; change < end; ++change) {
      const int node = changes_[change - first_change_];
      if (last_change_[node] == change) Look(node, shape);
    }
  }
  shape->seen = end;
}

void Packer::Changed(int node) {
  // Shapes that have not seen what is dropped look at all nodes.
  if (changes_.size() > 2 * machines_.size() + 1024) {
    const size_t drop = changes_.size() / 2;
    changes_.erase(changes_.begin(), changes_.begin() + static_cast<std::ptrdiff_t>(drop));
    first_change_ += drop;
  }
  last_change_[node] = first_change_ + changes_.size();
  changes_.push_back(node);
}

std::optional<PlacedPod> Packer::Place(const PodShape& pod) {
  Shape& shape = ShapeOf(pod);
  Sync(&shape);
  while (shape.best >= 0 && (shape.by_score[shape.best] == nullptr || shape.by_score[shape.best]->empty())) {
    --shape.best;
  }
  if (shape.best < 0) return std::nullopt;
  const RankSet& best = *shape.by_score[shape.best];
  PlacedPod placed;
  placed.node =
      policy_->draws() ? best.Nth(static_cast<int>(random_() % static_cast<uint64_t>(best.count()))) : best.Least();
  Machine& m = machines_[placed.node];
  placed.devices = Take(pod, pod.shared() ? DeviceFor(pod, m) : -1, &m);
  allocated_ += pod.demand();
  Changed(placed.node);
  return placed;
}

int Packer::DeviceFor(const PodShape& pod, const Machine& m) {
  if (!policy_->draws()) return policy_->Score(m, pod).device;
  std::array<int, kMaxGpus> enough = {};
  uint64_t count = 0;
  for (int i = 0; i < m.gpus; ++i) {
    if (m.gpu_milli[i] >= pod.gpu_milli) enough[count++] = i;
  }
  return enough[random_() % count];
}

void Packer::Release(const PodShape& pod, const PlacedPod& placed) {
  GiveBack(pod, placed.devices, &machines_[placed.node]);
  allocated_ -= pod.demand();
  Changed(placed.node);
}

}  // namespace muster::sim
