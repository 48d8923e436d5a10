// One HTTP/1.1 connection to an API server that may do anything: every wait has a deadline, every size a limit.
#ifndef MUSTER_KUBE_CLIENT_HTTP_CONNECTION_H_
#define MUSTER_KUBE_CLIENT_HTTP_CONNECTION_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kube/client/kubeconfig.h"
#include "kube/client/waiting.h"

namespace muster::kube {

// Thread-compatible, but for Stop.
class HttpConnection {
 public:
  struct Head {
    int status = 0;
    absl::Duration retry_after;  // of the header, in seconds; zero when there is none
  };
  using Headers = std::vector<std::pair<std::string, std::string>>;
  struct Message {
    std::string method = "GET";
    std::string target;  // path with query
    Headers headers = {};
    std::string body = {};
  };

  // Does not connect yet. Errors: InvalidArgument for certificates that cannot be used.
  static absl::StatusOr<std::unique_ptr<HttpConnection>> New(const ApiEndpoint& endpoint);
  ~HttpConnection();

  // Sends a request and reads the head of the answer. Connects when there is no connection or the one there is was idle
  // for long. A connection that was kept may have been closed by the server just then: a request that got nothing of an
  // answer there is sent once more on a fresh one, unless it is a POST, which may have been carried out all the same.
  // Errors: DeadlineExceeded, Cancelled after Stop, Unavailable with what went wrong. The address of the server is in none
  // of them.
  absl::StatusOr<Head> Send(const Message& message, SteadyTime deadline);

  // Appends what comes next of the answer's body, at most 16 KiB, to *body; false when that was all. REQUIRES: Send
  // succeeded, and ReadSome has not failed or returned false since. Errors: as Send.
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

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_HTTP_CONNECTION_H_
