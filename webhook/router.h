// The webhook without its server: from the path and body of a request to the body of the answer.
//
//   Router router(config, &state);
//   HttpAnswer answer = router.Answer("/mutate-batch-v1-job", "application/json", body);
#ifndef MUSTER_WEBHOOK_ROUTER_H_
#define MUSTER_WEBHOOK_ROUTER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"

namespace muster::webhook {

// A body larger than this is answered by Router::TooLarge, as Kueue does.
inline constexpr size_t kMaxBodyBytes = 7 * 1024 * 1024;

struct HttpAnswer {
  // 404 for an unknown path; 503 while what the answer depends on is not known yet, which is no answer; else 200, even
  // for an error: the code is in the body.
  int status = 200;
  std::string content_type = {};
  std::string body = {};

  // What metrics and logs want to know.
  int code = 0;                // response.status.code; `status` where that is not 200
  bool allowed = false;        // for /convert: whether it succeeded
  std::string uid = {};        // of the request; "" when it could not be read
  std::string operation = {};  // CREATE, UPDATE, …; "" when it could not be read
};

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
  // REQUIRES: `state` outlives the router.
  Router(WebhookConfig config, const ClusterState* state);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // Answers a request. `path` is without query. Never throws; whatever cannot be understood is refused. O(size of the
  // body), plus the time of ClusterState::Lookup for objects with owners.
  HttpAnswer Answer(absl::string_view path, absl::string_view content_type, absl::string_view body) const;

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
