// Requests as values, carried out: what a manager wants written reaches the API server, and the answer comes back.
#ifndef MUSTER_KUBE_CLIENT_REQUEST_SENDER_H_
#define MUSTER_KUBE_CLIENT_REQUEST_SENDER_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kube/client/api_client.h"
#include "kube/client/request_budget.h"
#include "kube/request.h"

namespace muster::kube {

struct SenderOptions {
  absl::Duration timeout = absl::Seconds(30);  // of one try
  // A request that the server did not take on (429, or an answer with Retry-After) is sent again, as client-go does:
  // so often, and as long as it is not older than this.
  int tries = 10;
  absl::Duration patience = absl::Seconds(60);
};

// Over one connection. Thread-compatible, but for Stop.
class RequestSender {
 public:
  // `budget` outlives the sender; nullptr = no limits, and nothing is sent again.
  static absl::StatusOr<std::unique_ptr<RequestSender>> New(const ApiEndpoint& endpoint, SenderOptions options,
                                                            RequestBudget* budget);

  // Waits for its turn and for the answer. Code 0, with what went wrong in the message: there was no answer, or none that
  // is understood; the request may have been carried out.
  Response Send(const Request& request) { return Send(request, options_.timeout); }
  // The same with another timeout of one try.
  Response Send(const Request& request, absl::Duration timeout);

  // Ends what another thread is doing here, soon. Thread-safe.
  void Stop() { client_->Stop(); }

 private:
  RequestSender(std::unique_ptr<ApiClient> client, SenderOptions options, RequestBudget* budget)
      : client_(std::move(client)), options_(options), budget_(budget) {}

  const std::unique_ptr<ApiClient> client_;
  const SenderOptions options_;
  RequestBudget* const budget_;
};

// What a reply means. Anything but an object after a success is no answer.
Response ToResponse(const ApiReply& reply);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_REQUEST_SENDER_H_
