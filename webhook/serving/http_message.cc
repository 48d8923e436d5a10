#include "webhook/serving/http_message.h"

#include <boost/beast/http/status.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace muster::webhook {

std::string ToWire(const HttpResponse& response, bool keep, bool with_body) {
  const boost::beast::string_view reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  std::string out;
  out.reserve(256 + (with_body ? response.body.size() : 0));
  absl::StrAppend(&out, "HTTP/1.1 ", response.status, " ", absl::string_view(reason.data(), reason.size()),
                  keep ? "\r\n" : "\r\nConnection: close\r\n", "Content-Length: ", response.body.size(),
                  "\r\nContent-Type: ", response.content_type, "\r\n");
  // An API server tries again then, within its timeout; without, it gives up at once.
  if (response.status == 429 || response.status == 503) out += "Retry-After: 1\r\n";
  for (const auto& [name, value] : response.headers) absl::StrAppend(&out, name, ": ", value, "\r\n");
  out += "\r\n";
  if (with_body) out += response.body;
  return out;
}

}  // namespace muster::webhook
