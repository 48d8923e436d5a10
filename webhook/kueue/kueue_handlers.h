// ClusterQueue, Cohort, ResourceFlavor and Workload. Their rules are those of api/validation.h and api/defaulting.h.
#ifndef MUSTER_WEBHOOK_KUEUE_KUEUE_HANDLERS_H_
#define MUSTER_WEBHOOK_KUEUE_KUEUE_HANDLERS_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "webhook/admission/handler.h"

namespace muster::webhook {

struct KueueHandlers {
  absl::string_view kind;
  absl::string_view resource;  // plural
  MutateFn mutate;             // nullptr: no mutating path
  ValidateFn validate;
  bool validates_status = false;  // the sub-resource is looked at, too
};

// One per kind, in the order in which their paths are listed. Static storage.
absl::Span<const KueueHandlers> AllKueueHandlers();

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_KUEUE_KUEUE_HANDLERS_H_
