// Many variants of a policy at once: all combinations of the values of some parameters, or a sample of them.
//
//   parameters:
//   - name: red-quota
//     values: [4, 6, 8]
//     set:                          # as in a file of variants (variant.h); "$value" stands for the value
//     - object: ClusterQueue/red
//       spec.resourceGroups[0].flavors[gpu].resources[nvidia.com/gpu].nominalQuota: $value
//   - name: order                   # or, where values have no common place, variants by name
//     variants:
//     - name: as-it-is
//     - name: strict
//       set: [{object: ClusterQueue/*, spec.queueingStrategy: StrictFIFO}]
//   sample: {points: 20, seed: 1}   # instead of all combinations
#ifndef MUSTER_SIM_SWEEP_PLAN_H_
#define MUSTER_SIM_SWEEP_PLAN_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "sim/sweep/variant.h"

namespace muster::sim {

struct SweepParameter {
  struct Choice {
    nlohmann::json value;  // a variant's name where there are variants
    Variant changes;
  };
  std::string name;
  std::vector<Choice> choices;
};

// Thread-safety: value type.
class SweepPlan {
 public:
  static constexpr int64_t kMaxPoints = 100000;

  // Reads the text of a plan; `file` stands for it in messages. Errors: InvalidArgument naming the parameter: what is
  // unknown, missing or there twice, a value that nothing refers to, more than kMaxPoints points.
  static absl::StatusOr<SweepPlan> Parse(absl::string_view text, const std::string& file);

  const std::vector<SweepParameter>& parameters() const { return parameters_; }
  // How many there are to replay, in the order of the combinations: the last parameter changes fastest.
  int64_t size() const { return static_cast<int64_t>(points_.size()); }
  // The values of a point, by parameter. REQUIRES: 0 <= point < size().
  std::vector<nlohmann::json> ValuesOf(int64_t point) const;
  // All its changes as one variant, named NameOf(point).
  Variant VariantOf(int64_t point) const;
  // "p000012": the folder of its results.
  static std::string NameOf(int64_t point);

 private:
  std::vector<size_t> ChoicesOf(int64_t point) const;

  std::vector<SweepParameter> parameters_;
  std::vector<int64_t> points_;  // numbers of combinations, ascending
};

// `count` different numbers below `n`, ascending; the same for the same seed on every machine. REQUIRES: 0 <= count <= n.
// O(count log count).
std::vector<int64_t> SampleBelow(int64_t n, int64_t count, uint64_t seed);

}  // namespace muster::sim

#endif  // MUSTER_SIM_SWEEP_PLAN_H_
