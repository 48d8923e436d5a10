#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "sim/trace/lines.h"
#include "sim/trace/readers.h"

namespace muster::sim {
namespace {

// Sets `fields` to the parts of a line between commas. Fields that were there are used again: row after row nothing is
// allocated. False, with `fields` in any state, if there is more to the line than that: a quote, or a NUL.
bool SplitPlain(absl::string_view line, std::vector<std::string>* fields) {
  if (memchr(line.data(), '"', line.size()) != nullptr || memchr(line.data(), '\0', line.size()) != nullptr)
    return false;
  size_t count = 0;
  for (bool last = false; !last;) {
    const size_t comma = line.find(',');
    last = comma == absl::string_view::npos;
    const absl::string_view field = line.substr(0, comma);
    if (count == fields->size()) fields->emplace_back();
    (*fields)[count++].assign(field.data(), field.size());
    if (!last) line.remove_prefix(comma + 1);
  }
  fields->resize(count);
  return true;
}

class CsvReader : public RecordReader {
 public:
  explicit CsvReader(std::istream* in) : lines_(in) {}

  absl::Status ReadHeader() {
    int64_t row = 0;
    std::vector<std::string> names;
    absl::StatusOr<bool> more = ReadRow(&names, &row);
    if (!more.ok()) return more.status();
    if (!*more) return absl::InvalidArgumentError("the file is empty; a CSV file starts with a row of column names");
    for (std::string& name : names) name = std::string(absl::StripAsciiWhitespace(name));
    header_ = ColumnNames(std::move(names));
    return CheckHeader(header_.list());
  }

  absl::StatusOr<bool> Next(Record* record) override {
    record->names = header_;
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
    if (too_long) return RowTooLong();
    if (SplitPlain(line_, fields)) return true;
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
        if (too_long || line_.size() + next.size() >= kMaxRow) return RowTooLong();
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
  ColumnNames header_;
};

}  // namespace

absl::Status CheckHeader(const std::vector<std::string>& names) {
  absl::flat_hash_map<absl::string_view, size_t> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    auto [earlier, fresh] = seen.emplace(names[i], i);
    if (fresh) continue;
    return absl::InvalidArgumentError(absl::StrCat("the header names the column \"", names[i].substr(0, 80),
                                                   "\" twice, as column ", earlier->second + 1, " and ", i + 1,
                                                   "; rename or take out one"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<RecordReader>> NewCsvReader(std::istream* in) {
  auto csv = std::make_unique<CsvReader>(in);
  if (absl::Status status = csv->ReadHeader(); !status.ok()) return status;
  return csv;
}

}  // namespace muster::sim
