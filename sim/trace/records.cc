#include "sim/trace/records.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "sim/trace/blanks.h"

namespace muster::sim {
namespace {

constexpr size_t kMaxRow = 64 * 1024;

// Reads lines of bounded length; what is beyond the bound is read and dropped.
class Lines {
 public:
  explicit Lines(std::istream* in) : in_(in) {}

  // False at the end. Sets `too_long` if the line was cut.
  absl::StatusOr<bool> Next(std::string* line, bool* too_long) {
    line->clear();
    *too_long = false;
    std::streambuf* buf = in_->rdbuf();
    bool any = false;
    try {
      for (int c = buf->sbumpc(); c != EOF; c = buf->sbumpc()) {
        any = true;
        if (c == '\n') break;
        if (line->size() < kMaxRow) {
          line->push_back(static_cast<char>(c));
        } else {
          *too_long = true;
        }
      }
    } catch (const std::exception& e) {  // Boost's decompressors throw
      return absl::DataLossError(
          absl::StrCat("the file cannot be read beyond line ", number_, ": ", e.what(), "; fetch it again"));
    }
    if (!any) return false;
    ++number_;
    if (!line->empty() && line->back() == '\r') line->pop_back();
    if (number_ == 1 && absl::StartsWith(*line, "\xef\xbb\xbf")) line->erase(0, 3);
    return true;
  }
  int64_t number() const { return number_; }

 private:
  std::istream* in_;
  int64_t number_ = 0;
};

absl::Status TooLong() {
  return absl::InvalidArgumentError(absl::StrCat("the row is longer than ", kMaxRow, " bytes"));
}

class CsvReader : public RecordReader {
 public:
  explicit CsvReader(std::istream* in) : lines_(in) {}

  absl::Status ReadHeader() {
    int64_t row = 0;
    absl::StatusOr<bool> more = ReadRow(&header_, &row);
    if (!more.ok()) return more.status();
    if (!*more) return absl::InvalidArgumentError("the file is empty; a CSV file starts with a row of column names");
    for (std::string& name : header_) name = std::string(absl::StripAsciiWhitespace(name));
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Next(Record* record) override {
    if (record->names != header_) record->names = header_;
    absl::StatusOr<bool> more = ReadRow(&record->values, &record->row);
    if (!more.ok() || !*more) return more;
    if (record->values.size() != header_.size()) {
      return absl::InvalidArgumentError(absl::StrCat("the row has ", record->values.size(), " fields, the header has ",
                                                     header_.size(), "; add the missing fields or quote the commas"));
    }
    return true;
  }

 private:
  absl::StatusOr<bool> ReadRow(std::vector<std::string>* fields, int64_t* row) {
    bool too_long = false;
    do {
      absl::StatusOr<bool> more = lines_.Next(&line_, &too_long);
      if (!more.ok() || !*more) return more;
    } while (line_.empty() && !too_long);
    *row = lines_.number();
    if (too_long) return TooLong();
    fields->clear();
    std::string field;
    bool quoted = false, was_quoted = false;
    for (size_t i = 0;; ++i) {
      if (i == line_.size()) {
        if (!quoted) break;
        // The field goes on in the next line.
        std::string next;
        absl::StatusOr<bool> more = lines_.Next(&next, &too_long);
        if (!more.ok()) return more.status();
        if (!*more) return absl::InvalidArgumentError("a quote is opened and never closed");
        if (too_long || line_.size() + next.size() >= kMaxRow) return TooLong();
        line_ += "\n" + next;
      }
      const char c = line_[i];
      if (c == '\0') return absl::InvalidArgumentError("the row contains a NUL byte; is this a text file?");
      if (quoted) {
        if (c != '"') {
          field += c;
        } else if (i + 1 < line_.size() && line_[i + 1] == '"') {
          field += '"';
          ++i;
        } else {
          quoted = false;
        }
      } else if (c == '"' && field.empty() && !was_quoted) {
        quoted = was_quoted = true;
      } else if (c == ',') {
        fields->push_back(std::move(field));
        field.clear();
        was_quoted = false;
      } else if (was_quoted) {
        return absl::InvalidArgumentError("text follows a closing quote; double the quotes inside a quoted field");
      } else {
        field += c;
      }
    }
    fields->push_back(std::move(field));
    return true;
  }

  Lines lines_;
  std::string line_;
  std::vector<std::string> header_;
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
    record->names.clear();
    record->values.clear();
    if (too_long) return TooLong();
    // Nesting is what makes a parser run out of stack; rows need very little of it.
    int depth = 0;
    for (char c : line_) {
      depth += (c == '{' || c == '[') - (c == '}' || c == ']');
      if (depth > 32) return absl::InvalidArgumentError("the row is nested more than 32 deep");
    }
    nlohmann::json object = nlohmann::json::parse(line_, nullptr, /*allow_exceptions=*/false);
    if (object.is_discarded()) return absl::InvalidArgumentError("the row is not JSON");
    if (!object.is_object()) return absl::InvalidArgumentError("the row is not a JSON object");
    Flatten("", object, record);
    return true;
  }

 private:
  static void Flatten(const std::string& prefix, const nlohmann::json& object, Record* record) {
    for (const auto& [key, value] : object.items()) {
      if (value.is_object()) {
        Flatten(absl::StrCat(prefix, key, "."), value, record);
      } else if (!value.is_null()) {
        record->names.push_back(prefix + key);
        record->values.push_back(value.is_string() ? value.get<std::string>() : value.dump());
      }
    }
  }

  Lines lines_;
  std::string line_;
};

class SwfReader : public RecordReader {
 public:
  explicit SwfReader(std::istream* in) : lines_(in) {}

  absl::StatusOr<bool> Next(Record* record) override {
    static const auto* const kNames =
        new std::vector<std::string>({"job_id", "submit_s", "wait_s", "run_s", "procs_allocated", "cpu_s", "memory_kb",
                                      "procs_requested", "time_requested_s", "memory_requested_kb", "status", "user",
                                      "group", "app", "queue", "partition", "preceding_job", "think_s"});
    if (record->names != *kNames) record->names = *kNames;
    for (;;) {
      bool too_long = false;
      absl::StatusOr<bool> more = lines_.Next(&line_, &too_long);
      if (!more.ok() || !*more) return more;
      record->row = lines_.number();
      if (too_long) return TooLong();
      const absl::string_view text = absl::StripAsciiWhitespace(line_);
      if (text.empty() || text[0] == ';') continue;
      SplitAtBlanks(text, &record->values);
      if (record->values.size() != kNames->size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("the row has ", record->values.size(), " fields, SWF has ", kNames->size()));
      }
      return true;
    }
  }

 private:
  Lines lines_;
  std::string line_;
};

}  // namespace

std::optional<absl::string_view> Record::Get(absl::string_view name) const {
  for (size_t i = 0; i < names.size() && i < values.size(); ++i) {
    if (names[i] == name) return values[i];
  }
  return std::nullopt;
}

absl::StatusOr<std::unique_ptr<RecordReader>> NewRecordReader(Format format, std::istream* in) {
  if (format == Format::kSwf) return std::make_unique<SwfReader>(in);
  if (format == Format::kJsonl) return std::make_unique<JsonlReader>(in);
  auto csv = std::make_unique<CsvReader>(in);
  if (absl::Status status = csv->ReadHeader(); !status.ok()) return status;
  return csv;
}

}  // namespace muster::sim
