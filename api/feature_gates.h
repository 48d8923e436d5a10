// Kueue's feature gates, and Muster's own one, as one table: name, default, stage, and which parts of Muster read it.
//
//   FeatureGates gates;                                  // the defaults
//   gates.Set("TASBalancedPlacement", true);             // as a Configuration spells it
//   GatesOf<GateReader::kEngine> of_engine = gates;
//   if (of_engine[Gate::kTASBalancedPlacement]) …        // an index into an array
//   of_engine[Gate::kTLSOptions]                         // does not compile: the table does not say the engine reads
//   it
//
// All of Kueue's gates (0.20-devel) are known, so that a Kueue Configuration is read without complaint; those without a
// reader change nothing here. docs/feature-gates.md prints the table.
#ifndef MUSTER_API_FEATURE_GATES_H_
#define MUSTER_API_FEATURE_GATES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::api {

enum class Gate : uint8_t {
#define GATE(name, ...) k##name,
#include "api/feature_gates.inc"
#undef GATE
};

// How far Kueue has come with a gate: off unless asked for; on unless told otherwise (mostly); always on; about to go.
// kOwn: Muster's own, which Kueue does not know.
enum class GateStage : uint8_t { kAlpha, kBeta, kStable, kDeprecated, kOwn };

// Who looks at a gate.
enum class GateReader : uint8_t {
  kEngine = 1,      // decisions: scheduler/
  kSimulator = 2,   // what Kueue's controllers do about decisions: sim/ and the conformance runners
  kWebhook = 4,     // defaults and rules of jobs: webhook/
  kValidation = 8,  // rules of Kueue's own objects: api/
};

struct GateInfo {
  absl::string_view name;  // as Kueue spells it
  bool default_on;
  GateStage stage;
  uint8_t readers;  // GateReaders, added up; 0 = nobody's, the gate has no effect

  constexpr bool IsReadBy(GateReader reader) const { return (readers & static_cast<uint8_t>(reader)) != 0; }
};

namespace gate_table {
using enum GateStage;
using enum GateReader;
constexpr GateInfo Row(absl::string_view name, bool default_on, GateStage stage, auto... readers) {
  return {name, default_on, stage, static_cast<uint8_t>((0 + ... + static_cast<int>(readers)))};
}
}  // namespace gate_table

// By Gate, which is by name.
inline constexpr auto kGates = [] {
  using namespace gate_table;  // NOLINT: the table's words
  return std::to_array<GateInfo>({
#define GATE(name, ...) Row(#name, __VA_ARGS__),
#include "api/feature_gates.inc"
#undef GATE
  });
}();

constexpr const GateInfo& InfoOf(Gate gate) { return kGates[static_cast<size_t>(gate)]; }

// The gate of that name. O(log gates).
std::optional<Gate> FindGate(absl::string_view name);

// Which gates are on. Thread-safety: value type.
class FeatureGates {
 public:
  // The defaults.
  FeatureGates();

  // Whether the gate is on, for whoever lists gates. What acts on a gate reads it through GatesOf.
  bool IsOn(Gate gate) const { return on_[static_cast<size_t>(gate)]; }
  void Set(Gate gate, bool on) { on_[static_cast<size_t>(gate)] = on; }
  // Errors: InvalidArgument for a name that is no gate, naming the field of the Configuration. O(log gates).
  absl::Status Set(absl::string_view name, bool on);

 private:
  std::array<bool, kGates.size()> on_;
};

// A gate that the table says is read by `reader`: known when compiling.
template <GateReader reader>
struct GateReadBy {
  // NOLINTNEXTLINE(google-explicit-constructor): an index
  consteval GateReadBy(Gate g) : gate(g) {
    if (!InfoOf(g).IsReadBy(reader)) throw "api/feature_gates.inc does not say that this gate is read here";
  }
  Gate gate;
};

// Gates as one reader sees them. O(1). Thread-safety: value type.
template <GateReader reader>
class GatesOf : public FeatureGates {
 public:
  GatesOf() = default;
  GatesOf(const FeatureGates& gates) : FeatureGates(gates) {}  // NOLINT(google-explicit-constructor): a view of them

  bool operator[](GateReadBy<reader> gate) const { return IsOn(gate.gate); }
};

}  // namespace muster::api

#endif  // MUSTER_API_FEATURE_GATES_H_
