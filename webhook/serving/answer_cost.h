// What answering a review holds in memory, before it is known. Internal to webhook/serving/.
#ifndef MUSTER_WEBHOOK_SERVING_ANSWER_COST_H_
#define MUSTER_WEBHOOK_SERVING_ANSWER_COST_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace muster::webhook {

// Bytes that reading the body as JSON and answering it takes at most, besides the body: values, their texts, errors and
// patches about them, and the answer. answer_cost_test holds it against what is really used. O(size), a byte or more
// a cycle.
size_t AnswerCost(absl::string_view body);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_ANSWER_COST_H_
