#include "api/hyperpod/shorthand.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/json_text.h"

namespace muster::hyperpod {
namespace {

using nlohmann::json;

class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  absl::StatusOr<json> Run() {
    json object = json::object();
    absl::Status status = Pairs('\0', 0, &object);
    if (!status.ok()) return status;
    return object;
  }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  void SkipSpace() {
    while (!AtEnd() && absl::ascii_isspace(text_[at_])) ++at_;
  }
  absl::Status Expected(absl::string_view what) const {
    const std::string found = AtEnd() ? "the text ends" : absl::StrCat("there is '", std::string(1, Peek()), "'");
    return absl::InvalidArgumentError(
        absl::StrCat("shorthand, column ", at_ + 1, ": expected ", what, ", but ", found));
  }

  static bool IsKeyCharacter(char c) {
    return absl::ascii_isalnum(c) || absl::string_view("-_./#:@\\").find(c) != absl::string_view::npos;
  }

  // Whether "key=" comes next.
  bool KeyComes() const {
    size_t i = at_;
    while (i < text_.size() && absl::ascii_isspace(text_[i])) ++i;
    const size_t start = i;
    while (i < text_.size() && IsKeyCharacter(text_[i])) ++i;
    const bool some = i > start;
    while (i < text_.size() && absl::ascii_isspace(text_[i])) ++i;
    return some && i < text_.size() && text_[i] == '=';
  }

  // key=value pairs up to `close`, or to the end of the text when that is '\0'.
  absl::Status Pairs(char close, int depth, json* object);
  absl::Status Value(char close, int depth, json* value);
  absl::Status Items(int depth, json* list);
  absl::Status Scalar(absl::string_view stops, json* value);

  absl::string_view text_;
  size_t at_ = 0;
};

absl::Status Parser::Pairs(char close, int depth, json* object) {
  if (depth > api::kMaxNesting) return absl::InvalidArgumentError("shorthand nests too deep");
  SkipSpace();
  while (true) {
    const size_t start = at_;
    while (!AtEnd() && IsKeyCharacter(Peek())) ++at_;
    const std::string key(text_.substr(start, at_ - start));
    SkipSpace();
    if (key.empty()) return Expected("a key");
    if (Peek() != '=') return Expected(absl::StrCat("= after ", key));
    ++at_;
    SkipSpace();
    if (object->contains(key)) return absl::InvalidArgumentError(absl::StrCat("shorthand: ", key, " is given twice"));
    if (absl::Status s = Value(close, depth, &(*object)[key]); !s.ok()) return s;
    SkipSpace();
    if (close == '\0' ? AtEnd() : Peek() == close) return absl::OkStatus();
    if (Peek() != ',') return Expected(close == '\0' ? "a comma" : absl::StrCat("a comma or ", std::string(1, close)));
    ++at_;
    SkipSpace();
  }
}

absl::Status Parser::Value(char close, int depth, json* value) {
  if (Peek() == '[') return Items(depth + 1, value);
  if (Peek() == '{') {
    ++at_;
    *value = json::object();
    SkipSpace();
    if (Peek() != '}') {
      if (absl::Status s = Pairs('}', depth + 1, value); !s.ok()) return s;
    }
    ++at_;
    return absl::OkStatus();
  }
  if (absl::Status s = Scalar(close == '\0' ? "," : ",}", value); !s.ok()) return s;
  // key=a,b,c is a list, as long as what follows a comma is not a key.
  while (Peek() == ',' && !AtEnd()) {
    const size_t comma = at_++;
    if (KeyComes() || AtEnd()) {
      at_ = comma;
      break;
    }
    if (!value->is_array()) *value = json::array({std::move(*value)});
    json item;
    if (absl::Status s = Scalar(close == '\0' ? "," : ",}", &item); !s.ok()) return s;
    value->push_back(std::move(item));
  }
  return absl::OkStatus();
}

absl::Status Parser::Items(int depth, json* list) {
  if (depth > api::kMaxNesting) return absl::InvalidArgumentError("shorthand nests too deep");
  ++at_;  // [
  *list = json::array();
  SkipSpace();
  while (Peek() != ']') {
    json item;
    if (Peek() == '[' || Peek() == '{') {
      if (absl::Status s = Value(']', depth, &item); !s.ok()) return s;
    } else {
      if (absl::Status s = Scalar(",]", &item); !s.ok()) return s;
    }
    list->push_back(std::move(item));
    SkipSpace();
    if (Peek() == ']') break;
    if (Peek() != ',') return Expected("a comma or ]");
    ++at_;
    SkipSpace();
  }
  ++at_;
  return absl::OkStatus();
}

absl::Status Parser::Scalar(absl::string_view stops, json* value) {
  SkipSpace();
  std::string out;
  if (Peek() == '\'' || Peek() == '"') {
    const char quote = Peek();
    for (++at_; !AtEnd() && Peek() != quote; ++at_) {
      if (Peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      out.push_back(Peek());
    }
    if (AtEnd()) return Expected("the closing quote");
    ++at_;
    SkipSpace();
    if (!AtEnd() && stops.find(Peek()) == absl::string_view::npos) return Expected("a comma");
  } else {
    for (; !AtEnd() && stops.find(Peek()) == absl::string_view::npos; ++at_) {
      if (Peek() == '\\' && at_ + 1 < text_.size()) ++at_;
      out.push_back(Peek());
    }
    absl::StripTrailingAsciiWhitespace(&out);
  }
  *value = std::move(out);
  return absl::OkStatus();
}

// ---- Scripts.

struct Word {
  std::string text;
  int line = 0;
  bool ends_command = false;  // the word is ; & | or a line's end
};

// Words the way a shell splits them, without expanding anything.
std::vector<Word> SplitScript(absl::string_view script) {
  std::vector<Word> words;
  std::string word;
  bool in_word = false;
  int line = 1, start = 1;
  const auto flush = [&] {
    if (in_word) words.push_back({std::move(word), start, false});
    word.clear();
    in_word = false;
  };
  const auto begin = [&] {
    if (!in_word) start = line;
    in_word = true;
  };
  for (size_t i = 0; i < script.size(); ++i) {
    const char c = script[i];
    if (c == '\\' && i + 1 < script.size()) {
      if (script[i + 1] == '\r' && i + 2 < script.size() && script[i + 2] == '\n') ++i;
      ++i;
      if (script[i] == '\n') {
        ++line;
        flush();  // a continued line begins with space in practice
      } else {
        begin();
        word.push_back(script[i]);
      }
    } else if (c == '\'' || c == '"') {
      begin();
      for (++i; i < script.size() && script[i] != c; ++i) {
        if (script[i] == '\n') ++line;
        if (c == '"' && script[i] == '\\' && i + 1 < script.size() && (script[i + 1] == '"' || script[i + 1] == '\\'))
          ++i;
        word.push_back(script[i]);
      }
    } else if (c == '#' && !in_word) {
      while (i + 1 < script.size() && script[i + 1] != '\n') ++i;
    } else if (c == '\n' || c == ';' || c == '&' || c == '|' || c == '(' || c == ')' || c == '`') {
      flush();
      words.push_back({"", line, true});
      if (c == '\n') ++line;
    } else if (absl::ascii_isspace(c)) {
      flush();
    } else {
      begin();
      word.push_back(c);
    }
  }
  flush();
  words.push_back({"", line, true});
  return words;
}

}  // namespace

absl::StatusOr<json> ParseShorthand(absl::string_view text) { return Parser(text).Run(); }

std::vector<AwsCommand> FindAwsCommands(absl::string_view script) {
  std::vector<AwsCommand> commands;
  const std::vector<Word> words = SplitScript(script);
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].ends_command || words[i].text != "aws") continue;
    AwsCommand command;
    command.line = words[i].line;
    bool sagemaker = false;
    for (++i; i < words.size() && !words[i].ends_command; ++i) {
      std::string text = words[i].text;
      if (absl::StartsWith(text, "--")) {
        const size_t equals = text.find('=');
        command.options.push_back({text.substr(2, equals == std::string::npos ? equals : equals - 2), {}});
        if (equals != std::string::npos) command.options.back().values.push_back(text.substr(equals + 1));
        continue;
      }
      // Global options come before the service and the operation, each with one value.
      const bool takes_value =
          !command.options.empty() && (command.operation.empty() ? command.options.back().values.empty() : true);
      if (takes_value) {
        command.options.back().values.push_back(std::move(text));
      } else if (!sagemaker) {
        if (text != "sagemaker") break;
        sagemaker = true;
      } else if (command.operation.empty()) {
        command.operation = std::move(text);
      }
    }
    if (!command.operation.empty()) commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace muster::hyperpod
