// The rules for the head of a request that Beast's parser does not know. Internal to webhook/serving/.
//
// What Go's net/http server refuses is refused, and so is what two readers might understand differently: a proxy before
// this server must never see other requests in the same bytes.
#ifndef MUSTER_WEBHOOK_SERVING_HEAD_RULES_H_
#define MUSTER_WEBHOOK_SERVING_HEAD_RULES_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::webhook {

// Looks for the end of a head in bytes that arrive in pieces. Thread-compatible.
class HeadScanner {
 public:
  enum class Found { kNothing, kEnd, kBad };

  // `bytes`: the head so far; it only grew since the last call. kEnd: size() of them are the head. kBad: some byte may
  // not be there: a control character, a line end that is not CR LF, a line that goes on with a blank. O(new bytes).
  Found Scan(absl::string_view bytes);
  size_t size() const { return at_; }

 private:
  size_t at_ = 0;  // looked at so far
  bool line_empty_ = true;
};

// What the fields of a head say about its framing, collected one by one. Thread-compatible.
class FramingFields {
 public:
  void Add(absl::string_view name, absl::string_view value);
  // What is wrong with them for HTTP/1.1 or 1.0; "" = nothing.
  std::string Problem(bool http11) const;
  bool expects_continue() const { return expects_continue_; }
  const std::string& content_type() const { return content_type_; }

 private:
  int hosts_ = 0, lengths_ = 0, encodings_ = 0, types_ = 0;
  bool bad_host_ = false, bad_length_ = false, bad_encoding_ = false, bad_expect_ = false, expects_continue_ = false;
  std::string content_type_;
};

// The path of a request target: "/a?b" and "https://host/a" are "/a". "" when it is no target Go would take.
std::string PathOf(absl::string_view target);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_HEAD_RULES_H_
