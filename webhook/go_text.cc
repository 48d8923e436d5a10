#include "webhook/go_text.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "api/field_errors.h"
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

absl::Status NumError(absl::string_view function, absl::string_view text, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("strconv.", function, ": parsing ", GoQuote(text), ": ", what));
}

absl::StatusOr<int64_t> ParseInt(absl::string_view function, absl::string_view text, int64_t min, int64_t max) {
  absl::string_view digits = text;
  if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) digits.remove_prefix(1);
  for (const char c : digits) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return NumError(function, text, "invalid syntax");
  }
  if (digits.empty()) return NumError(function, text, "invalid syntax");
  int64_t value = 0;
  if (!absl::SimpleAtoi(text, &value) || value < min || value > max) {
    return NumError(function, text, "value out of range");
  }
  return value;
}

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

absl::StatusOr<int64_t> GoAtoi(absl::string_view text) {
  return ParseInt("Atoi", text, std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
}

absl::StatusOr<int32_t> GoParseInt32(absl::string_view text) {
  absl::StatusOr<int64_t> value =
      ParseInt("ParseInt", text, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max());
  if (!value.ok()) return value.status();
  return static_cast<int32_t>(*value);
}

absl::StatusOr<bool> GoParseBool(absl::string_view text) {
  for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return true;
  }
  for (const char* no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return false;
  }
  return NumError("ParseBool", text, "invalid syntax");
}

std::string GoTimeError(absl::string_view text) {
  absl::Time time;
  std::string unused;
  // Go wants the letters in upper case and no space around.
  if (text.find_first_of(" tz") == absl::string_view::npos &&
      absl::ParseTime(absl::RFC3339_full, text, &time, &unused)) {
    return "";
  }
  struct Element {
    absl::string_view layout;
    size_t digits;  // 0 = the layout itself
    int min;
    int max;
    absl::string_view name;
  };
  static constexpr Element kElements[] = {
      {"2006", 4, 0, 9999, "year"}, {"-", 0, 0, 0, ""}, {"01", 2, 1, 12, "month"}, {"-", 0, 0, 0, ""},
      {"02", 2, 0, 99, "day"},      {"T", 0, 0, 0, ""}, {"15", 2, 0, 23, "hour"},  {":", 0, 0, 0, ""},
      {"04", 2, 0, 59, "minute"},   {":", 0, 0, 0, ""}, {"05", 2, 0, 59, "second"}};
  const auto is_digit = [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); };
  absl::string_view rest = text;
  const auto cannot_parse = [&](absl::string_view as) {
    return absl::StrCat("parsing time ", GoQuote(text), " as \"2006-01-02T15:04:05Z07:00\": cannot parse ",
                        GoQuote(rest), " as ", GoQuote(as));
  };
  const auto says = [&](absl::string_view what) { return absl::StrCat("parsing time ", GoQuote(text), ": ", what); };
  for (const Element& element : kElements) {
    if (element.digits == 0) {
      if (rest.empty() || rest[0] != element.layout[0]) return cannot_parse(element.layout);
      rest.remove_prefix(1);
      continue;
    }
    const absl::string_view digits = rest.substr(0, element.digits);
    int value = 0;
    if (digits.size() < element.digits || !std::all_of(digits.begin(), digits.end(), is_digit) ||
        !absl::SimpleAtoi(digits, &value)) {
      return cannot_parse(element.layout);
    }
    if (value < element.min || value > element.max) return says(absl::StrCat(element.name, " out of range"));
    rest.remove_prefix(element.digits);
  }
  if (rest.size() > 1 && (rest[0] == '.' || rest[0] == ',') && is_digit(rest[1])) {
    rest.remove_prefix(1);
    while (!rest.empty() && is_digit(rest[0])) rest.remove_prefix(1);
  }
  if (!rest.empty() && rest[0] == 'Z') {
    rest.remove_prefix(1);
  } else {
    const bool zone = rest.size() >= 6 && (rest[0] == '+' || rest[0] == '-') && is_digit(rest[1]) &&
                      is_digit(rest[2]) && rest[3] == ':' && is_digit(rest[4]) && is_digit(rest[5]);
    if (!zone) return cannot_parse("Z07:00");
    rest.remove_prefix(6);
  }
  if (!rest.empty()) return says(absl::StrCat("extra text: ", GoQuote(rest)));
  return says("day out of range");
}

std::string GoTime(absl::string_view text) {
  absl::Time time;
  std::string unused;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &unused)) return std::string(text);
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string NotRegisteredError(absl::string_view api_version, absl::string_view kind) {
  return absl::StrCat("no kind ", GoQuote(kind), " is registered for version ", GoQuote(api_version),
                      " in scheme \"pkg/runtime/scheme.go:110\"");
}

std::string GoQuote(absl::string_view text) { return api::Quoted(text); }

}  // namespace muster::webhook
