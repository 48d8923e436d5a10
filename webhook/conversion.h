// ConversionReview: Kueue's kinds between v1beta1 and v1beta2.
//
// Source of the rules: Kueue's apis/kueue/v1beta1 conversion functions and controller-runtime's conversion webhook.
#ifndef MUSTER_WEBHOOK_CONVERSION_H_
#define MUSTER_WEBHOOK_CONVERSION_H_

#include "absl/strings/string_view.h"
#include "webhook/base/processor_budget.h"
#include "webhook/router.h"

namespace muster::webhook {

// Answers a ConversionReview. More converted objects than an answer may hold (kMaxAnswerBytes) are a failure. Of no
// meaning once the budget is spent. Never throws. O(size).
HttpAnswer AnswerConversion(absl::string_view body, const ProcessorBudget& budget);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_CONVERSION_H_
