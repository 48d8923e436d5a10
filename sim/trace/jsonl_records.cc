#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "sim/trace/lines.h"
#include "sim/trace/readers.h"

namespace muster::sim {
namespace {

constexpr size_t kMaxFields = 512;

// Flattens one object into a record while it is parsed: nothing else would notice a key that comes twice.
class Flattener : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Flattener(std::vector<std::string>* values) : values_(*values) {}

  // What was wrong, "" if nothing.
  const std::string& problem() const { return problem_; }
  // Of the values.
  std::vector<std::string>& names() { return names_; }

  bool null() override { return arrays_ == 0 || Put("null"); }
  bool boolean(bool value) override { return Put(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override { return Put(absl::StrCat(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Put(absl::StrCat(value)); }
  bool number_float(number_float_t, const string_t& text) override { return Put(text); }
  bool string(string_t& text) override { return Put(arrays_ == 0 ? text : nlohmann::json(text).dump()); }
  bool binary(binary_t&) override { return Fail("is not JSON"); }

  bool start_object(std::size_t) override {
    if (arrays_ > 0) return Open('{');
    if (object_) prefixes_.push_back(absl::StrCat(Prefix(), key_, "."));
    object_ = true;
    return true;
  }
  bool key(string_t& text) override {
    if (arrays_ > 0) {
      Separate();
      array_ += nlohmann::json(text).dump() + ":";
      first_ = true;  // the value needs no comma
    } else {
      key_ = text;
    }
    return true;
  }
  bool end_object() override {
    if (arrays_ > 0) return Close('}');
    if (!prefixes_.empty()) prefixes_.pop_back();
    return true;
  }
  bool start_array(std::size_t) override { return object_ ? Open('[') : Fail("is not a JSON object"); }
  bool end_array() override { return Close(']'); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return Fail("is not JSON");
  }

 private:
  bool Fail(std::string what) {
    if (problem_.empty()) problem_ = std::move(what);
    return false;
  }
  std::string Prefix() const { return prefixes_.empty() ? "" : prefixes_.back(); }
  void Separate() {
    if (!first_) array_ += ',';
    first_ = false;
  }
  bool Open(char bracket) {
    if (arrays_ > 0) Separate();
    ++arrays_;
    array_ += bracket;
    first_ = true;
    return true;
  }
  bool Close(char bracket) {
    array_ += bracket;
    first_ = false;
    if (--arrays_ > 0) return true;
    const std::string text = std::move(array_);
    array_.clear();
    return Put(text);
  }
  bool Put(std::string text) {
    if (!object_) return Fail("is not a JSON object");
    if (arrays_ > 0) {
      Separate();
      array_ += text;
      return true;
    }
    std::string name = absl::StrCat(Prefix(), key_);
    if (std::find(names_.begin(), names_.end(), name) != names_.end()) {
      return Fail(absl::StrCat("has the field \"", name.substr(0, 80), "\" twice"));
    }
    if (names_.size() == kMaxFields) return Fail(absl::StrCat("has more than ", kMaxFields, " fields"));
    names_.push_back(std::move(name));
    values_.push_back(std::move(text));
    return true;
  }

  std::vector<std::string> names_;
  std::vector<std::string>& values_;
  std::string problem_;
  std::vector<std::string> prefixes_;  // of the objects inside the row
  std::string key_, array_;            // array_: what is being read of an array, as text
  int arrays_ = 0;                     // depth inside of it
  bool object_ = false, first_ = true;
};

class JsonlReader : public RecordReader {
 public:
  explicit JsonlReader(std::istream* in) : lines_(in) {}

  absl::StatusOr<bool> Next(Record* record) override {
    bool too_long = false;
    do {
      absl::StatusOr<bool> more = lines_.Next(&line_, &too_long);
      if (!more.ok() || !*more) return more;
    } while (absl::StripAsciiWhitespace(line_).empty() && !too_long);
    record->row = lines_.number();
    record->values.clear();
    if (too_long) return RowTooLong();
    // Nesting is what makes a parser run out of stack; rows need very little of it.
    int depth = 0;
    for (char c : line_) {
      depth += (c == '{' || c == '[') - (c == '}' || c == ']');
      if (depth > 32) return absl::InvalidArgumentError("the row is nested more than 32 deep");
    }
    Flattener flattener(&record->values);
    try {
      nlohmann::json::sax_parse(line_, &flattener);
    } catch (const nlohmann::json::exception&) {  // text that is not UTF-8, when it is written again
      return absl::InvalidArgumentError("the row is not JSON");
    }
    if (!flattener.problem().empty()) return absl::InvalidArgumentError(absl::StrCat("the row ", flattener.problem()));
    // Most rows have the fields of the one before.
    if (record->names.list() != flattener.names()) record->names = ColumnNames(std::move(flattener.names()));
    return true;
  }

 private:
  Lines lines_;
  std::string line_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> NewJsonlReader(std::istream* in) {
  return std::make_unique<JsonlReader>(in);
}

}  // namespace muster::sim
