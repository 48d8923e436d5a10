#include "webhook/router.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "webhook/admission/answer.h"
#include "webhook/admission/review.h"
#include "webhook/base/processor_budget.h"
#include "webhook/conversion.h"
#include "webhook/served.h"
#include "webhook/state/needed_state.h"

namespace muster::webhook {
namespace {

constexpr char kTextPlain[] = "text/plain; charset=utf-8";
constexpr size_t kMaxName = size_t{1} << 10;
// For callers that others wait for.
constexpr absl::Duration kNow = absl::Milliseconds(1);

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

// As above. Not to be tried again: it would take as long.
HttpAnswer TooLong(absl::Duration most) {
  HttpAnswer answer;
  answer.status = answer.code = 500;
  answer.content_type = kTextPlain;
  answer.body = absl::StrCat("500 answering the request takes more than ", absl::FormatDuration(most),
                             " of processor time; the object holds too much\n");
  return answer;
}

}  // namespace

Outcome OutcomeOf(const HttpAnswer& answer) {
  if (answer.allowed) return Outcome::kAllowed;
  if (answer.code >= 500) return Outcome::kNotAnswered;
  const bool understood = answer.status == 200 && answer.code != 400 && answer.code != 413;
  return understood ? Outcome::kDenied : Outcome::kNotUnderstood;
}

class Router::Impl {
 public:
  Impl(WebhookConfig config, const ClusterState* state, absl::Duration max_processor_time)
      : config_(std::move(config)),
        state_(state),
        max_processor_time_(max_processor_time),
        served_(AllServed(config_)) {
    for (const Served& served : served_) {
      routes_.push_back(served.route);
      by_path_.emplace(served.route.path, &served);
    }
  }

  const std::vector<Route>& routes() const { return routes_; }
  // nullopt: it would have to wait, and may not.
  std::optional<HttpAnswer> Answer(absl::string_view path, absl::string_view content_type, absl::string_view body,
                                   bool may_wait) const;

 private:
  const WebhookConfig config_;
  const ClusterState* const state_;
  const absl::Duration max_processor_time_;
  const std::vector<Served> served_;
  std::vector<Route> routes_;
  absl::flat_hash_map<std::string, const Served*> by_path_;
};

std::optional<HttpAnswer> Router::Impl::Answer(absl::string_view path, absl::string_view content_type,
                                               absl::string_view body, bool may_wait) const {
  constexpr int kNotFound = 404;
  HttpAnswer answer;
  answer.content_type = kTextPlain;
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) {
    answer.status = answer.code = kNotFound;
    answer.body = "404 page not found\n";
    return answer;
  }
  const Served& served = *found->second;
  if (body.size() >= kMaxBodyBytes) return TooLarge();
  const ProcessorBudget budget(may_wait ? max_processor_time_ : std::min(max_processor_time_, kNow));
  const auto too_long = [&] {
    return may_wait ? std::optional<HttpAnswer>(TooLong(max_processor_time_)) : std::nullopt;
  };
  if (served.route.type == Route::Type::kConvert) {
    answer = AnswerConversion(body, budget);
    return budget.SpentNow() ? too_long() : answer;
  }
  AdmissionRequest request;
  AdmissionResponse response;
  if (ParseReview(content_type, body, &request, &response)) {
    const NeededState state(*state_, may_wait ? kLookupBudget : absl::ZeroDuration());
    response = AnswerRequest(Env{config_, state, budget}, served.handler, request);
    if (budget.SpentNow()) return too_long();
    if (!may_wait && state.lookups_refused()) return std::nullopt;
    if (const std::string missing = state.Missing(); !missing.empty()) answer = NotYet(missing);
  }
  if (answer.status == 200) {
    answer.body = WriteReview(request, response);
    if (answer.body.size() > kMaxAnswerBytes) {
      response = AdmissionResponse::Denied(absl::StrCat("the answer would be larger than ", kMaxAnswerBytes, " bytes"));
      for (std::string* name : {&request.uid, &request.review_kind, &request.review_api_version}) {
        name->resize(std::min(name->size(), kMaxName));  // these may be what is so large
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

Router::Router(WebhookConfig config, const ClusterState* state, absl::Duration max_processor_time)
    : impl_(std::make_unique<Impl>(std::move(config), state, max_processor_time)) {}
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
  return *impl_->Answer(path, content_type, body, /*may_wait=*/true);
}

std::optional<HttpAnswer> Router::AnswerNow(absl::string_view path, absl::string_view content_type,
                                            absl::string_view body) const {
  return impl_->Answer(path, content_type, body, /*may_wait=*/false);
}

}  // namespace muster::webhook
