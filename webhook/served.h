// What is served: every path, and the handler behind it.
#ifndef MUSTER_WEBHOOK_SERVED_H_
#define MUSTER_WEBHOOK_SERVED_H_

#include <vector>

#include "webhook/admission/handler.h"
#include "webhook/router.h"
#include "webhook/state/config.h"

namespace muster::webhook {

// One path. Thread-safety: value type.
struct Served {
  Route route;
  Handler handler;  // empty for /convert, and without functions where the framework is not configured
};

// All paths under a configuration, in a fixed order.
std::vector<Served> AllServed(const WebhookConfig& config);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVED_H_
