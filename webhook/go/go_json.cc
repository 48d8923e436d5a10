#include "webhook/go/go_json.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "api/json_text.h"

namespace muster::webhook {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// As encoding/json's quoteChar.
std::string QuoteChar(absl::string_view text, size_t at) {
  const char c = text[at];
  if (c == '\'') return R"('\'')";
  if (c == '"') return R"('"')";
  if (c == '\\') return R"('\\')";
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte < 0x7f) return absl::StrCat("'", text.substr(at, 1), "'");
  switch (c) {
    case '\n':
      return R"('\n')";
    case '\t':
      return R"('\t')";
    case '\r':
      return R"('\r')";
    default:
      break;
  }
  // A byte above 0x7f is taken for the code point of that number.
  if (byte >= 0xa1 && byte != 0xad) {
    return absl::StrCat(
        "'", std::string{static_cast<char>(0xc0 | (byte >> 6)), static_cast<char>(0x80 | (byte & 0x3f))}, "'");
  }
  if (byte >= 0x80) return absl::StrFormat("'\\u%04x'", byte);
  return absl::StrFormat("'\\x%02x'", byte);
}

// A scanner in the manner of encoding/json's, with a stack of its own.
class Scanner {
 public:
  explicit Scanner(absl::string_view text) : text_(text) {}

  std::string Run() {
    Space();
    if (!Value()) return error_;
    while (!stack_.empty()) {
      if (!Next()) return error_;
    }
    Space();
    if (at_ < text_.size()) Fail("after top-level value");
    return error_;
  }

 private:
  bool Fail(absl::string_view context) {
    error_ = at_ < text_.size() ? absl::StrCat("invalid character ", QuoteChar(text_, at_), " ", context)
                                : "unexpected end of JSON input";
    return false;
  }
  bool More() const { return at_ < text_.size(); }
  char Peek() const { return More() ? text_[at_] : '\0'; }
  void Space() {
    while (More() && (Peek() == ' ' || Peek() == '\t' || Peek() == '\r' || Peek() == '\n')) ++at_;
  }

  bool Push(char bracket) {
    ++at_;
    stack_.push_back(bracket);
    if (stack_.size() <= api::kMaxNesting) return true;
    error_ = "exceeded max depth";
    return false;
  }

  // Reads a scalar, or opens a list or object with its first element.
  bool Value() {
    if (!More()) return Fail("");
    const char c = Peek();
    if (c == '{') {
      if (!Push(c)) return false;
      Space();
      if (Peek() == '}') return Pop();
      return Key("looking for beginning of object key string");
    }
    if (c == '[') {
      if (!Push(c)) return false;
      Space();
      if (Peek() == ']') return Pop();
      return Value();
    }
    if (c == '"') return String();
    if (c == '-' || absl::ascii_isdigit(static_cast<unsigned char>(c))) return Number();
    if (c == 't') return Literal("true");
    if (c == 'f') return Literal("false");
    if (c == 'n') return Literal("null");
    return Fail("looking for beginning of value");
  }

  bool Pop() {
    ++at_;
    stack_.pop_back();
    return true;
  }

  bool Key(absl::string_view context) {
    Space();
    if (Peek() != '"') return Fail(context);
    if (!String()) return false;
    Space();
    if (Peek() != ':') return Fail("after object key");
    ++at_;
    Space();
    return Value();
  }

  // After an element of the innermost list or object.
  bool Next() {
    Space();
    const bool object = stack_.back() == '{';
    if (Peek() == (object ? '}' : ']') && More()) return Pop();
    if (Peek() != ',') return Fail(object ? "after object key:value pair" : "after array element");
    ++at_;
    Space();
    return object ? Key("looking for beginning of object key string") : Value();
  }

  bool String() {
    ++at_;
    while (More()) {
      const auto c = static_cast<unsigned char>(Peek());
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return Fail("in string literal");
      ++at_;
      if (c != '\\') continue;
      if (!More()) return Fail("");
      const char escape = Peek();
      if (escape == 'u') {
        ++at_;
        for (int i = 0; i < 4; ++i, ++at_) {
          if (!More() || !absl::ascii_isxdigit(static_cast<unsigned char>(Peek()))) {
            return Fail("in \\u hexadecimal character escape");
          }
        }
      } else if (absl::string_view("bfnrt\\/\"").find(escape) == absl::string_view::npos) {
        return Fail("in string escape code");
      } else {
        ++at_;
      }
    }
    return Fail("");
  }

  bool Digits(absl::string_view context) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(Peek()))) return Fail(context);
    while (absl::ascii_isdigit(static_cast<unsigned char>(Peek()))) ++at_;
    return true;
  }

  bool Number() {
    if (Peek() == '-') ++at_;
    if (Peek() == '0') {
      ++at_;
    } else if (!Digits("in numeric literal")) {
      return false;
    }
    if (Peek() == '.') {
      ++at_;
      if (!Digits("after decimal point in numeric literal")) return false;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      if (!Digits("in exponent of numeric literal")) return false;
    }
    return true;
  }

  bool Literal(absl::string_view word) {
    for (size_t i = 0; i < word.size(); ++i, ++at_) {
      if (Peek() != word[i]) return Fail(absl::StrCat("in literal ", word, " (expecting '", word.substr(i, 1), "')"));
    }
    return true;
  }

  absl::string_view text_;
  size_t at_ = 0;
  std::vector<char> stack_;
  std::string error_;
};

}  // namespace

std::string GoJsonSyntaxError(absl::string_view text) { return Scanner(text).Run(); }

void AppendGoJsonString(absl::string_view text, std::string* out) {
  if (!api::IsValidUtf8(text)) {
    // Bytes above 0x7f become U+FFFD, one each: an answer must be UTF-8 whatever the request was.
    std::string ascii;
    for (const char c : text) {
      if (static_cast<unsigned char>(c) < 0x80) {
        ascii.push_back(c);
      } else {
        ascii += "\xef\xbf\xbd";
      }
    }
    return AppendGoJsonString(ascii, out);
  }
  out->push_back('"');
  size_t copied = 0;
  const auto flush = [&](size_t upto) {
    out->append(text.data() + copied, upto - copied);
    copied = upto + 1;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      flush(i);
      out->push_back('\\');
      out->push_back(text[i]);
    } else if (c == 0xe2 && (text.substr(i, 3) == "\xe2\x80\xa8" || text.substr(i, 3) == "\xe2\x80\xa9")) {
      // Line and paragraph separators, which JavaScript would take for the end of a line.
      flush(i);
      out->append(text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029");
      i += 2;
      copied = i + 1;
    } else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
      flush(i);
      switch (c) {
        case '\n':
          out->append("\\n");
          break;
        case '\r':
          out->append("\\r");
          break;
        case '\t':
          out->append("\\t");
          break;
        case '\b':
          out->append("\\b");
          break;
        case '\f':
          out->append("\\f");
          break;
        default:
          out->append("\\u00");
          out->push_back(kHex[c >> 4]);
          out->push_back(kHex[c & 15]);
      }
    }
  }
  flush(text.size());
  out->push_back('"');
}

}  // namespace muster::webhook
