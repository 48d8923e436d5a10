#include "kube/client/http_connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <limits>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "kube/client/client_tls.h"

namespace muster::kube {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;

// API servers and what stands before them drop connections that are idle for a minute or more, some without a word.
constexpr absl::Duration kMaxIdle = absl::Seconds(30);
constexpr absl::Duration kConnectTimeout = absl::Seconds(10);
constexpr uint32_t kMaxHead = 32 << 10;
constexpr size_t kMaxBuffered = 64 << 10;  // also the longest line of a chunk
constexpr size_t kPiece = 16 << 10;
constexpr int kMaxRetryAfter = 3600;

absl::Status ToStatus(const error_code& code, bool stopped) {
  if (stopped) return absl::CancelledError("the client was stopped");
  if (code == beast::error::timeout) return absl::DeadlineExceededError("no answer in time");
  std::string what = code.message();
  if (code == http::error::partial_message || code == http::error::end_of_stream || code == net::error::eof ||
      code == net::ssl::error::stream_truncated) {
    what = "the connection was closed";
  }
  if (code.category() == net::error::get_ssl_category() &&
      ERR_GET_REASON(code.value()) == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    what = "the API server's certificate does not verify against the certificate authority given";
  }
  return absl::UnavailableError(absl::StrCat("no answer (", what, ")"));
}

absl::Duration RetryAfter(absl::string_view text) {
  int seconds = 0;
  if (!absl::SimpleAtoi(text, &seconds) || seconds < 0) return absl::ZeroDuration();
  return absl::Seconds(std::min(seconds, kMaxRetryAfter));
}

}  // namespace

class HttpConnection::Impl {
 public:
  Impl(const ApiEndpoint& endpoint, std::unique_ptr<net::ssl::context> tls)
      : endpoint_(endpoint), tls_(std::move(tls)), resolver_(io_) {}

  absl::StatusOr<Head> Send(const Message& message, SteadyTime deadline) {
    if (open() && (Since(idle_since_) > kMaxIdle || !IsQuiet())) Close();
    const bool kept = open();
    absl::StatusOr<Head> head = SendOnce(message, deadline);
    if (!head.ok() && kept && !answer_began_ && message.method != "POST" && absl::IsUnavailable(head.status())) {
      head = SendOnce(message, deadline);
    }
    return head;
  }

  absl::StatusOr<bool> ReadSome(std::string* body, SteadyTime deadline) {
    if (!parser_->is_done()) {
      char piece[kPiece];
      parser_->get().body().data = piece;
      parser_->get().body().size = sizeof piece;
      parser_->get().body().more = true;
      error_code code = Await(deadline, [&](auto& stream, auto done) {
        http::async_read_some(stream, buffer_, *parser_, std::move(done));
      });
      if (code == http::error::need_buffer) code = {};
      if (code) {
        Close();
        return ToStatus(code, stopped_);
      }
      body->append(piece, sizeof piece - parser_->get().body().size);
    }
    if (!parser_->is_done()) return true;
    idle_since_ = SteadyNow();
    // Bytes that nobody asked for would be taken for the next answer.
    if (!parser_->keep_alive() || buffer_.size() > 0) Close();
    return false;
  }

  void Close() {
    error_code ignored;
    if (secure_.has_value()) beast::get_lowest_layer(*secure_).socket().close(ignored);
    if (plain_.has_value()) plain_->socket().close(ignored);
    secure_.reset();
    plain_.reset();
    buffer_.clear();
  }

  void Stop() {
    stopped_ = true;
    net::post(io_, [this] {
      resolver_.cancel();
      if (secure_.has_value()) beast::get_lowest_layer(*secure_).close();
      if (plain_.has_value()) plain_->close();
    });
  }

 private:
  bool open() const { return secure_.has_value() || plain_.has_value(); }
  tcp::socket& socket() { return secure_.has_value() ? beast::get_lowest_layer(*secure_).socket() : plain_->socket(); }

  // Whether nothing has come since the last answer, not even the end.
  bool IsQuiet() {
    char byte;
    return recv(socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  // Runs one operation, which `start` begins with the stream and a handler, to its end.
  template <typename Start>
  error_code Await(SteadyTime deadline, Start start) {
    if (secure_.has_value()) return AwaitOn(*secure_, deadline, start);
    return AwaitOn(*plain_, deadline, start);
  }
  template <typename Stream, typename Start>
  error_code AwaitOn(Stream& stream, SteadyTime deadline, Start start) {
    if (stopped_) return net::error::operation_aborted;
    error_code result;
    bool done = false;
    beast::get_lowest_layer(stream).expires_at(deadline);
    start(stream, [&](error_code code, auto&&...) {
      result = code;
      done = true;
    });
    // Every operation ends by itself, by its deadline or because Stop closes the stream.
    for (io_.restart(); !done; io_.run_one()) {
    }
    return result;
  }

  // The addresses of the host. Names are looked up by a thread of the library that cannot be stopped: the wait can.
  absl::StatusOr<std::vector<tcp::endpoint>> Addresses(SteadyTime deadline) {
    const auto port = static_cast<uint16_t>(endpoint_.port);
    error_code code;
    const net::ip::address address = net::ip::make_address(endpoint_.host, code);
    if (!code) return std::vector<tcp::endpoint>{{address, port}};
    struct Answer {
      bool done = false;
      error_code code;
      std::vector<tcp::endpoint> found;
    };
    auto answer = std::make_shared<Answer>();  // outlives this call when the lookup does
    resolver_.async_resolve(endpoint_.host, std::to_string(port), [answer](error_code error, auto results) {
      answer->done = true;
      answer->code = error;
      for (const auto& result : results) answer->found.push_back(result.endpoint());
    });
    for (io_.restart(); !answer->done && SteadyNow() < deadline && !stopped_;) io_.run_one_until(deadline);
    if (!answer->done) return ToStatus(beast::error::timeout, stopped_);
    if (answer->code) return ToStatus(answer->code, stopped_);
    return std::move(answer->found);
  }

  absl::Status Connect(SteadyTime deadline) {
    deadline = std::min(deadline, After(kConnectTimeout));
    if (stopped_) return ToStatus(net::error::operation_aborted, true);
    const absl::StatusOr<std::vector<tcp::endpoint>> addresses = Addresses(deadline);
    if (!addresses.ok()) return addresses.status();
    if (tls_ != nullptr) {
      secure_.emplace(io_, *tls_);
    } else {
      plain_.emplace(io_);
    }
    error_code code = Await(deadline, [&](auto& stream, auto done) {
      beast::get_lowest_layer(stream).async_connect(*addresses, std::move(done));
    });
    if (!code) socket().set_option(tcp::no_delay(true), code);
    if (!code && secure_.has_value()) {
      net::ip::make_address(endpoint_.host, code);
      const bool named = static_cast<bool>(code);
      code = {};
      if (named) SSL_set_tlsext_host_name(secure_->native_handle(), endpoint_.host.c_str());
      code = AwaitOn(*secure_, deadline, [&](auto& stream, auto done) {
        stream.async_handshake(net::ssl::stream_base::client, std::move(done));
      });
    }
    if (!code) return absl::OkStatus();
    Close();
    return ToStatus(code, stopped_);
  }

  absl::StatusOr<Head> SendOnce(const Message& message, SteadyTime deadline) {
    answer_began_ = false;
    if (!open()) {
      if (absl::Status status = Connect(deadline); !status.ok()) return status;
    }
    http::request<http::string_body> request;
    request.version(11);
    request.method_string(message.method);
    request.target(message.target);
    const bool bare_ipv6 = endpoint_.host.find(':') != std::string::npos;
    request.set(http::field::host,
                absl::StrCat(bare_ipv6 ? "[" : "", endpoint_.host, bare_ipv6 ? "]:" : ":", endpoint_.port));
    for (const auto& [name, value] : message.headers) request.set(name, value);
    request.body() = message.body;
    // Also of none: there are servers that would wait for one.
    if (message.method != "GET") request.content_length(message.body.size());
    parser_.emplace();
    parser_->header_limit(kMaxHead);
    parser_->body_limit(std::numeric_limits<uint64_t>::max());  // the reader's business
    error_code code =
        Await(deadline, [&](auto& stream, auto done) { http::async_write(stream, request, std::move(done)); });
    if (!code) {
      code = Await(deadline, [&](auto& stream, auto done) {
        http::async_read_header(stream, buffer_, *parser_, std::move(done));
      });
    }
    if (code) {
      answer_began_ = buffer_.size() > 0 || parser_->got_some();
      Close();
      return ToStatus(code, stopped_);
    }
    answer_began_ = true;
    const bool has_end = parser_->chunked() || parser_->content_length().has_value() || parser_->is_done();
    Head head{static_cast<int>(parser_->get().result_int()), absl::ZeroDuration()};
    if (!has_end || head.status < 200) {
      Close();
      return absl::UnavailableError("no answer (one without a length)");
    }
    const auto retry_after = parser_->get()[http::field::retry_after];
    head.retry_after = RetryAfter(absl::string_view(retry_after.data(), retry_after.size()));
    return head;
  }

  const ApiEndpoint endpoint_;
  const std::unique_ptr<net::ssl::context> tls_;
  std::atomic<bool> stopped_{false};
  net::io_context io_{1};
  tcp::resolver resolver_;
  std::optional<beast::ssl_stream<beast::tcp_stream>> secure_;
  std::optional<beast::tcp_stream> plain_;
  beast::flat_buffer buffer_{kMaxBuffered};
  std::optional<http::response_parser<http::buffer_body>> parser_;
  SteadyTime idle_since_;
  bool answer_began_ = false;  // the last request got something back
};

HttpConnection::HttpConnection(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpConnection::~HttpConnection() = default;

absl::StatusOr<std::unique_ptr<HttpConnection>> HttpConnection::New(const ApiEndpoint& endpoint) {
  auto tls = MakeClientTls(endpoint);
  if (!tls.ok()) return tls.status();
  return std::unique_ptr<HttpConnection>(new HttpConnection(std::make_unique<Impl>(endpoint, *std::move(tls))));
}

absl::StatusOr<HttpConnection::Head> HttpConnection::Send(const Message& message, SteadyTime deadline) {
  return impl_->Send(message, deadline);
}
absl::StatusOr<bool> HttpConnection::ReadSome(std::string* body, SteadyTime deadline) {
  return impl_->ReadSome(body, deadline);
}
void HttpConnection::Close() { impl_->Close(); }
void HttpConnection::Stop() { impl_->Stop(); }

}  // namespace muster::kube
