// From bytes to HTTP requests, strictly and within limits, without a socket: Boost.Beast parses, head_rules.h refuses
// what Beast lets pass. Internal to webhook/serving/.
#ifndef MUSTER_WEBHOOK_SERVING_REQUEST_READER_H_
#define MUSTER_WEBHOOK_SERVING_REQUEST_READER_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "webhook/serving/http_message.h"

namespace muster::webhook {

struct FramingLimits {
  // Request line and headers; one chunk line with its extensions; the extensions of all chunks; the trailers.
  size_t max_header_bytes = 16 * 1024;
  size_t max_body_bytes = 7 * 1024 * 1024;
};

// Reads the requests of one connection, one after the other. Thread-compatible. Holds what held() says and no more,
// whatever is sent.
class RequestReader {
 public:
  enum class State {
    kHead,      // the head is not complete
    kBody,      // the head is, the body is not
    kComplete,  // request() is all there
    kTooLarge,  // so is its head, and the body is over the limit: what is left of it is not to be read
    kFailed,    // this is no request: answer failure() and end the connection
  };

  explicit RequestReader(const FramingLimits& limits);
  ~RequestReader();

  // Takes bytes as they arrived. Only what Advance leaves is kept.
  void Push(absl::string_view bytes);
  // Reads on in what was pushed. Returns after a head is complete, so that it can be looked at before any of its body
  // is taken; call it again then. O(bytes pushed since the last call), but for a line that arrives in pieces.
  State Advance();
  State state() const { return state_; }

  // Whether a request has begun that is not complete.
  bool begun() const;
  // Bytes pushed and not read: those of the next request.
  bool has_more() const { return !in_.empty(); }
  // Memory held for the request: what has arrived of it, as it is kept.
  size_t held() const;
  // Bytes received since the request began.
  size_t received() const { return received_; }

  // From kBody on.
  const HttpRequest& request() const { return request_; }
  bool keep_alive() const { return keep_alive_; }
  // Whether the peer waits for "100 Continue" before it sends the body.
  bool awaits_continue() const;
  // The request, to be kept. REQUIRES: kComplete or kTooLarge.
  HttpRequest Take();
  // Gives up what has arrived of a request. The connection can only end then.
  void Abandon();
  // Begins the next request. REQUIRES: kComplete.
  void Next();
  // The answer to what is no request. REQUIRES: kFailed.
  const HttpResponse& failure() const { return failure_; }

 private:
  class Parser;
  State Fail(int status, absl::string_view why);
  State AdvanceHead();
  State AdvanceBody();
  void Drop(size_t bytes);

  const FramingLimits limits_;
  State state_ = State::kHead;
  std::string in_;
  std::unique_ptr<Parser> parser_;
  HttpRequest request_;
  HttpResponse failure_;
  bool keep_alive_ = false;
  size_t received_ = 0;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_REQUEST_READER_H_
