// Requests to a Kubernetes API server.
#ifndef MUSTER_WEBHOOK_LIVE_API_CLIENT_H_
#define MUSTER_WEBHOOK_LIVE_API_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "webhook/live/kubeconfig.h"

namespace httplib {
class ClientImpl;
}  // namespace httplib

namespace muster::webhook {

// What the API server said: any status, 200 or not.
struct ApiReply {
  int status = 0;
  std::string body;
};

// One connection, kept open between requests. Thread-compatible, but for Stop.
class ApiClient {
 public:
  // Errors: InvalidArgument for certificates that cannot be read.
  static absl::StatusOr<std::unique_ptr<ApiClient>> New(const ApiEndpoint& endpoint);
  ~ApiClient();

  // GET of a path with query ("/api/v1/namespaces?limit=500"). Errors: Unavailable when there is no answer within
  // `timeout`, with what went wrong; ResourceExhausted for an answer over 256 MiB; Cancelled after Stop.
  absl::StatusOr<ApiReply> Get(const std::string& path, absl::Duration timeout,
                               absl::string_view accept = "application/json");

  // GET of an answer that comes in lines and does not end by itself: a watch. `on_line` gets each complete line and
  // says whether to go on. Returns the reply when the server ended it (its body only for a status other than 200), OK
  // with status 200 also when on_line ended it. Errors: Unavailable when nothing came for `silence`, or the connection
  // broke; Cancelled after Stop.
  absl::StatusOr<ApiReply> Stream(const std::string& path, absl::Duration silence,
                                  const std::function<bool(absl::string_view line)>& on_line);

  // Ends what another thread is doing here and returns when that is over; later requests are Cancelled. Thread-safe.
  // REQUIRES: not called from `on_line`.
  void Stop();

 private:
  ApiClient(const ApiEndpoint& endpoint, std::unique_ptr<httplib::ClientImpl> http);
  absl::StatusOr<std::string> Token() const;
  // Around every request. Cancelled after Stop.
  absl::Status Begin();
  void End();

  const ApiEndpoint endpoint_;
  std::unique_ptr<httplib::ClientImpl> http_;
  absl::Mutex mutex_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
};

// "410 Gone: too old resource version" from the Status object in a reply.
std::string Explain(const ApiReply& reply);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_API_CLIENT_H_
