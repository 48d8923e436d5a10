// Requests to a Kubernetes API server.
#ifndef MUSTER_KUBE_CLIENT_API_CLIENT_H_
#define MUSTER_KUBE_CLIENT_API_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kube/client/http_connection.h"
#include "kube/client/kubeconfig.h"
#include "kube/client/waiting.h"
#include "kube/request.h"

namespace muster::kube {

// What the API server said: any status, 200 or not.
struct ApiReply {
  int status = 0;
  std::string body;
  absl::Duration retry_after;  // what it asks to wait; zero when it does not
};

// What is taken from an API server at a time.
struct ApiLimits {
  size_t answer = size_t{8} << 20;
  size_t line = size_t{4} << 20;  // of a watch: an object is at most 1.5 MiB where it is stored
  size_t error = size_t{64} << 10;
};

// One connection, kept open between requests. Thread-compatible, but for Stop.
class ApiClient {
 public:
  // Errors: InvalidArgument for certificates that cannot be read.
  static absl::StatusOr<std::unique_ptr<ApiClient>> New(const ApiEndpoint& endpoint, ApiLimits limits = {});

  // GET of a path with query ("/api/v1/namespaces?limit=500"), to the last byte of the answer within `timeout`. Errors:
  // Unavailable or DeadlineExceeded when there is no answer, with what went wrong; ResourceExhausted for an answer over
  // the limit; Cancelled after Stop. The address of the server is in none of them.
  absl::StatusOr<ApiReply> Get(const std::string& path, absl::Duration timeout,
                               absl::string_view accept = "application/json");

  // Any request, as Get. One that is refused with 401 is sent once more when the token file has another token by then.
  absl::StatusOr<ApiReply> Send(const HttpForm& form, absl::Duration timeout);

  // GET of an answer that comes in lines and does not end by itself: a watch. `on_line` gets each complete line and
  // says whether to go on. Returns the reply when the server ended it (its body only for a status other than 200), OK
  // with status 200 also when on_line ended it. Errors: DeadlineExceeded when no line was complete for `silence`,
  // however many bytes came; Unavailable when the answer broke off; ResourceExhausted for a line over the limit;
  // Cancelled after Stop.
  absl::StatusOr<ApiReply> Stream(const std::string& path, absl::Duration silence,
                                  const std::function<bool(absl::string_view line)>& on_line);

  // Ends what another thread is doing here, soon; later requests are Cancelled. Thread-safe.
  void Stop() { connection_->Stop(); }

 private:
  ApiClient(const ApiEndpoint& endpoint, ApiLimits limits, std::unique_ptr<HttpConnection> connection);
  absl::StatusOr<std::string> Token() const;
  // Sends and reads the head of the answer, which is in the reply.
  absl::StatusOr<ApiReply> Begin(const HttpForm& form, absl::string_view accept, SteadyTime deadline);
  absl::StatusOr<ApiReply> Finish(const HttpForm& form, absl::StatusOr<ApiReply> reply, SteadyTime deadline);
  absl::Status ReadBody(size_t limit, SteadyTime deadline, std::string* body);
  absl::Status ReadLines(absl::Duration silence, const std::function<bool(absl::string_view line)>& on_line);

  const ApiEndpoint endpoint_;
  const ApiLimits limits_;
  const std::unique_ptr<HttpConnection> connection_;
};

// "410 Expired: too old resource version" from the Status object in a reply; of anything else the number alone. At most
// some hundred characters.
std::string Explain(const ApiReply& reply);

// The reason ("NotFound") and the message in the Status object of a reply, or "" when it is none.
std::string ReasonOf(const ApiReply& reply);
std::string MessageOf(const ApiReply& reply);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_API_CLIENT_H_
