#include "webhook/serving/head_rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace muster::webhook {
namespace {

bool IsControl(unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; }

bool IsHostCharacter(unsigned char c) {
  return absl::ascii_isalnum(c) ||
         absl::string_view("!$%&'()*+,-.:;=[]_~").find(static_cast<char>(c)) != absl::string_view::npos;
}

bool EscapesAreWhole(absl::string_view target) {
  for (size_t at = target.find('%'); at != absl::string_view::npos; at = target.find('%', at + 1)) {
    if (at + 2 >= target.size() || !absl::ascii_isxdigit(static_cast<unsigned char>(target[at + 1])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(target[at + 2]))) {
      return false;
    }
  }
  return true;
}

}  // namespace

HeadScanner::Found HeadScanner::Scan(absl::string_view bytes) {
  while (at_ < bytes.size()) {
    const unsigned char c = static_cast<unsigned char>(bytes[at_]);
    if (c == '\r') {
      if (at_ + 1 == bytes.size()) return Found::kNothing;  // what follows decides
      if (bytes[at_ + 1] != '\n') return Found::kBad;
      const bool first = at_ == 0;
      at_ += 2;
      if (line_empty_) return first ? Found::kBad : Found::kEnd;
      line_empty_ = true;
      continue;
    }
    if (IsControl(c)) return Found::kBad;
    if (line_empty_ && (c == ' ' || c == '\t')) return Found::kBad;
    line_empty_ = false;
    ++at_;
  }
  return Found::kNothing;
}

void FramingFields::Add(absl::string_view name, absl::string_view value) {
  value = absl::StripAsciiWhitespace(value);
  if (absl::EqualsIgnoreCase(name, "host")) {
    ++hosts_;
    bad_host_ |=
        !std::all_of(value.begin(), value.end(), [](char c) { return IsHostCharacter(static_cast<unsigned char>(c)); });
  } else if (absl::EqualsIgnoreCase(name, "content-length")) {
    ++lengths_;
    bad_length_ |= value.empty() || value.size() > 18 || !std::all_of(value.begin(), value.end(), absl::ascii_isdigit);
  } else if (absl::EqualsIgnoreCase(name, "transfer-encoding")) {
    ++encodings_;
    bad_encoding_ |= !absl::EqualsIgnoreCase(value, "chunked");
  } else if (absl::EqualsIgnoreCase(name, "expect")) {
    expects_continue_ = absl::EqualsIgnoreCase(value, "100-continue");
    bad_expect_ |= !expects_continue_;
  } else if (absl::EqualsIgnoreCase(name, "content-type")) {
    if (types_++ == 0) content_type_ = std::string(value);
  }
}

std::string FramingFields::Problem(bool http11) const {
  if (hosts_ > 1) return "more than one Host";
  if (http11 && hosts_ == 0) return "no Host";
  if (bad_host_) return "a Host that is none";
  if (lengths_ > 1) return "more than one Content-Length";
  if (bad_length_) return "a Content-Length that is no number";
  if (encodings_ > 0 && lengths_ > 0) return "both Content-Length and Transfer-Encoding";
  if (encodings_ > 1 || bad_encoding_) return "a Transfer-Encoding other than chunked";
  if (encodings_ > 0 && !http11) return "a Transfer-Encoding in HTTP/1.0";
  if (bad_expect_) return "an Expect other than 100-continue";
  return "";
}

std::string PathOf(absl::string_view target) {
  if (!EscapesAreWhole(target)) return "";
  if (target == "*") return "*";
  for (const absl::string_view scheme : {"http://", "https://"}) {
    if (!absl::StartsWithIgnoreCase(target, scheme)) continue;
    const size_t slash = target.find_first_of("/?", scheme.size());
    if (slash == absl::string_view::npos || target[slash] == '?') return "/";
    target.remove_prefix(slash);
    break;
  }
  if (target.empty() || target[0] != '/') return "";
  return std::string(target.substr(0, target.find('?')));
}

}  // namespace muster::webhook
