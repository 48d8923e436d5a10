#include "sim/packing/policy.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::sim {
namespace {

int Device(const Machine& m, const PodShape& pod) { return pod.shared() ? TightestGpu(m, pod) : -1; }

// What the largest node has: what shares are measured by.
struct Largest {
  double cpu_milli = 1, gpu_milli = 1;
  explicit Largest(absl::Span<const Machine> machines) {
    for (const Machine& m : machines) {
      cpu_milli = std::max(cpu_milli, static_cast<double>(m.cpu_milli));
      gpu_milli = std::max(gpu_milli, static_cast<double>(m.gpus) * kWholeGpu);
    }
  }
};

class BestFit : public PackingPolicy {
 public:
  explicit BestFit(const PackingContext& context) : largest_(context.machines) {}
  NodeScore Score(const Machine& m, const PodShape& pod) const override {
    const double left = 0.5 * static_cast<double>(m.cpu_milli - pod.cpu_milli) / largest_.cpu_milli +
                        0.5 * static_cast<double>(m.IdleGpuMilli() - pod.demand()) / largest_.gpu_milli;
    return {std::clamp(static_cast<int>((1 - left) * kMaxScore), 0, kMaxScore), Device(m, pod)};
  }

 private:
  const Largest largest_;
};

class DotProduct : public PackingPolicy {
 public:
  explicit DotProduct(const PackingContext& context) : largest_(context.machines) {}
  NodeScore Score(const Machine& m, const PodShape& pod) const override {
    const double cpu = static_cast<double>(m.cpu_milli) * static_cast<double>(pod.cpu_milli);
    const double gpu = static_cast<double>(m.IdleGpuMilli()) * static_cast<double>(pod.demand());
    const double product =
        cpu / (largest_.cpu_milli * largest_.cpu_milli) + gpu / (largest_.gpu_milli * largest_.gpu_milli);
    return {std::clamp(static_cast<int>((1 - product / 2) * kMaxScore), 0, kMaxScore), Device(m, pod)};
  }

 private:
  const Largest largest_;
};

class GpuPacking : public PackingPolicy {
 public:
  explicit GpuPacking(const PackingContext&) {}
  NodeScore Score(const Machine& m, const PodShape& pod) const override {
    if (pod.gpus == 0) return {};
    const int free = m.FreeGpus();
    const int device = Device(m, pod);
    if (free == m.gpus) return {std::max(kMaxScore / 3 - free, free), device};
    if (pod.shared() && m.gpu_milli[device] < kWholeGpu) {
      return {std::max(kMaxScore - m.gpu_milli[device] * 100 / kWholeGpu / 10, kMaxScore / 2), device};
    }
    return {std::max(kMaxScore / 2 - pod.gpus, kMaxScore / 3), device};
  }
};

class GpuClustering : public PackingPolicy {
 public:
  explicit GpuClustering(const PackingContext& context) : largest_(Largest(context.machines).gpu_milli) {}
  NodeScore Score(const Machine& m, const PodShape& pod) const override {
    if (pod.gpus == 0) return {};
    const int own = m.pods_by_gpus[pod.shared() ? 0 : pod.gpus];
    const auto kinds = std::count_if(m.pods_by_gpus.begin(), m.pods_by_gpus.end(), [](int32_t n) { return n > 0; });
    const int quarter = own > 0 ? (kinds == 1 ? 3 : 2) : (kinds == 0 ? 1 : 0);
    const int64_t used = static_cast<int64_t>(largest_) - m.IdleGpuMilli();
    return {static_cast<int>(kMaxScore / 4 * used / static_cast<int64_t>(largest_)) + kMaxScore / 4 * quarter,
            Device(m, pod)};
  }

 private:
  const double largest_;
};

class Random : public PackingPolicy {
 public:
  explicit Random(const PackingContext&) {}
  NodeScore Score(const Machine& m, const PodShape& pod) const override { return {0, Device(m, pod)}; }
  bool draws() const override { return true; }
};

class Fgd : public PackingPolicy {
 public:
  explicit Fgd(const PackingContext& context) : fragmentation_(context.typical) {
    // The score of a gain, sigmoid(gain in GPUs) as a percentage cut to a whole number, as the least gain of each score.
    const double unit = static_cast<double>(fragmentation_.weight()) * kWholeGpu;
    for (int score = 1; score <= kMaxScore; ++score) {
      const auto reached = [&](int64_t gain) {
        return static_cast<int>(kMaxScore / (1 + std::exp(-static_cast<double>(gain) / unit))) >= score;
      };
      const int64_t most = static_cast<int64_t>(unit) * 64;  // where the sigmoid is 1 to the last digit
      int64_t low = -most, high = most;
      while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (reached(middle)) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      least_gain_.push_back(low);
    }
  }

  NodeScore Score(const Machine& m, const PodShape& pod) const override {
    const int64_t before = fragmentation_.Amount(m);
    Machine after = Part(m);
    after.cpu_milli -= pod.cpu_milli;
    if (!pod.shared()) {
      int left = pod.gpus;
      for (int i = 0; left > 0; ++i) {
        if (after.gpu_milli[i] != kWholeGpu) continue;
        after.gpu_milli[i] = 0;
        --left;
      }
      return {ScoreOf(before - fragmentation_.Amount(after)), -1};
    }
    NodeScore best = {-1, -1};
    for (int i = 0; i < m.gpus; ++i) {
      if (m.gpu_milli[i] < pod.gpu_milli) continue;
      // GPUs with as much left are one as good as the other.
      if (std::find(m.gpu_milli.begin(), m.gpu_milli.begin() + i, m.gpu_milli[i]) != m.gpu_milli.begin() + i) continue;
      after.gpu_milli[i] -= pod.gpu_milli;
      const int score = ScoreOf(before - fragmentation_.Amount(after));
      after.gpu_milli[i] += pod.gpu_milli;
      if (score > best.score) best = {score, i};
    }
    return best;
  }

 private:
  // Without the name, which costs an allocation.
  static Machine Part(const Machine& m) {
    Machine part;
    part.cpu_milli = m.cpu_milli;
    part.gpus = m.gpus;
    part.model = m.model;
    part.gpu_milli = m.gpu_milli;
    return part;
  }
  int ScoreOf(int64_t gain) const {
    return static_cast<int>(std::upper_bound(least_gain_.begin(), least_gain_.end(), gain) - least_gain_.begin());
  }

  const Fragmentation fragmentation_;
  std::vector<int64_t> least_gain_;
};

struct Entry {
  const char* name;
  std::function<std::unique_ptr<PackingPolicy>(const PackingContext&)> make;
};

template <class Policy>
Entry Make(const char* name) {
  return {name, [](const PackingContext& context) { return std::make_unique<Policy>(context); }};
}

const std::vector<Entry>& Table() {
  static const auto& table = *new std::vector<Entry>{
      Make<BestFit>("best-fit"),       Make<Fgd>("fgd"),
      Make<GpuPacking>("gpu-packing"), Make<GpuClustering>("gpu-clustering"),
      Make<DotProduct>("dot-product"), Make<Random>("random"),
  };
  return table;
}

}  // namespace

std::vector<std::string> PackingPolicyNames() {
  std::vector<std::string> names;
  for (const Entry& entry : Table()) names.emplace_back(entry.name);
  return names;
}

absl::StatusOr<std::unique_ptr<PackingPolicy>> MakePackingPolicy(absl::string_view name,
                                                                 const PackingContext& context) {
  for (const Entry& entry : Table()) {
    if (name == entry.name) return entry.make(context);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no packing policy \"", name, "\"; there are ", absl::StrJoin(PackingPolicyNames(), ", ")));
}

}  // namespace muster::sim
