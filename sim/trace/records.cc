#include "sim/trace/records.h"

#include "absl/strings/str_cat.h"
#include "sim/trace/readers.h"

namespace muster::sim {

std::optional<absl::string_view> Record::Get(absl::string_view name) const {
  const std::vector<std::string>& list = names.list();
  for (size_t i = 0; i < list.size() && i < values.size(); ++i) {
    if (list[i] == name) return values[i];
  }
  return std::nullopt;
}

std::string FormatRemark(const Remark& remark) {
  return absl::StrCat(remark.left_out ? "left out: " : "", remark.text, ": ", remark.count, ", first in line ",
                      remark.first_row);
}

void RecordReader::AddRemark(absl::string_view what, int64_t row, bool left_out) {
  for (Remark& remark : remarks_) {  // few kinds
    if (remark.text == what) {
      ++remark.count;
      return;
    }
  }
  remarks_.push_back({std::string(what), 1, row, left_out});
}

absl::StatusOr<std::unique_ptr<RecordReader>> NewRecordReader(Format format, std::istream* in,
                                                              const ReadOptions& options) {
  switch (format) {
    case Format::kCsv:
    case Format::kPhilly:
      return NewCsvReader(in);
    case Format::kJsonl:
      return NewJsonlReader(in);
    case Format::kSwf:
      return NewSwfReader(in);
    case Format::kSacct:
      return NewSacctReader(in, options);
    case Format::kKueue:
      return NewKueueReader(in);
    case Format::kOpenb:
      return NewOpenbReader(in);
  }
  return absl::InternalError("unknown format");
}

}  // namespace muster::sim
