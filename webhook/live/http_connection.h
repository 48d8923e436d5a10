// One HTTP/1.1 connection to an API server that may do anything: every wait has a deadline, every size a limit.
#ifndef MUSTER_WEBHOOK_LIVE_HTTP_CONNECTION_H_
#define MUSTER_WEBHOOK_LIVE_HTTP_CONNECTION_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "webhook/live/kubeconfig.h"
#include "webhook/live/waiting.h"

namespace muster::webhook {

// Thread-compatible, but for Stop.
class HttpConnection {
 public:
  struct Head {
    int status = 0;
    absl::Duration retry_after;  // of the header, in seconds; zero when there is none
  };
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // Does not connect yet. Errors: InvalidArgument for certificates that cannot be used.
  static absl::StatusOr<std::unique_ptr<HttpConnection>> New(const ApiEndpoint& endpoint);
  ~HttpConnection();

  // Sends a GET and reads the head of the answer. Connects when there is no connection or the one there is was idle for
  // long; a request that fails on a connection that was kept is sent once more on a fresh one. Errors: DeadlineExceeded,
  // Cancelled after Stop, Unavailable with what went wrong. The address of the server is in none of them.
  absl::StatusOr<Head> Get(const std::string& target, const Headers& headers, SteadyTime deadline);

  // Appends what comes next of the answer's body, at most 16 KiB, to *body; false when that was all. REQUIRES: Get
  // succeeded, and ReadSome has not failed or returned false since. Errors: as Get.
  absl::StatusOr<bool> ReadSome(std::string* body, SteadyTime deadline);

  // Whoever does not read an answer to its end has to close.
  void Close();

  // Ends what another thread is doing here; everything later is Cancelled. Thread-safe.
  void Stop();

 private:
  class Impl;
  explicit HttpConnection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_HTTP_CONNECTION_H_
