#include "kube/client/api_client.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "api/json_text.h"

namespace muster::kube {
namespace {

using nlohmann::json;

constexpr size_t kMaxToken = 64 << 10;
constexpr size_t kMaxExplanation = 300;

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  std::error_code error;
  // Nothing that would let the reader wait.
  if (!std::filesystem::is_regular_file(path, error)) {
    return absl::UnavailableError(absl::StrCat(path, ": the token cannot be read"));
  }
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxToken, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) return absl::UnavailableError(absl::StrCat(path, ": the token cannot be read"));
  text.resize(static_cast<size_t>(in.gcount()));
  return std::string(absl::StripAsciiWhitespace(text));
}

// The Status object of a reply, or null.
json StatusOf(const ApiReply& reply) {
  absl::StatusOr<json> body = api::ParseJson(reply.body);
  if (!body.ok() || !body->is_object() || body->value("kind", json()) != "Status") return nullptr;
  return *std::move(body);
}

std::string TextAt(const json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_string()) return "";
  std::string text = found->get<std::string>().substr(0, kMaxExplanation);
  // The cut may have gone through a character.
  while (!text.empty() && !api::IsValidUtf8(text)) text.pop_back();
  return text;
}

absl::Status About(const HttpForm& form, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(form.method, " ", form.path.substr(0, form.path.find('?')), ": ", status.message()));
}

}  // namespace

ApiClient::ApiClient(const ApiEndpoint& endpoint, ApiLimits limits, std::unique_ptr<HttpConnection> connection)
    : endpoint_(endpoint), limits_(limits), connection_(std::move(connection)) {}

absl::StatusOr<std::unique_ptr<ApiClient>> ApiClient::New(const ApiEndpoint& endpoint, ApiLimits limits) {
  absl::StatusOr<std::unique_ptr<HttpConnection>> connection = HttpConnection::New(endpoint);
  if (!connection.ok()) return connection.status();
  return std::unique_ptr<ApiClient>(new ApiClient(endpoint, limits, *std::move(connection)));
}

absl::StatusOr<std::string> ApiClient::Token() const {
  absl::StatusOr<std::string> token =
      endpoint_.token_file.empty() ? absl::StatusOr<std::string>(endpoint_.token) : ReadToken(endpoint_.token_file);
  if (!token.ok()) return token;
  if (token->size() >= kMaxToken || !std::all_of(token->begin(), token->end(), absl::ascii_isgraph)) {
    return absl::UnavailableError("the token is none: it has blanks or line ends in it, or is too long");
  }
  return token;
}

absl::StatusOr<ApiReply> ApiClient::Begin(const HttpForm& form, absl::string_view accept, SteadyTime deadline) {
  HttpConnection::Message message;
  message.method = form.method;
  message.target = endpoint_.base_path + form.path;
  message.body = form.body;
  absl::StatusOr<std::string> token = Token();
  for (bool again = false;; again = true) {
    if (!token.ok()) return token.status();
    message.headers = {{"Accept", std::string(accept)}, {"Accept-Encoding", "identity"}};
    if (!endpoint_.user_agent.empty()) message.headers.emplace_back("User-Agent", endpoint_.user_agent);
    if (!form.content_type.empty()) message.headers.emplace_back("Content-Type", form.content_type);
    if (!token->empty()) message.headers.emplace_back("Authorization", "Bearer " + *token);
    const absl::StatusOr<HttpConnection::Head> head = connection_->Send(message, deadline);
    if (!head.ok()) return About(form, head.status());
    if (head->status != 401 || again || endpoint_.token_file.empty()) {
      return ApiReply{head->status, "", head->retry_after};
    }
    // It may have been renewed since it was read.
    absl::StatusOr<std::string> renewed = Token();
    if (!renewed.ok() || *renewed == *token) return ApiReply{head->status, "", head->retry_after};
    token = std::move(renewed);
    std::string refusal;
    if (absl::Status status = ReadBody(limits_.error, deadline, &refusal); !status.ok()) return About(form, status);
  }
}

absl::Status ApiClient::ReadBody(size_t limit, SteadyTime deadline, std::string* body) {
  for (;;) {
    const absl::StatusOr<bool> more = connection_->ReadSome(body, deadline);
    if (!more.ok()) return more.status();
    if (body->size() > limit) {
      if (*more) connection_->Close();
      return absl::ResourceExhaustedError(absl::StrCat("the answer is larger than ", limit, " bytes"));
    }
    if (!*more) return absl::OkStatus();
  }
}

absl::StatusOr<ApiReply> ApiClient::Finish(const HttpForm& form, absl::StatusOr<ApiReply> reply, SteadyTime deadline) {
  if (!reply.ok()) return reply;
  const bool success = reply->status >= 200 && reply->status < 300;
  const absl::Status status = ReadBody(success ? limits_.answer : limits_.error, deadline, &reply->body);
  if (!status.ok()) return About(form, status);
  return reply;
}

absl::StatusOr<ApiReply> ApiClient::Get(const std::string& path, absl::Duration timeout, absl::string_view accept) {
  const SteadyTime deadline = After(timeout);
  const HttpForm form = {"GET", path, "", ""};
  return Finish(form, Begin(form, accept, deadline), deadline);
}

absl::StatusOr<ApiReply> ApiClient::Send(const HttpForm& form, absl::Duration timeout) {
  const SteadyTime deadline = After(timeout);
  return Finish(form, Begin(form, "application/json", deadline), deadline);
}

absl::StatusOr<ApiReply> ApiClient::Stream(const std::string& path, absl::Duration silence,
                                           const std::function<bool(absl::string_view line)>& on_line) {
  const SteadyTime deadline = After(silence);
  const HttpForm form = {"GET", path, "", ""};
  absl::StatusOr<ApiReply> reply = Begin(form, "application/json", deadline);
  if (!reply.ok() || reply->status != 200) return Finish(form, std::move(reply), deadline);
  if (absl::Status status = ReadLines(silence, on_line); !status.ok()) return About(form, status);
  return reply;
}

absl::Status ApiClient::ReadLines(absl::Duration silence, const std::function<bool(absl::string_view line)>& on_line) {
  std::string pending;
  size_t searched = 0;
  // Of the next complete line: bytes that drip in are no sign of life.
  SteadyTime deadline = After(silence);
  for (;;) {
    const absl::StatusOr<bool> more = connection_->ReadSome(&pending, deadline);
    if (!more.ok()) return more.status();
    size_t start = 0;
    for (size_t end; (end = pending.find('\n', searched)) != std::string::npos; start = searched = end + 1) {
      deadline = After(silence);
      if (end > start && !on_line(absl::string_view(pending).substr(start, end - start))) {
        connection_->Close();
        return absl::OkStatus();
      }
    }
    pending.erase(0, start);
    searched = pending.size();
    if (pending.size() > limits_.line) {
      connection_->Close();
      return absl::ResourceExhaustedError(absl::StrCat("an event larger than ", limits_.line, " bytes"));
    }
    if (!*more) {
      return pending.empty() ? absl::OkStatus() : absl::UnavailableError("it broke off in the middle of an event");
    }
  }
}

std::string ReasonOf(const ApiReply& reply) {
  const json status = StatusOf(reply);
  return status.is_null() ? "" : TextAt(status, "reason");
}

std::string MessageOf(const ApiReply& reply) {
  const json status = StatusOf(reply);
  return status.is_null() ? "" : TextAt(status, "message");
}

std::string Explain(const ApiReply& reply) {
  std::string text = absl::StrCat(reply.status);
  const json status = StatusOf(reply);
  if (status.is_null()) return text;
  const std::string reason = TextAt(status, "reason"), message = TextAt(status, "message");
  if (!reason.empty()) absl::StrAppend(&text, " ", reason);
  if (!message.empty()) absl::StrAppend(&text, ": ", message);
  return text;
}

}  // namespace muster::kube
