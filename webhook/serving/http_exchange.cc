#include "webhook/serving/http_exchange.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace muster::webhook {
namespace {

// No path that is served is longer. cpp-httplib matches paths with std::regex, which recurses for every character.
constexpr size_t kMaxPath = 256;
// A body that is too large anyway is read up to here, so that the answer is not lost to a reset of the connection.
constexpr size_t kMaxDropped = size_t{32} << 20;
constexpr char kText[] = "text/plain; charset=utf-8";

bool HasContent(const httplib::Request& req) {
  return req.has_header("Transfer-Encoding") || req.get_header_value<uint64_t>("Content-Length") > 0;
}

// The methods whose content cpp-httplib reads.
bool ReadsContent(const httplib::Request& req) {
  return req.method == "POST" || req.method == "PUT" || req.method == "PATCH" ||
         (req.method == "DELETE" && req.has_header("Content-Length"));
}

}  // namespace

struct HttpExchange::Current {
  SocketStream* stream;
  bool refuse;
  std::string content_type;
  bool handled = false;  // got past cpp-httplib's reading of the request
  bool close = false;
  bool linger = false;
};

thread_local HttpExchange::Current* HttpExchange::current_ = nullptr;

// Holds a place among the requests being answered, if there is one.
class HttpExchange::InFlight {
 public:
  InFlight(HttpExchange* exchange, size_t bytes) : exchange_(exchange), bytes_(bytes) {
    const int64_t requests = ++exchange_->in_flight_;
    const size_t before = exchange_->in_flight_bytes_.fetch_add(bytes_);
    ok_ = requests <= exchange_->options_.max_in_flight &&
          (before == 0 || before + bytes_ <= exchange_->options_.max_in_flight_bytes);
  }
  ~InFlight() {
    exchange_->in_flight_bytes_.fetch_sub(bytes_);
    --exchange_->in_flight_;
  }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  bool ok() const { return ok_; }

 private:
  HttpExchange* const exchange_;
  const size_t bytes_;
  bool ok_;
};

HttpExchange::HttpExchange(const HttpServerOptions& options, HttpServer::Handler handler)
    : options_(options), handler_(std::move(handler)) {
  set_keep_alive_timeout(absl::ToInt64Seconds(options.idle_timeout));
  set_keep_alive_max_count(1'000'000);  // what clients are told; there is no limit
  set_payload_max_length(SIZE_MAX);     // WithContent has one
  set_pre_routing_handler(
      [this](const httplib::Request& req, httplib::Response& res) { return BeforeRouting(req, res); });
  auto with_content = [this](const httplib::Request& req, httplib::Response& res,
                             const httplib::ContentReader& reader) { WithContent(req, res, reader); };
  Post(".*", with_content);
  Put(".*", with_content);
  Patch(".*", with_content);
  Delete(".*", with_content);
  set_post_routing_handler([this](const httplib::Request& req, httplib::Response& res) { AfterRouting(req, res); });
}

HttpExchange::Outcome HttpExchange::Serve(SocketStream* stream, bool last, bool refuse) {
  Current current{stream, refuse, "", false, last, false};
  current_ = &current;
  stream->BeginRequest(options_.request_timeout, options_.max_header_bytes);
  bool closed_by_peer = false;
  const bool served = process_request(*stream, last, closed_by_peer, [&current](httplib::Request& req) {
    current.stream->EndOfHeaders();
    // Compression, ranges and forms are not for reviews, and each would be one more thing to get wrong.
    current.content_type = req.get_header_value("Content-Type");
    for (const char* name : {"Content-Type", "Content-Encoding", "Accept-Encoding", "Range"}) req.headers.erase(name);
    req.ranges.clear();
  });
  current_ = nullptr;
  if (served && !current.handled) {
    ++malformed_;
    current.linger = true;
  }
  if (!served && (stream->headers_too_large() || stream->timed_out())) {  // not even a request line
    ++malformed_;
    current.linger = true;
    stream->httplib::Stream::write(absl::StrCat(
        stream->timed_out() ? "HTTP/1.1 408 Request Timeout" : "HTTP/1.1 431 Request Header Fields Too Large",
        "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
  }
  if (!served && !current.linger) return Outcome::kClose;
  if (!stream->Flush()) return Outcome::kClose;
  if (current.linger) return Outcome::kLinger;
  return current.close || closed_by_peer ? Outcome::kClose : Outcome::kKeepAlive;
}

// Answers what has no content. A request without Content-Length would otherwise be read until the peer hangs up.
HttpExchange::HandlerResponse HttpExchange::BeforeRouting(const httplib::Request& req, httplib::Response& res) {
  if (req.path.size() > kMaxPath) {
    current_->handled = current_->close = current_->linger = true;
    res.status = 404;
    res.set_content("404 page not found\n", kText);
    return HandlerResponse::Handled;
  }
  const bool has_content = HasContent(req);
  if (has_content && ReadsContent(req)) return HandlerResponse::Unhandled;
  if (has_content) current_->close = current_->linger = true;  // it stays unread
  InFlight place(this, 0);
  if (!place.ok() || current_->refuse) {
    AnswerOverload(&res);
  } else {
    Answer(req, "", false, &res);
  }
  return HandlerResponse::Handled;
}

void HttpExchange::WithContent(const httplib::Request& req, httplib::Response& res,
                               const httplib::ContentReader& reader) {
  const bool chunked = req.has_header("Transfer-Encoding");
  const size_t declared = chunked ? options_.max_body_bytes : req.get_header_value<uint64_t>("Content-Length");
  bool too_large = declared > options_.max_body_bytes;
  InFlight place(this, too_large ? 0 : declared);
  const bool drop = !place.ok() || current_->refuse;
  if (declared > kMaxDropped) {
    current_->close = current_->linger = true;
    Answer(req, "", true, &res);
    return;
  }
  std::string body;
  if (!too_large && !drop && !chunked) body.reserve(declared);
  size_t received = 0;
  const bool complete = reader([&](const char* data, size_t size) {
    received += size;
    if (received > options_.max_body_bytes) too_large = true;
    if (!too_large && !drop) body.append(data, size);
    return received <= kMaxDropped;
  });
  if (!complete && !too_large) {  // cut off, too slow, or chunks that are none
    current_->close = current_->linger = true;
    ++malformed_;
    current_->handled = true;
    res.status = current_->stream->timed_out() ? 408 : 400;
    res.set_content(res.status == 408 ? "the request took too long\n" : "the request ended early\n", kText);
    return;
  }
  if (too_large) current_->close = current_->linger = true;
  if (drop) {
    AnswerOverload(&res);
  } else {
    Answer(req, too_large ? std::string() : std::move(body), too_large, &res);
  }
}

void HttpExchange::Answer(const httplib::Request& req, std::string body, bool too_large, httplib::Response* res) {
  current_->handled = true;
  HttpRequest request{req.method,      req.path,  std::move(current_->content_type),
                      std::move(body), too_large, req.remote_addr};
  HttpResponse response = handler_(request);
  res->status = response.status;
  res->body = std::move(response.body);
  res->set_header("Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) res->set_header(name, value);
  if (response.close) current_->close = true;
}

void HttpExchange::AnswerOverload(httplib::Response* res) {
  current_->handled = true;
  ++overloaded_;
  res->status = 429;
  res->set_header("Retry-After", "1");
  res->set_content(
      absl::StrCat("too many requests: limits are ", options_.max_connections, " connections, ", options_.max_in_flight,
                   " requests and ", options_.max_in_flight_bytes >> 20, " MiB at a time; try again\n"),
      kText);
}

void HttpExchange::AfterRouting(const httplib::Request& req, httplib::Response& res) {
  if (!current_->handled) {
    const SocketStream& stream = *current_->stream;
    if (stream.headers_too_large()) {
      res.status = 431;
    } else if (stream.timed_out()) {
      res.status = 408;
    }
    res.set_content("this is no HTTP request that can be answered\n", kText);
    res.headers.erase("Content-Length");
    res.set_header("Content-Length", std::to_string(res.body.size()));
    current_->close = true;
  }
  if (req.version == "HTTP/1.0") current_->close = true;
  if (current_->close && !absl::EqualsIgnoreCase(req.get_header_value("Connection"), "close")) {
    res.headers.erase("Keep-Alive");
    res.headers.erase("Connection");
    res.set_header("Connection", "close");
  }
}

}  // namespace muster::webhook
