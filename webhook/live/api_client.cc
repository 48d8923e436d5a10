#include "webhook/live/api_client.h"

#include <httplib.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/json_text.h"
#include "webhook/tls/openssl_ptr.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {
namespace {

constexpr size_t kMaxAnswer = size_t{256} << 20;
// One watch event: an object is at most a few MiB.
constexpr size_t kMaxLine = size_t{16} << 20;
constexpr size_t kMaxError = 64 << 10;

X509StorePtr StoreOf(const std::string& pem) {
  X509StorePtr store(X509_STORE_new());
  BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int count = 0;
  while (X509Ptr certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    X509_STORE_add_cert(store.get(), certificate.get());
    ++count;
  }
  ERR_clear_error();
  return count == 0 ? nullptr : std::move(store);
}

absl::StatusOr<std::unique_ptr<httplib::ClientImpl>> MakeClient(const ApiEndpoint& endpoint) {
  if (!endpoint.tls) return std::make_unique<httplib::ClientImpl>(endpoint.host, endpoint.port);
  std::unique_ptr<httplib::SSLClient> client;
  if (endpoint.client_certificate.empty()) {
    client = std::make_unique<httplib::SSLClient>(endpoint.host, endpoint.port);
  } else {
    BioPtr certificate_bio(
        BIO_new_mem_buf(endpoint.client_certificate.data(), static_cast<int>(endpoint.client_certificate.size())));
    BioPtr key_bio(BIO_new_mem_buf(endpoint.client_key.data(), static_cast<int>(endpoint.client_key.size())));
    X509Ptr certificate(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
    EvpKeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr || key == nullptr || X509_check_private_key(certificate.get(), key.get()) != 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("client certificate: cannot be used with its key: ", OpenSslError()));
    }
    client = std::make_unique<httplib::SSLClient>(endpoint.host, endpoint.port, certificate.get(), key.get());
  }
  SSL_CTX_set_min_proto_version(client->ssl_context(), TLS1_2_VERSION);
  client->enable_server_certificate_verification(!endpoint.skip_verify);
  if (!endpoint.ca.empty()) {
    X509StorePtr store = StoreOf(endpoint.ca);
    if (store == nullptr) return absl::InvalidArgumentError("certificate authority: has no certificate");
    client->set_ca_cert_store(store.release());  // the client's
  }
  return client;
}

absl::Status NoAnswer(const ApiEndpoint& endpoint, const std::string& path, httplib::Error error) {
  std::string what = httplib::to_string(error);
  if (error == httplib::Error::SSLServerVerification) {
    what += "; the API server's certificate does not verify against the certificate authority given";
  }
  return absl::UnavailableError(
      absl::StrCat("GET ", path, " from ", endpoint.host, ":", endpoint.port, ": no answer (", what, ")"));
}

void SetTimeout(httplib::ClientImpl* client, absl::Duration timeout) {
  const auto seconds = static_cast<time_t>(absl::ToInt64Seconds(timeout));
  const auto micros = static_cast<time_t>(absl::ToInt64Microseconds(timeout - absl::Seconds(seconds)));
  client->set_read_timeout(seconds, micros);
  client->set_connection_timeout(std::min<time_t>(seconds, 10), seconds < 10 ? micros : 0);
}

}  // namespace

ApiClient::ApiClient(const ApiEndpoint& endpoint, std::unique_ptr<httplib::ClientImpl> http)
    : endpoint_(endpoint), http_(std::move(http)) {}
ApiClient::~ApiClient() = default;

absl::StatusOr<std::unique_ptr<ApiClient>> ApiClient::New(const ApiEndpoint& endpoint) {
  absl::StatusOr<std::unique_ptr<httplib::ClientImpl>> http = MakeClient(endpoint);
  if (!http.ok()) return http.status();
  (*http)->set_keep_alive(true);
  (*http)->set_tcp_nodelay(true);
  return std::unique_ptr<ApiClient>(new ApiClient(endpoint, *std::move(http)));
}

absl::StatusOr<std::string> ApiClient::Token() const {
  if (endpoint_.token_file.empty()) return endpoint_.token;
  std::ifstream in(endpoint_.token_file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) {
    return absl::UnavailableError(absl::StrCat(endpoint_.token_file, ": the token cannot be read"));
  }
  return std::string(absl::StripAsciiWhitespace(text));
}

absl::Status ApiClient::Begin() {
  absl::MutexLock lock(&mutex_);
  if (stopped_) return absl::CancelledError("the client was stopped");
  busy_ = true;
  return absl::OkStatus();
}

void ApiClient::End() {
  absl::MutexLock lock(&mutex_);
  busy_ = false;
}

absl::StatusOr<ApiReply> ApiClient::Get(const std::string& path, absl::Duration timeout, absl::string_view accept) {
  if (absl::Status status = Begin(); !status.ok()) return status;
  const absl::Cleanup end = [this] { End(); };
  absl::StatusOr<std::string> token = Token();
  if (!token.ok()) return token.status();
  httplib::Headers headers = {{"Accept", std::string(accept)}, {"Accept-Encoding", "identity"}};
  if (!token->empty()) headers.emplace("Authorization", "Bearer " + *token);
  SetTimeout(http_.get(), timeout);
  const absl::Time deadline = absl::Now() + timeout;
  ApiReply reply;
  bool too_large = false;
  const httplib::Result result = http_->Get(endpoint_.base_path + path, headers, [&](const char* data, size_t size) {
    too_large = reply.body.size() + size > kMaxAnswer;
    if (!too_large) reply.body.append(data, size);
    return !too_large && absl::Now() < deadline;  // bytes that drip in never let the read time out
  });
  if (too_large) return absl::ResourceExhaustedError(absl::StrCat("GET ", path, ": the answer is larger than 256 MiB"));
  if (!result) return NoAnswer(endpoint_, path, result.error());
  reply.status = result->status;
  return reply;
}

absl::StatusOr<ApiReply> ApiClient::Stream(const std::string& path, absl::Duration silence,
                                           const std::function<bool(absl::string_view line)>& on_line) {
  if (absl::Status status = Begin(); !status.ok()) return status;
  const absl::Cleanup end = [this] { End(); };
  absl::StatusOr<std::string> token = Token();
  if (!token.ok()) return token.status();
  httplib::Headers headers = {{"Accept", "application/json"}, {"Accept-Encoding", "identity"}};
  if (!token->empty()) headers.emplace("Authorization", "Bearer " + *token);
  SetTimeout(http_.get(), silence);
  ApiReply reply;
  std::string pending;
  bool ended_here = false, too_large = false;
  const httplib::Result result = http_->Get(
      endpoint_.base_path + path, headers,
      [&](const httplib::Response& response) {
        reply.status = response.status;
        return true;
      },
      [&](const char* data, size_t size) {
        if (reply.status != 200) {
          if (reply.body.size() < kMaxError) reply.body.append(data, size);
          return true;
        }
        pending.append(data, size);
        size_t start = 0;
        for (size_t end; (end = pending.find('\n', start)) != std::string::npos; start = end + 1) {
          const absl::string_view line = absl::string_view(pending).substr(start, end - start);
          if (!line.empty() && !on_line(line)) {
            ended_here = true;
            return false;
          }
        }
        pending.erase(0, start);
        too_large = pending.size() > kMaxLine;
        return !too_large;
      });
  if (ended_here) return reply;
  if (too_large) return absl::ResourceExhaustedError(absl::StrCat("watch of ", path, ": an event larger than 16 MiB"));
  if (!result) return NoAnswer(endpoint_, path, result.error());
  return reply;
}

void ApiClient::Stop() {
  constexpr absl::Duration kAgain = absl::Milliseconds(20);
  absl::MutexLock lock(&mutex_);
  stopped_ = true;
  // The library's stop ends a request that has its socket, and misses one that is just about to take it: so again.
  const auto idle = [](bool* busy) { return !*busy; };
  do {
    http_->stop();
  } while (!mutex_.AwaitWithTimeout(absl::Condition(+idle, &busy_), kAgain));
}

std::string Explain(const ApiReply& reply) {
  std::string text = absl::StrCat(reply.status);
  absl::StatusOr<nlohmann::json> body = api::ParseJson(reply.body);
  if (body.ok() && body->is_object()) {
    for (const char* field : {"reason", "message"}) {
      const auto found = body->find(field);
      if (found != body->end() && found->is_string()) {
        absl::StrAppend(&text, field == std::string("reason") ? " " : ": ", found->get<std::string>());
      }
    }
  }
  return text;
}

}  // namespace muster::webhook
