// From a request to what is said about it, by the handler of a kind.
//
// Source of the rules: sigs.k8s.io/controller-runtime's webhook/admission (which operations are looked at) and
// apimachinery's decoders (what is no object of the kind).
#ifndef MUSTER_WEBHOOK_ADMISSION_ANSWER_H_
#define MUSTER_WEBHOOK_ADMISSION_ANSWER_H_

#include <cstddef>

#include "webhook/admission/handler.h"
#include "webhook/admission/response.h"
#include "webhook/admission/review.h"

namespace muster::webhook {

// No answer is larger, of whatever kind; what would be becomes a refusal. The objects of a conversion come back a little
// larger than they went, which may be 7 MiB.
inline constexpr size_t kMaxAnswerBytes = size_t{8} << 20;

// Decodes the objects of the request as the kind of the handler and lets the handler set or check what it does. The
// object of a mutating request is changed on the way. Pure but for ClusterState::Lookup. O(size of the objects).
// Of no meaning once env.budget is spent.
AdmissionResponse AnswerRequest(const Env& env, const Handler& handler, AdmissionRequest& request);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_ADMISSION_ANSWER_H_
