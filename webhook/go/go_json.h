// JSON as Go's standard library reads and writes it.
//
// Source of the rules: Go's encoding/json. All functions are pure.
#ifndef MUSTER_WEBHOOK_GO_GO_JSON_H_
#define MUSTER_WEBHOOK_GO_GO_JSON_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::webhook {

// What encoding/json says is wrong with `text`, "" when it is well-formed: "invalid character 'n' looking for beginning
// of object key string". Nesting beyond api::kMaxNesting is "exceeded max depth". O(length), no recursion.
std::string GoJsonSyntaxError(absl::string_view text);

// Appends the text as a JSON string, as Go's encoder does (which also escapes <, > and &).
void AppendGoJsonString(absl::string_view text, std::string* out);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_GO_GO_JSON_H_
