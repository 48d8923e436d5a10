// What if the policy were another: named changes of its objects.
//
//   variants:
//   - name: red-has-8
//     set:
//     - object: ClusterQueue/red              # Kind/name, Kind/namespace/name; a name may be *
//       spec.resourceGroups[0].flavors[gpu].resources[nvidia.com/gpu].nominalQuota: 8
//     - object: Cohort/all
//       spec.fairSharing.weight: 2
//   - name: without-two-nodes
//     nodesDown: [node-3, node-4]             # the policy's Nodes of these names
//   - name: fair
//     featureGates: {AdmissionFairSharing: true}
//     remove: [LocalQueue/team/old]           # objects
#ifndef MUSTER_SIM_SWEEP_VARIANT_H_
#define MUSTER_SIM_SWEEP_VARIANT_H_

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "api/load.h"

namespace muster::sim {

// Sets values in one object, or in all whose name is left open.
struct ObjectChange {
  std::string object;
  std::vector<std::pair<std::string, nlohmann::json>> values;  // path (object_path.h) -> value; null takes it out
};

// Thread-safety: value type.
struct Variant {
  std::string name;  // also of the folder of its results
  std::vector<ObjectChange> set;
  std::vector<std::string> remove;  // objects
  nlohmann::json written;           // as it was written, for who wants to know what the variant was
};

constexpr char kBaseName[] = "base";  // of the policy as it is; no variant is called so

// Reads the members of a variant besides its name: set, remove, nodesDown, featureGates. `where` starts messages.
// Errors: InvalidArgument naming the member.
absl::StatusOr<Variant> ParseChanges(const nlohmann::json& members, const std::string& where);
// Letters, digits, '-', '_' and '.', not at the start a dot, 100 characters at most: what can be a folder. Errors:
// InvalidArgument.
absl::Status CheckVariantName(const std::string& name, const std::string& where);

// Reads the text of a file of variants; `file` stands for it in messages. Errors: InvalidArgument naming variant and
// member: unknown ones, names twice, none.
absl::StatusOr<std::vector<Variant>> ParseVariants(absl::string_view text, const std::string& file);

// The policy with the changes made, read anew with defaults and held against all rules. Errors: InvalidArgument, one
// line per mistake, for objects, paths and fields that are not there, and for values that the rules do not allow.
absl::StatusOr<api::LoadResult> ApplyVariant(absl::Span<const api::Decoded> policy, const Variant& variant);

}  // namespace muster::sim

#endif  // MUSTER_SIM_SWEEP_VARIANT_H_
