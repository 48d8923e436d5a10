// The webhook without its server: from the path and body of a request to the body of the answer.
//
//   Router router(config, &state);
//   HttpAnswer answer = router.Answer("/mutate-batch-v1-job", "application/json", body);
#ifndef MUSTER_WEBHOOK_ROUTER_H_
#define MUSTER_WEBHOOK_ROUTER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"

namespace muster::webhook {

// A body larger than this is answered by Router::TooLarge, as Kueue does.
inline constexpr size_t kMaxBodyBytes = 7 * 1024 * 1024;

// An API server gives up after timeoutSeconds, which is 5.
inline constexpr absl::Duration kMaxProcessorTime = absl::Seconds(2);

struct HttpAnswer {
  // 404 for an unknown path; 503 while what the answer depends on is not known yet and 500 when it takes too long, which
  // are no answers; else 200, even for an error: the code is in the body.
  int status = 200;
  std::string content_type = {};
  std::string body = {};

  // What metrics and logs want to know.
  int code = 0;                // response.status.code; `status` where that is not 200
  bool allowed = false;        // for /convert: whether it succeeded
  std::string uid = {};        // of the request; "" when it could not be read
  std::string operation = {};  // CREATE, UPDATE, …; "" when it could not be read
};

// What an answer comes to, for metrics and logs.
enum class Outcome {
  kAllowed,
  kDenied,         // by a rule, or since something it names is not there: its owner's business
  kNotUnderstood,  // no review, too large a one, or a path that is none: whoever sent it
  kNotAnswered,    // what it depends on is not known, or something went wrong here
};
Outcome OutcomeOf(const HttpAnswer& answer);

// One path that is served, for manifests and metrics.
struct Route {
  enum class Type { kMutate, kValidate, kConvert };
  Type type;
  std::string path;
  std::string name;   // of the webhook in its configuration: "mjob.kb.io"; "" for kConvert
  std::string group;  // "" = core
  std::string version;
  std::vector<std::string> resources;   // with sub-resources: {"workloads", "workloads/status"}
  std::vector<std::string> operations;  // CREATE, UPDATE
  std::string framework;                // "batch/job"; "" for Kueue's own kinds
  bool enabled = true;                  // false: the framework is not configured, every request is allowed as it is
  bool beyond_kueue = false;            // a kind Kueue does not know
};

// Thread-safe: any number of threads may call Answer at a time.
class Router {
 public:
  // REQUIRES: `state` outlives the router. An answer that takes more than `max_processor_time` is given up: HTTP 500,
  // so that the failurePolicy decides.
  Router(WebhookConfig config, const ClusterState* state, absl::Duration max_processor_time = kMaxProcessorTime);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // Answers a request. `path` is without query. Never throws; whatever cannot be understood is refused. O(size of the
  // body), plus the time of ClusterState::Lookup for objects with owners.
  HttpAnswer Answer(absl::string_view path, absl::string_view content_type, absl::string_view body) const;

  // The same, but never waits for a lookup and takes a millisecond at most, about: nullopt when that does not do. For
  // callers that others wait for.
  std::optional<HttpAnswer> AnswerNow(absl::string_view path, absl::string_view content_type,
                                      absl::string_view body) const;

  // The answer to a body over kMaxBodyBytes.
  static HttpAnswer TooLarge();
  // A review that allows nothing, to a body that was not looked at.
  static HttpAnswer Refusal(int code, std::string message);

  // Everything that is served, in a fixed order.
  const std::vector<Route>& Routes() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_ROUTER_H_
