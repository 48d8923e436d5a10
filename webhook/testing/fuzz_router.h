// What the fuzzer and the corpus test do with one input.
#ifndef MUSTER_WEBHOOK_TESTING_FUZZ_ROUTER_H_
#define MUSTER_WEBHOOK_TESTING_FUZZ_ROUTER_H_

#include "absl/strings/string_view.h"

namespace muster::webhook {

// Asks the path that `choice` selects of a router that serves everything, and aborts when the answer is not one that
// the API server would understand: an answer that is no JSON, one that allows what could not be decoded, a patch that
// does not apply to the object of the request.
void AskWithFuzzedInput(unsigned char choice, absl::string_view body);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_TESTING_FUZZ_ROUTER_H_
