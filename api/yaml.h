// YAML text to JSON values and back, by the rules kubectl reads manifests with.
//
// Source of the rules: YAML 1.1 as Go's yaml.v2 resolves it, which is what Kubernetes uses: plain yes/no/on/off are
// booleans, 0777 is octal, 1e3 is a number, times stay strings; whatever is quoted is a string.
#ifndef MUSTER_API_YAML_H_
#define MUSTER_API_YAML_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace muster::api {

struct YamlDocument {
  int line = 1;  // where its content starts, counted from 1
  nlohmann::json value;
  std::string error;  // not empty: the document could not be read, and why, with the line
};

// All documents of the text, in order. Empty ones are left out. A malformed document does not hide the next one.
// Errors (in the document's `error`): malformed YAML, a key given twice, invalid UTF-8, nesting over kMaxNesting, and
// aliases that would expand to more than 8 MiB. Merge keys (<<) are resolved. Never throws.
std::vector<YamlDocument> ParseYaml(absl::string_view text);

// What a plain (unquoted) scalar stands for: null, a boolean, a number, or else the string itself.
nlohmann::json ResolvePlainScalar(absl::string_view text);

// The value in block style with two spaces of indent, keys in the value's (sorted) order, ending in a newline.
// ParseYaml reads it back as the same value.
std::string ToYaml(const nlohmann::json& value);

}  // namespace muster::api

#endif  // MUSTER_API_YAML_H_
