#include "kube/client/request_sender.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "api/json_text.h"
#include "kube/client/waiting.h"

namespace muster::kube {
namespace {

constexpr int kTooManyRequests = 429;
constexpr int kUnavailable = 503;

Response NoAnswer(absl::string_view why) {
  Response response;
  response.reason = "NoAnswer";
  response.message = std::string(why);
  return response;
}

// The server says that it did not take the request on.
bool AsksToComeBack(const ApiReply& reply) {
  return reply.status == kTooManyRequests || (reply.status >= 500 && reply.retry_after > absl::ZeroDuration());
}

}  // namespace

Response ToResponse(const ApiReply& reply) {
  Response response;
  response.code = reply.status;
  if (!response.ok()) {
    response.reason = ReasonOf(reply);
    response.message = MessageOf(reply);
    return response;
  }
  absl::StatusOr<nlohmann::json> object = api::ParseJson(reply.body);
  if (!object.ok())
    return NoAnswer(absl::StrCat("the answer ", reply.status, " is not understood: ", object.status().message()));
  if (!object->is_object()) return NoAnswer(absl::StrCat("the answer ", reply.status, " is no object"));
  response.object = *std::move(object);
  return response;
}

absl::StatusOr<std::unique_ptr<RequestSender>> RequestSender::New(const ApiEndpoint& endpoint, SenderOptions options,
                                                                  RequestBudget* budget) {
  absl::StatusOr<std::unique_ptr<ApiClient>> client = ApiClient::New(endpoint);
  if (!client.ok()) return client.status();
  return std::unique_ptr<RequestSender>(new RequestSender(*std::move(client), options, budget));
}

Response RequestSender::Send(const Request& request, absl::Duration timeout) {
  const HttpForm form = ToHttp(request);
  const SteadyTime deadline = After(options_.patience);
  for (int tries = 1;; ++tries) {
    if (budget_ != nullptr && !budget_->Await()) return NoAnswer("not sent: the process ends");
    const absl::StatusOr<ApiReply> reply = client_->Send(form, timeout);
    if (!reply.ok()) {
      // Who takes long may only have much to do for this one.
      if (budget_ != nullptr && absl::IsUnavailable(reply.status())) budget_->Busy(absl::ZeroDuration());
      return NoAnswer(reply.status().message());
    }
    if (budget_ == nullptr) return ToResponse(*reply);
    if (reply->status == kUnavailable || AsksToComeBack(*reply)) {
      budget_->Busy(reply->retry_after);
    } else {
      budget_->Served();
    }
    if (!AsksToComeBack(*reply) || tries >= options_.tries || SteadyNow() >= deadline) return ToResponse(*reply);
  }
}

}  // namespace muster::kube
