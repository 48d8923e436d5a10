// Whether an object is one that a cluster with Kueue would accept.
//
// Source of the rules: the validating webhooks of Kueue (0.20-devel) and the schemas and CEL rules of its
// CustomResourceDefinitions, with their messages. Nothing here looks at other objects: see cross_validation.h.
// All functions are pure. O(size of the object).
#ifndef MUSTER_API_VALIDATION_H_
#define MUSTER_API_VALIDATION_H_

#include <vector>

#include "api/codec.h"
#include "api/feature_gates.h"
#include "api/object.h"
#include "api/problem.h"

namespace muster::api {

struct ValidationOptions {
  // Which rules: all, or only those of Kueue's webhook (for an object the API server has already held against the
  // schema). A schema rule that the webhook repeats is reported once, in the webhook's words.
  enum class Rules { kAll, kWebhook };
  Rules rules = Rules::kAll;

  GatesOf<GateReader::kValidation> gates;
};

// The problems of an object that is created, in the order Kueue reports them. Problems have no source; `object` is
// ObjectId(object). Kinds that are not Kueue's have no rules here (the webhooks of jobs are not among these).
std::vector<Problem> Validate(const Object& object, const ValidationOptions& options = {});

// The problems of changing `before` into `now`: those of Validate(now), and what may not change.
// REQUIRES: both are of the same kind.
std::vector<Problem> ValidateUpdate(const Decoded& now, const Decoded& before, const ValidationOptions& options = {});

}  // namespace muster::api

#endif  // MUSTER_API_VALIDATION_H_
