// Texts of quantities as k8s.io/apimachinery's resource.Quantity reads and writes them, to the letter.
//
// What its scanner lets pass is read, also where the documented grammar says otherwise: no digits at all are 0 (".", "-",
// "Ki"), exponents wrap around at 32 bits ("1e4294967296" is 1). All functions are pure. O(length).
#ifndef MUSTER_API_QUANTITY_TEXT_H_
#define MUSTER_API_QUANTITY_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/quantity.h"  // Parse, whose errors these are

namespace muster::api {

// What is wrong with a text; apimachinery has an error for each.
enum class QuantityFault {
  kNone,
  kFormat,  // it cannot be taken apart
  kNumber,  // there are no digits where some are needed
  kSuffix,
};
QuantityFault FaultOf(absl::string_view text);

// The text that is written for what was read. That is `text` where apimachinery takes it for canonical ("1.500", "+5",
// "1E3"), else the canonical form, also of numbers beyond 128 bits, of which Quantity keeps no more than that. Errors:
// those of Quantity::Parse.
absl::StatusOr<std::string> RewrittenQuantity(absl::string_view text);

}  // namespace muster::api

#endif  // MUSTER_API_QUANTITY_TEXT_H_
