#include "sim/replay/yaml_fields.h"

#include "absl/strings/numbers.h"

namespace muster::sim {

absl::Status Bad(const YAML::Node& node, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", node.Mark().line + 1, ": ", what));
}

absl::Status ReadNumber(const YAML::Node& node, absl::string_view key, int64_t max, int64_t* out) {
  if (!node.IsScalar() || !absl::SimpleAtoi(node.Scalar(), out) || *out < 0 || *out > max) {
    return Bad(node, absl::StrCat(key, " has to be a whole number from 0 to ", max));
  }
  return absl::OkStatus();
}

absl::Status ReadFlag(const YAML::Node& node, absl::string_view key, bool* out) {
  if (node.IsScalar() && (node.Scalar() == "true" || node.Scalar() == "false")) {
    *out = node.Scalar() == "true";
    return absl::OkStatus();
  }
  return Bad(node, absl::StrCat(key, " has to be true or false"));
}

}  // namespace muster::sim
