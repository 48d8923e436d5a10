// Blanks between and around fields.
#ifndef MUSTER_SIM_TRACE_BLANKS_H_
#define MUSTER_SIM_TRACE_BLANKS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace muster::sim {

// Sets `fields` to the parts of the text between spaces and tabs. Fields that were there are used again: row after row
// nothing is allocated. O(length).
inline void SplitAtBlanks(absl::string_view text, std::vector<std::string>* fields) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  size_t count = 0;
  for (size_t at = 0; at < text.size();) {
    if (blank(text[at])) {
      ++at;
      continue;
    }
    const size_t begin = at;
    while (at < text.size() && !blank(text[at])) ++at;
    if (count == fields->size()) fields->emplace_back();
    (*fields)[count++].assign(text.data() + begin, at - begin);
  }
  fields->resize(count);
}

// absl::StripAsciiWhitespace; quick where there is nothing to strip.
inline absl::string_view Stripped(absl::string_view text) {
  const auto blank = [](char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); };
  if (text.empty() || (!blank(text.front()) && !blank(text.back()))) return text;
  return absl::StripAsciiWhitespace(text);
}

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_BLANKS_H_
