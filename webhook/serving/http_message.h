// What handlers are asked and what they say, without connections.
#ifndef MUSTER_WEBHOOK_SERVING_HTTP_MESSAGE_H_
#define MUSTER_WEBHOOK_SERVING_HTTP_MESSAGE_H_

#include <string>
#include <utility>
#include <vector>

namespace muster::webhook {

struct HttpRequest {
  std::string method;
  std::string path;          // without query
  std::string content_type;  // as it was sent; "" = not sent
  std::string body;
  bool body_too_large = false;  // body is empty then
  bool too_costly = false;      // HttpServerOptions::max_cost; so it is then, too
  std::string remote;           // address of the peer
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool close = false;  // end the connection after this answer
};

// The answer as bytes of HTTP/1.1; 429 and 503 ask to try again after a second. `keep`: whether the connection goes on; `with_body` false: an answer to HEAD, which
// has the length of the body and no body.
std::string ToWire(const HttpResponse& response, bool keep, bool with_body);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_HTTP_MESSAGE_H_
