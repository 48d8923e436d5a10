#include "webhook/router.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "webhook/admission/answer.h"
#include "webhook/admission/review.h"
#include "webhook/conversion.h"
#include "webhook/served.h"
#include "webhook/state/needed_state.h"

namespace muster::webhook {
namespace {

constexpr char kTextPlain[] = "text/plain; charset=utf-8";
constexpr size_t kFrameBytes = size_t{16} << 10;

// No answer at all: what the API server makes of it is up to the failurePolicy.
HttpAnswer NotYet(absl::string_view missing) {
  constexpr int kUnavailable = 503;
  HttpAnswer answer;
  answer.status = answer.code = kUnavailable;
  answer.content_type = kTextPlain;
  answer.body = absl::StrCat("503 the webhook has not read from the API server yet what this answer depends on (",
                             missing, "); try again\n");
  return answer;
}

}  // namespace

class Router::Impl {
 public:
  Impl(WebhookConfig config, const ClusterState* state)
      : config_(std::move(config)), state_(state), served_(AllServed(config_)) {
    for (const Served& served : served_) {
      routes_.push_back(served.route);
      by_path_.emplace(served.route.path, &served);
    }
  }

  const std::vector<Route>& routes() const { return routes_; }
  const WebhookConfig& config() const { return config_; }
  const ClusterState& state() const { return *state_; }
  const Served* Find(absl::string_view path) const {
    const auto it = by_path_.find(path);
    return it == by_path_.end() ? nullptr : it->second;
  }

 private:
  const WebhookConfig config_;
  const ClusterState* const state_;
  const std::vector<Served> served_;
  std::vector<Route> routes_;
  absl::flat_hash_map<std::string, const Served*> by_path_;
};

Router::Router(WebhookConfig config, const ClusterState* state)
    : impl_(std::make_unique<Impl>(std::move(config), state)) {}
Router::~Router() = default;

const std::vector<Route>& Router::Routes() const { return impl_->routes(); }

HttpAnswer Router::Refusal(int code, std::string message) {
  AdmissionResponse response;
  response.code = code;
  response.message = std::move(message);
  HttpAnswer answer;
  answer.content_type = kTextPlain;
  answer.body = WriteReview({}, response);
  answer.code = code;
  return answer;
}

HttpAnswer Router::TooLarge() {
  return Refusal(413, absl::StrCat("request entity is too large; limit is ", kMaxBodyBytes, " bytes"));
}

HttpAnswer Router::Answer(absl::string_view path, absl::string_view content_type, absl::string_view body) const {
  constexpr int kNotFound = 404;
  HttpAnswer answer;
  answer.content_type = kTextPlain;
  const Served* served = impl_->Find(path);
  if (served == nullptr) {
    answer.status = answer.code = kNotFound;
    answer.body = "404 page not found\n";
    return answer;
  }
  if (body.size() >= kMaxBodyBytes) return TooLarge();
  if (served->route.type == Route::Type::kConvert) return AnswerConversion(body);
  AdmissionRequest request;
  AdmissionResponse response;
  if (ParseReview(content_type, body, &request, &response)) {
    const NeededState state(impl_->state());
    response = AnswerRequest(Env{impl_->config(), state}, served->handler, request);
    if (const std::string missing = state.Missing(); !missing.empty()) answer = NotYet(missing);
  }
  if (answer.status == 200) {
    answer.body = WriteReview(request, response);
    // A frame, and whatever names the request has.
    if (answer.body.size() > kMaxAnswerBytes + kFrameBytes) {
      response = AdmissionResponse::Denied(absl::StrCat("the answer would be larger than ", kMaxAnswerBytes, " bytes"));
      for (std::string* name : {&request.uid, &request.review_kind, &request.review_api_version}) {
        name->resize(std::min(name->size(), kFrameBytes / 16));
      }
      answer.body = WriteReview(request, response);
    }
    answer.code = response.code;
    answer.allowed = response.allowed;
  }
  answer.uid = std::move(request.uid);
  answer.operation = std::move(request.operation);
  return answer;
}

}  // namespace muster::webhook
