#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/json_text.h"
#include "api/yaml.h"

namespace muster::api {
namespace {

using nlohmann::json;

// What all aliases together may expand to, in the rough bytes of Weight.
constexpr size_t kMaxExpanded = size_t{8} << 20;
constexpr absl::string_view kStringTag = "tag:yaml.org,2002:str";
constexpr absl::string_view kCoreTags = "tag:yaml.org,2002:";

// Rough bytes of one node.
size_t Weight(const json& scalar) {
  return sizeof(json) + (scalar.is_string() ? scalar.get_ref<const std::string&>().size() : 0);
}

// Builds JSON from yaml-cpp's events. Complaints are thrown as the library's own exception, and caught in ParseYaml.
class JsonBuilder : public YAML::EventHandler {
 public:
  // The finished document; null when it was empty.
  json Take() { return std::exchange(root_, nullptr); }
  // The line that its content starts on, counted from 0.
  int line() const { return line_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // Before a stray "," the library finds empty documents without end, all in the same place.
    if (mark.pos == document_pos_) Fail(mark, "a document cannot start like this");
    document_pos_ = mark.pos;
    anchors_.clear();
    expanded_ = 0;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { AddScalar(mark, anchor, nullptr, "null"); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const bool plain = tag.empty() || tag == "?" || (absl::StartsWith(tag, kCoreTags) && tag != kStringTag);
    AddScalar(mark, anchor, plain && !IsKeyNext() ? ResolvePlainScalar(text) : json(text), text, plain);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto it = anchors_.find(anchor);
    if (it == anchors_.end()) Fail(mark, "an alias inside its own anchor");
    expanded_ += it->second.weight;
    if (expanded_ > kMaxExpanded) Fail(mark, "aliases expand to too large a document");
    if (IsKeyNext()) {
      if (!it->second.value.is_string()) Fail(mark, "a key must be a string");
      SetKey(mark, it->second.value.get<std::string>());
      return;
    }
    if (it->second.depth + stack_.size() > kMaxNesting) FailNesting(mark);
    Add(it->second.value, it->second.weight, it->second.depth);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, anchor, json::array());
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, anchor, json::object());
  }
  void OnMapEnd() override {
    Frame& frame = stack_.back();
    // What the map says itself comes before what is merged in, wherever the merge key stands.
    for (json& merged : frame.merges) {
      const json maps = merged.is_array() ? std::move(merged) : json::array({std::move(merged)});
      for (const json& map : maps) {
        if (!map.is_object()) Fail(frame.mark, "<< must refer to a map");
        for (const auto& [key, value] : map.items()) {
          if (!frame.value.contains(key)) frame.value[key] = value;
        }
      }
    }
    Close();
  }

 private:
  struct Frame {
    json value;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    size_t weight = sizeof(json);
    size_t depth = 1;  // levels of nesting within, itself included
    bool has_key = false;
    bool merge = false;  // the pending key is <<
    std::string key;
    std::vector<json> merges;
  };
  struct Anchor {
    json value;
    size_t weight;
    size_t depth;
  };

  [[noreturn]] static void Fail(const YAML::Mark& mark, const std::string& what) {
    throw YAML::ParserException(mark, what);
  }
  [[noreturn]] static void FailNesting(const YAML::Mark& mark) {
    Fail(mark, absl::StrCat("nests deeper than ", kMaxNesting, " levels"));
  }

  void NoteLine(const YAML::Mark& mark) {
    if (stack_.empty()) line_ = mark.line;
  }

  bool IsKeyNext() const { return !stack_.empty() && stack_.back().value.is_object() && !stack_.back().has_key; }

  void SetKey(const YAML::Mark& mark, const std::string& key) {
    Frame& frame = stack_.back();
    if (frame.value.contains(key)) Fail(mark, absl::StrCat("key \"", key, "\" is given twice"));
    frame.key = key;
    frame.has_key = true;
  }

  void AddScalar(const YAML::Mark& mark, YAML::anchor_t anchor, json value, const std::string& text,
                 bool plain = true) {
    NoteLine(mark);
    const size_t weight = Weight(value);
    if (anchor != 0) anchors_[anchor] = Anchor{value, weight, 0};
    if (IsKeyNext()) {
      SetKey(mark, text);
      stack_.back().merge = plain && text == "<<";
      return;
    }
    Add(std::move(value), weight, 0);
  }

  void Open(const YAML::Mark& mark, YAML::anchor_t anchor, json value) {
    if (IsKeyNext()) Fail(mark, "a key must be a string");
    if (stack_.size() >= kMaxNesting) FailNesting(mark);
    NoteLine(mark);
    Frame& frame = stack_.emplace_back();
    frame.value = std::move(value);
    frame.mark = mark;
    frame.anchor = anchor;
  }

  void Close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    if (frame.anchor != 0) anchors_[frame.anchor] = Anchor{frame.value, frame.weight, frame.depth};
    Add(std::move(frame.value), frame.weight, frame.depth);
  }

  void Add(json value, size_t weight, size_t depth) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& frame = stack_.back();
    frame.weight += weight;
    frame.depth = std::max(frame.depth, depth + 1);
    if (frame.value.is_array()) {
      frame.value.push_back(std::move(value));
    } else if (frame.merge) {
      frame.merges.push_back(std::move(value));
    } else {
      frame.weight += frame.key.size();
      frame.value[frame.key] = std::move(value);
    }
    frame.has_key = false;
    frame.merge = false;
  }

  std::vector<Frame> stack_;
  std::unordered_map<YAML::anchor_t, Anchor> anchors_;
  size_t expanded_ = 0;
  int line_ = 0;
  int document_pos_ = -1;
  json root_;
};

// A piece of the text that starts at a document marker (or at the beginning).
struct Piece {
  int line;
  absl::string_view text;
};

// Splits before every line that is a document marker. The rules of YAML forbid such a line anywhere else.
std::vector<Piece> SplitDocuments(absl::string_view text) {
  std::vector<Piece> pieces;
  size_t start = 0;
  int start_line = 1;
  int line = 1;
  for (size_t pos = 0; pos < text.size(); ++line) {
    const absl::string_view rest = text.substr(pos);
    if (pos > start && absl::StartsWith(rest, "---") && (rest.size() == 3 || absl::ascii_isspace(rest[3]))) {
      pieces.push_back({start_line, text.substr(start, pos - start)});
      start = pos;
      start_line = line;
    }
    const size_t newline = text.find('\n', pos);
    pos = newline == absl::string_view::npos ? text.size() : newline + 1;
  }
  pieces.push_back({start_line, text.substr(start)});
  return pieces;
}

void ParsePiece(const Piece& piece, std::vector<YamlDocument>& documents) {
  try {
    std::istringstream stream{std::string(piece.text)};
    YAML::Parser parser(stream);
    JsonBuilder builder;
    while (parser.HandleNextDocument(builder)) {
      json value = builder.Take();
      if (!value.is_null()) documents.push_back({piece.line + builder.line(), std::move(value), ""});
    }
  } catch (const YAML::Exception& e) {
    std::string where;
    if (!e.mark.is_null()) where = absl::StrCat("line ", piece.line + e.mark.line, ": ");
    documents.push_back({piece.line, nullptr, absl::StrCat("malformed YAML: ", where, e.msg)});
  } catch (const std::exception& e) {
    // The library's own slips (a bad stream, an overlong escape) surface as standard exceptions.
    documents.push_back({piece.line, nullptr, absl::StrCat("malformed YAML: ", e.what())});
  }
}

}  // namespace

std::vector<YamlDocument> ParseYaml(absl::string_view text) {
  std::vector<YamlDocument> documents;
  if (!IsValidUtf8(text)) {
    documents.push_back({1, nullptr, "not valid UTF-8"});
    return documents;
  }
  for (const Piece& piece : SplitDocuments(text)) ParsePiece(piece, documents);
  return documents;
}

}  // namespace muster::api
