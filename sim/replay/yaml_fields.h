// Reading the fields of a model file. Internal to the readers of its parts.
#ifndef MUSTER_SIM_REPLAY_YAML_FIELDS_H_
#define MUSTER_SIM_REPLAY_YAML_FIELDS_H_

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace muster::sim {

constexpr int64_t kMaxSeconds = 1000000000;  // beyond thirty years it is a mistake

// InvalidArgument: "line N: WHAT".
absl::Status Bad(const YAML::Node& node, absl::string_view what);
// A whole number from 0 to `max`; true or false. Errors: InvalidArgument naming the line and `key`.
absl::Status ReadNumber(const YAML::Node& node, absl::string_view key, int64_t max, int64_t* out);
absl::Status ReadFlag(const YAML::Node& node, absl::string_view key, bool* out);

// Each key of a map once, with what is to be done about it: `read(key, value)`.
template <typename Read>
absl::Status ReadMap(const YAML::Node& node, absl::string_view name, const Read& read) {
  if (!node.IsMap()) return Bad(node, absl::StrCat(name, " has to be a map"));
  std::vector<std::string> seen;
  for (const auto& entry : node) {
    if (!entry.first.IsScalar()) return Bad(entry.first, absl::StrCat("a key of ", name, " has to be text"));
    const std::string& key = entry.first.Scalar();
    for (const std::string& other : seen) {
      if (other == key) return Bad(entry.first, absl::StrCat(key, " is there twice"));
    }
    seen.push_back(key);
    if (absl::Status s = read(key, entry.second); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_YAML_FIELDS_H_
