#include "kube/request.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace muster::kube {
namespace {

using nlohmann::json;

struct VerbForm {
  Verb verb;
  absl::string_view method;
  absl::string_view content_type;
};
constexpr VerbForm kVerbs[] = {
    {Verb::kGet, "GET", ""},
    {Verb::kCreate, "POST", "application/json"},
    {Verb::kUpdate, "PUT", "application/json"},
    {Verb::kMergePatch, "PATCH", "application/merge-patch+json"},
    {Verb::kStrategicPatch, "PATCH", "application/strategic-merge-patch+json"},
    {Verb::kApply, "PATCH", "application/apply-patch+yaml"},
    {Verb::kDelete, "DELETE", "application/json"},
};

const VerbForm& FormOf(Verb verb) {
  for (const VerbForm& form : kVerbs) {
    if (form.verb == verb) return form;
  }
  return kVerbs[0];
}

std::string PathOf(const Request& request) {
  const ResourceType& type = *request.key.type;
  std::string path =
      type.group.empty() ? absl::StrCat("/api/", type.version) : absl::StrCat("/apis/", type.group, "/", type.version);
  if (!request.key.ns.empty()) absl::StrAppend(&path, "/namespaces/", request.key.ns);
  absl::StrAppend(&path, "/", type.plural);
  if (!request.key.name.empty()) absl::StrAppend(&path, "/", request.key.name);
  if (!request.subresource.empty()) absl::StrAppend(&path, "/", request.subresource);
  return path;
}

// Field managers may have a slash and a colon; both stand in a query as they are.
std::string QueryOf(const Request& request) {
  std::vector<std::string> parts;
  if (!request.field_manager.empty()) parts.push_back(absl::StrCat("fieldManager=", request.field_manager));
  if (request.force) parts.push_back("force=true");
  if (request.dry_run) parts.push_back("dryRun=All");
  if (!request.propagation.empty()) parts.push_back(absl::StrCat("propagationPolicy=", request.propagation));
  std::string query;
  for (const std::string& part : parts) absl::StrAppend(&query, query.empty() ? "?" : "&", part);
  return query;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string Unescape(absl::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

absl::Status ReadQuery(absl::string_view query, Request* request) {
  for (absl::string_view part : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> field = absl::StrSplit(part, absl::MaxSplits('=', 1));
    const std::string value = Unescape(field.second);
    if (field.first == "fieldManager") {
      request->field_manager = value;
    } else if (field.first == "force") {
      request->force = value == "true";
    } else if (field.first == "dryRun") {
      request->dry_run = value == "All";
    } else if (field.first == "propagationPolicy") {
      request->propagation = value;
    } else if (field.first != "fieldValidation" && field.first != "timeout" && field.first != "gracePeriodSeconds") {
      return absl::InvalidArgumentError(absl::StrCat("query parameter ", field.first, " is not known"));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadPath(absl::string_view path, Request* request) {
  std::vector<absl::string_view> parts = absl::StrSplit(path, '/', absl::SkipEmpty());
  const absl::Status unknown = absl::InvalidArgumentError(absl::StrCat("path ", path, " is none of an object"));
  size_t at = 0;
  absl::string_view group;
  if (parts.size() >= 3 && parts[0] == "api") {
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    group = parts[1];
    at = 3;
  } else {
    return unknown;
  }
  // "namespaces/NAME/jobs/...", but not the Namespace itself or its status.
  if (parts.size() >= at + 3 && parts[at] == "namespaces" && FindByPlural(group, parts[at + 2]) != nullptr) {
    request->key.ns = std::string(parts[at + 1]);
    at += 2;
  }
  request->key.type = FindByPlural(group, parts[at]);
  if (request->key.type == nullptr) return unknown;
  if (parts.size() > at + 1) request->key.name = std::string(parts[at + 1]);
  if (parts.size() > at + 2) request->subresource = std::string(parts[at + 2]);
  if (parts.size() > at + 3) return unknown;
  return absl::OkStatus();
}

}  // namespace

HttpForm ToHttp(const Request& request) {
  const VerbForm& form = FormOf(request.verb);
  HttpForm http;
  http.method = std::string(form.method);
  http.path = PathOf(request) + QueryOf(request);
  if (!request.body.is_null()) {
    http.content_type = std::string(form.content_type);
    http.body = request.body.dump(-1, ' ', false, json::error_handler_t::replace);
  }
  return http;
}

absl::StatusOr<Request> FromHttp(absl::string_view method, absl::string_view path, absl::string_view content_type,
                                 absl::string_view body) {
  Request request;
  const VerbForm* form = nullptr;
  for (const VerbForm& each : kVerbs) {
    if (each.method == method && (method != "PATCH" || each.content_type == content_type)) {
      form = &each;
      break;
    }
  }
  if (form == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("no request is a ", method, " of ", content_type));
  }
  request.verb = form->verb;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(path, absl::MaxSplits('?', 1));
  if (absl::Status status = ReadPath(parts.first, &request); !status.ok()) return status;
  if (absl::Status status = ReadQuery(parts.second, &request); !status.ok()) return status;
  if (!body.empty()) {
    request.body = json::parse(body.begin(), body.end(), nullptr, /*allow_exceptions=*/false);
    if (request.body.is_discarded()) return absl::InvalidArgumentError("the body is no JSON");
  }
  return request;
}

std::string Summary(const Request& request) {
  const VerbForm& form = FormOf(request.verb);
  std::string text = absl::StrCat(form.method, " ", request.key.type->plural);
  if (!request.subresource.empty()) absl::StrAppend(&text, "/", request.subresource);
  absl::StrAppend(&text, " ");
  if (!request.key.ns.empty()) absl::StrAppend(&text, request.key.ns, "/");
  absl::StrAppend(&text, request.key.name);
  if (request.verb == Verb::kApply) absl::StrAppend(&text, " (apply");
  if (request.verb == Verb::kMergePatch) absl::StrAppend(&text, " (merge");
  if (request.verb == Verb::kStrategicPatch) absl::StrAppend(&text, " (strategic");
  const bool open =
      request.verb == Verb::kApply || request.verb == Verb::kMergePatch || request.verb == Verb::kStrategicPatch;
  if (!request.field_manager.empty()) absl::StrAppend(&text, open ? " " : " (", request.field_manager);
  if (request.force) absl::StrAppend(&text, ", forced");
  if (open || !request.field_manager.empty()) absl::StrAppend(&text, ")");
  return text;
}

}  // namespace muster::kube
