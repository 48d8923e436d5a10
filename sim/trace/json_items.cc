#include "sim/trace/json_items.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace muster::sim {
namespace {

constexpr int kAtEnd = -1, kCannot = -2;
constexpr int kMaxDepth = 100;

bool IsSpace(int c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Room for the byte after the last that counts: what is longer is noticed, and not kept.
void Keep(std::string* text, int c) {
  if (text->size() <= kMaxItem) text->push_back(static_cast<char>(c));
}

// {"continue": "..."} with something in it.
bool Continues(absl::string_view metadata) {
  constexpr absl::string_view kKey = "\"continue\"";
  const size_t at = metadata.find(kKey);
  if (at == absl::string_view::npos) return false;
  absl::string_view rest = absl::StripLeadingAsciiWhitespace(metadata.substr(at + kKey.size()));
  if (!absl::ConsumePrefix(&rest, ":")) return false;
  rest = absl::StripLeadingAsciiWhitespace(rest);
  return rest.size() > 1 && rest[0] == '"' && rest[1] != '"';
}

}  // namespace

JsonItems::JsonItems(std::istream* in) : in_(in), chunk_(1 << 16) {}

int JsonItems::Get() {
  if (at_ == end_) {
    try {
      at_ = 0;
      end_ = static_cast<size_t>(std::max<std::streamsize>(
          0, in_->rdbuf()->sgetn(chunk_.data(), static_cast<std::streamsize>(chunk_.size()))));
    } catch (const std::exception& e) {  // a stream buffer has no other way to say it
      end_ = 0;
      read_ = absl::DataLossError(
          absl::StrCat("cannot be read beyond line ", line_, ": ", e.what(), "; fetch the file again"));
      return kCannot;
    }
    if (end_ == 0) return kAtEnd;
  }
  const char c = chunk_[at_++];
  line_ += c == '\n' ? 1 : 0;
  return static_cast<unsigned char>(c);
}

void JsonItems::PutBack(int c) {
  --at_;
  line_ -= c == '\n' ? 1 : 0;
}

int JsonItems::GetNonSpace() {
  int c = Get();
  while (IsSpace(c)) c = Get();
  return c;
}

absl::Status JsonItems::Broken(int c) const {
  if (c == kCannot || !read_.ok()) return read_;
  if (c == kAtEnd)
    return absl::DataLossError(absl::StrCat("the JSON breaks off in line ", line_, "; fetch the file again"));
  return absl::DataLossError(absl::StrCat("line ", line_, " is not JSON"));
}

bool JsonItems::ReadString(std::string* text) {
  Keep(text, '"');
  for (bool escaped = false;;) {
    const int c = Get();
    if (c < 0) return false;
    Keep(text, c);
    if (c == '"' && !escaped) return true;
    escaped = c == '\\' && !escaped;
  }
}

bool JsonItems::ReadBrackets(int c, std::string* text) {
  Keep(text, c);
  for (int depth = 1, deepest = 1; depth > 0;) {
    c = Get();
    if (c < 0) return false;
    if (c == '"') {
      if (!ReadString(text)) return false;
      continue;
    }
    Keep(text, c);
    depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    deepest = std::max(deepest, depth);
    if (deepest > kMaxDepth) text->resize(kMaxItem + 1, ' ');  // as good as too long
  }
  return true;
}

bool JsonItems::ReadValue(int c, std::string* text) {
  if (c == '{' || c == '[') return ReadBrackets(c, text);
  if (c == '"') return ReadString(text);
  while (c >= 0 && c != ',' && c != '}' && !IsSpace(c)) {
    Keep(text, c);
    c = Get();
  }
  if (c < 0) return false;
  PutBack(c);
  return true;
}

// A field of the outermost object, whose opening quote was read. `items` is set when its items begin.
bool JsonItems::ReadField(bool* items) {
  std::string key, value;
  if (!ReadString(&key)) return false;
  int c = GetNonSpace();
  if (c != ':') return false;
  c = GetNonSpace();
  if (c < 0) return false;
  *items = key == "\"items\"" && c == '[';
  if (*items) return true;
  if (!ReadValue(c, &value)) return false;
  if (key == "\"metadata\"") goes_on_ |= Continues(value);
  if (own_.size() <= kMaxItem) absl::StrAppend(&own_, own_.empty() ? "" : ",", key, ":", value);
  return true;
}

absl::StatusOr<bool> JsonItems::Item(std::string* item, std::string text) {
  if (text.size() > kMaxItem) {
    return absl::InvalidArgumentError(
        absl::StrCat("the object has more than ", kMaxItem, " bytes or is nested more than ", kMaxDepth, " deep"));
  }
  *item = std::move(text);
  return true;
}

absl::StatusOr<bool> JsonItems::Next(std::string* item, int64_t* line) {
  item->clear();
  *line = line_;
  if (!read_.ok()) return read_;
  for (;;) {
    int c = GetNonSpace();
    while (c == ',' && place_ != Place::kOutside) c = GetNonSpace();
    if (c == kAtEnd && place_ == Place::kOutside) return false;
    if (c < 0) return Broken(c);
    *line = line_;
    if (place_ == Place::kOutside && (c == '{' || c == '[')) {
      place_ = c == '{' ? Place::kObject : Place::kArray;
      object_line_ = line_;
      own_.clear();
      has_items_ = goes_on_ = false;
    } else if ((place_ == Place::kArray || place_ == Place::kItems) && c == '{') {
      std::string text;
      if (!ReadBrackets(c, &text)) return Broken(kAtEnd);
      return Item(item, std::move(text));
    } else if (place_ == Place::kArray && c == ']') {
      place_ = Place::kOutside;
    } else if (place_ == Place::kItems && c == ']') {
      place_ = Place::kObject;
    } else if (place_ == Place::kObject && c == '"') {
      bool items = false;
      if (!ReadField(&items)) return Broken(kAtEnd);
      has_items_ |= items;
      if (items) place_ = Place::kItems;
    } else if (place_ == Place::kObject && c == '}') {
      place_ = Place::kOutside;
      *line = object_line_;
      if (!has_items_) return Item(item, list());
    } else {
      return Broken(c);
    }
  }
}

}  // namespace muster::sim
