// A field path built on the stack while a document is walked, turned into text only when there is something to report.
#ifndef MUSTER_API_JSON_PATH_H_
#define MUSTER_API_JSON_PATH_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace muster::api {

// A path element. The root has no parent and prints as "" (or as its name). REQUIRES: the parent outlives the element,
// and so do the names; hence a temporary has no elements: `root.Field("a").Field("b")` does not compile. Thread-safety:
// value type.
struct JsonPath {
  const JsonPath* parent = nullptr;
  absl::string_view name;  // of a field; empty for a list item
  int index = -1;          // of a list item
  bool is_key = false;     // `name` is a key of a map, not a field

  JsonPath Field(absl::string_view field) const& { return JsonPath{this, field, -1, false}; }
  JsonPath Key(absl::string_view key) const& { return JsonPath{this, key, -1, true}; }
  JsonPath Item(int i) const& { return JsonPath{this, {}, i, false}; }
  JsonPath Field(absl::string_view field) const&& = delete;
  JsonPath Key(absl::string_view key) const&& = delete;
  JsonPath Item(int i) const&& = delete;

  // As Kubernetes prints it: "spec.containers[0].resources.requests[cpu]".
  std::string ToString() const {
    std::string text = parent == nullptr ? "" : parent->ToString();
    if (index >= 0) {
      absl::StrAppend(&text, "[", index, "]");
    } else if (is_key) {
      absl::StrAppend(&text, "[", name, "]");
    } else if (!name.empty()) {
      absl::StrAppend(&text, text.empty() ? "" : ".", name);
    }
    return text;
  }
};

}  // namespace muster::api

#endif  // MUSTER_API_JSON_PATH_H_
