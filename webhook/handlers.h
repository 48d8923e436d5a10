// The table of what is served: kind, path, what is set and what is checked. A kind is added here, in api/job_kinds.cc,
// in the tables of Go types, and in router_test.cc's table.
#ifndef MUSTER_WEBHOOK_HANDLERS_H_
#define MUSTER_WEBHOOK_HANDLERS_H_

#include <string>
#include <vector>

#include "webhook/go_form.h"
#include "webhook/handler.h"
#include "webhook/router.h"

namespace muster::webhook {

// One path. Exactly one of `mutate` and `validate` is set, and neither for /convert and where nothing is done.
struct Handler {
  Route route;
  const api::JobKind* kind = nullptr;  // also for Kueue's own kinds, of which it has the names alone
  const GoStruct* type = nullptr;
  MutateFn mutate = nullptr;
  ValidateFn validate = nullptr;
};

// All paths under a configuration, in a fixed order.
std::vector<Handler> MakeHandlers(const WebhookConfig& config);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_HANDLERS_H_
