// Guessing what a misspelt name was meant to be.
#ifndef MUSTER_SIM_TRACE_DID_YOU_MEAN_H_
#define MUSTER_SIM_TRACE_DID_YOU_MEAN_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace muster::sim {

// "; did you mean \"pods\"?" with the name that is closest to `name`: the same in another case, begun alike, or a few
// letters off. "" if none is near. O(names x length^2), for names cut at 64 letters.
std::string DidYouMean(absl::string_view name, const std::vector<std::string>& names);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_DID_YOU_MEAN_H_
