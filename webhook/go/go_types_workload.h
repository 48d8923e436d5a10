// What the tables of Kueue's kinds share between the files they are spread over, and v1beta1 with v1beta2. A part that
// v1beta1 has in the same shape is named as in v1beta2: the name shows only in what is said about an object that
// cannot be decoded, and the API server has held it against its schema before it asks for a conversion.
#ifndef MUSTER_WEBHOOK_GO_GO_TYPES_WORKLOAD_H_
#define MUSTER_WEBHOOK_GO_GO_TYPES_WORKLOAD_H_

#include "absl/strings/string_view.h"
#include "webhook/go/go_form.h"

namespace muster::webhook {

// MultiKueue's kinds in v1beta1; nullptr for others.
const GoStruct* GoOldMultiKueueTypeOf(absl::string_view kind);

extern const GoStruct kGoWorkload;
extern const GoStruct kGoOldWorkload;  // v1beta1
extern const GoStruct kGoCohort;
extern const GoStruct kGoFairSharing;
extern const GoStruct kGoFungibility;
extern const GoStruct kGoChecksStrategy;
extern const GoStruct kGoAdmissionScope;
extern const GoStruct kGoResourceGroup;
extern const GoStruct kGoFlavorUsage;
extern const GoStruct kGoFairSharingStatus;
extern const GoStruct kGoQueueSpec;
extern const GoStruct kGoQueueFlavorUsage;
extern const GoStruct kGoQueueFairSharingStatus;

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_GO_GO_TYPES_WORKLOAD_H_
