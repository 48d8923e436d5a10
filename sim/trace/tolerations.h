// Tolerations as one text, in the way taints are written for kubectl.
#ifndef MUSTER_SIM_TRACE_TOLERATIONS_H_
#define MUSTER_SIM_TRACE_TOLERATIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "api/core.h"

namespace muster::sim {

// "dedicated=training:NoSchedule;spot:NoSchedule;gpu;*": joined by ';', each KEY=VALUE for the taint with that value or
// KEY for any value (operator Exists), then :EFFECT or nothing for any effect; "*" stands for every key. EFFECT is
// NoSchedule, PreferNoSchedule or NoExecute. Errors: InvalidArgument. O(length).
absl::StatusOr<std::vector<api::Toleration>> ParseTolerations(absl::string_view text);

// The same the other way. How long a taint is tolerated (tolerationSeconds) is left out: it matters to pods that run.
// Errors: InvalidArgument naming a toleration that the text has no way to say (operators Gt and Lt).
absl::StatusOr<std::string> TolerationsText(absl::Span<const api::Toleration> tolerations);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_TOLERATIONS_H_
