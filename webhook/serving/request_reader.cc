#include "webhook/serving/request_reader.h"

// One of Beast's assertions does not hold for a last chunk that arrives byte by byte after no other: nothing else does
// not hold then, but builds with assertions would end.
#define BOOST_DISABLE_ASSERTS

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "webhook/serving/head_rules.h"

namespace muster::webhook {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

// No more bytes between those of a body than this and the body itself: chunks of one byte are still taken.
constexpr size_t kFramingSlack = 64 * 1024;
// A buffer that grew is given back once it is empty.
constexpr size_t kKeptBuffer = 4 * 1024;

absl::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

// What Beast tells of a request, kept where it is wanted.
class RequestReader::Parser : public http::basic_parser<true> {
 public:
  Parser(const FramingLimits& limits, HttpRequest* request) : limits_(limits), request_(*request) {
    header_limit(UINT32_MAX);  // both limits are RequestReader's
    body_limit(UINT64_MAX);
  }

  HeadScanner scanner;
  FramingFields fields;
  int version = 0;  // 10 or 11
  bool head_only = true;
  bool too_large = false;

 private:
  void on_request_impl(http::verb, boost::beast::string_view method, boost::beast::string_view target,
                       int version_number, error_code&) override {
    version = version_number;
    request_.method = std::string(View(method));
    request_.path = PathOf(View(target));
  }
  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}
  void on_field_impl(http::field, boost::beast::string_view name, boost::beast::string_view value,
                     error_code&) override {
    if (head_only) fields.Add(View(name), View(value));  // trailers say nothing
  }
  void on_header_impl(error_code&) override { head_only = false; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
    declared_ = length ? *length : limits_.max_body_bytes;
  }
  std::size_t on_body_impl(boost::beast::string_view body, error_code& ec) override { return Take(View(body), ec); }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view extensions, error_code& ec) override {
    extension_bytes_ += extensions.size();
    if (extension_bytes_ > limits_.max_header_bytes) ec = http::error::header_limit;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body, error_code& ec) override {
    return Take(View(body), ec);
  }
  void on_finish_impl(error_code&) override {}

  std::size_t Take(absl::string_view bytes, error_code& ec) {
    if (request_.body.size() + bytes.size() > limits_.max_body_bytes) {
      too_large = true;
      ec = http::error::body_limit;
      return 0;
    }
    // It grows with what arrives, whatever was declared, and not past that.
    std::string& body = request_.body;
    const size_t needed = body.size() + bytes.size();
    if (needed > body.capacity()) {
      std::string larger;  // a string that has something in it reserves more than it is asked for
      larger.reserve(std::max(needed, std::min<size_t>(2 * needed, declared_)));
      larger = body;
      body.swap(larger);
    }
    body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  const FramingLimits& limits_;
  HttpRequest& request_;
  uint64_t declared_ = 0;
  size_t extension_bytes_ = 0;
};

RequestReader::RequestReader(const FramingLimits& limits)
    : limits_(limits), parser_(std::make_unique<Parser>(limits_, &request_)) {}
RequestReader::~RequestReader() = default;

void RequestReader::Push(absl::string_view bytes) { in_.append(bytes.data(), bytes.size()); }

bool RequestReader::begun() const { return state_ == State::kBody || (state_ == State::kHead && !in_.empty()); }

size_t RequestReader::held() const { return request_.body.capacity() + in_.capacity(); }

bool RequestReader::awaits_continue() const { return state_ == State::kBody && parser_->fields.expects_continue(); }

RequestReader::State RequestReader::Fail(int status, absl::string_view why) {
  failure_.status = status;
  failure_.body = absl::StrCat("this is no HTTP request that can be answered: ", why, "\n");
  std::string().swap(in_);
  std::string().swap(request_.body);
  return state_ = State::kFailed;
}

void RequestReader::Drop(size_t bytes) {
  received_ += bytes;
  in_.erase(0, bytes);
  if (in_.empty() && in_.capacity() > kKeptBuffer) std::string().swap(in_);
}

RequestReader::State RequestReader::Advance() {
  switch (state_) {
    case State::kHead:
      return AdvanceHead();
    case State::kBody:
      return AdvanceBody();
    default:
      return state_;
  }
}

RequestReader::State RequestReader::AdvanceHead() {
  const size_t limit = limits_.max_header_bytes;
  const HeadScanner::Found found = parser_->scanner.Scan(absl::string_view(in_).substr(0, limit));
  if (found == HeadScanner::Found::kBad) return Fail(400, "a byte that may not be in its head");
  if (found == HeadScanner::Found::kNothing) {
    return in_.size() > limit ? Fail(431, "request line and headers are too large") : State::kHead;
  }
  const size_t size = parser_->scanner.size();
  error_code ec;
  const size_t used = parser_->put(boost::asio::const_buffer(in_.data(), size), ec);
  if (ec && ec != http::error::need_more) return Fail(400, ec.message());
  if (used != size || !parser_->is_header_done()) return Fail(400, "its head is not understood");
  Drop(size);
  const bool http11 = parser_->version == 11;
  if (!http11 && parser_->version != 10) return Fail(400, "its version is not HTTP/1.1");
  if (const std::string problem = parser_->fields.Problem(http11); !problem.empty()) return Fail(400, problem);
  if (request_.path.empty()) return Fail(400, "its target is no path");
  request_.content_type = parser_->fields.content_type();
  keep_alive_ = http11 && parser_->keep_alive();
  if (parser_->is_done()) return state_ = State::kComplete;
  const boost::optional<std::uint64_t> length = parser_->content_length();
  if (length && *length > limits_.max_body_bytes) {
    request_.body_too_large = true;
    return state_ = State::kTooLarge;
  }
  parser_->eager(true);
  return state_ = State::kBody;
}

RequestReader::State RequestReader::AdvanceBody() {
  while (!in_.empty() && !parser_->is_done()) {
    error_code ec;
    const size_t used = parser_->put(boost::asio::const_buffer(in_.data(), in_.size()), ec);
    if (parser_->too_large) {
      std::string().swap(request_.body);
      request_.body_too_large = true;
      return state_ = State::kTooLarge;
    }
    Drop(used);
    if (ec == http::error::need_more) break;
    if (ec == http::error::header_limit) return Fail(400, "its chunks have too many extensions");
    if (ec) return Fail(400, ec.message());
    if (used == 0) break;
  }
  if (parser_->is_done()) return state_ = State::kComplete;
  // What the parser waits for is the end of a line: of a chunk, or of the trailers.
  if (in_.size() > limits_.max_header_bytes) return Fail(400, "a line between its chunks is too large");
  if (received_ > request_.body.size() * 8 + kFramingSlack) return Fail(400, "there is little in its chunks");
  return State::kBody;
}

void RequestReader::Abandon() { Fail(400, "it was given up"); }

HttpRequest RequestReader::Take() { return std::exchange(request_, HttpRequest()); }

void RequestReader::Next() {
  request_ = HttpRequest();
  parser_ = std::make_unique<Parser>(limits_, &request_);
  state_ = State::kHead;
  received_ = 0;
}

}  // namespace muster::webhook
