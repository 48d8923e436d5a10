// "Did you mean ...": which of the names there are was probably meant by one that is not among them.
#ifndef MUSTER_API_NEAREST_NAME_H_
#define MUSTER_API_NEAREST_NAME_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace muster::api {

// The name that `word` turns into with the fewest slips (a letter too many, too few, another one, or two that changed
// places; upper and lower case are one): one slip, and one more for every four letters beyond the first four. The
// first of equals. Else the first name that begins with the word, if that has four letters. "" if none is near enough.
// O(names * length^2); words over 64 characters are near to nothing.
absl::string_view NearestName(absl::string_view word, absl::Span<const absl::string_view> names);

// "; is NAME meant?", or "" if no name is near.
std::string MeantHint(absl::string_view word, absl::Span<const absl::string_view> names);

}  // namespace muster::api

#endif  // MUSTER_API_NEAREST_NAME_H_
