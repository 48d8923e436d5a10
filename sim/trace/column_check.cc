#include "sim/trace/column_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/nearest_name.h"

namespace muster::sim {
namespace {

std::string Meant(absl::string_view name, const std::vector<std::string>& names) {
  return api::MeantHint(name, std::vector<absl::string_view>(names.begin(), names.end()));
}

}  // namespace

absl::Status ColumnCheck::Complain(std::string what) {
  constexpr size_t kMost = 50;
  if (!lenient_) return absl::InvalidArgumentError(what);
  if (warnings_.size() < kMost) warnings_.push_back(std::move(what));
  return absl::OkStatus();
}

absl::Status ColumnCheck::Row(const Record& record) {
  if (!first_ && (HasHeader() || record.names == last_)) return absl::OkStatus();
  last_ = record.names;
  std::vector<std::string> fresh;
  for (const std::string& name : record.names.list()) {
    if (seen_.insert(name).second) fresh.push_back(name);
  }
  const bool header = std::exchange(first_, false) && HasHeader();
  if (header) {
    if (absl::Status s = Needed(); !s.ok()) return s;
  }
  for (const std::string& name : fresh) {
    if (!m_.strict_columns) break;
    if (absl::Status s = Unknown(name, record.row); !s.ok()) return s;
  }
  return header ? Missing() : absl::OkStatus();
}

// A column that is missing altogether is a wrong mapping, not 100,000 bad rows.
absl::Status ColumnCheck::Needed() const {
  for (const std::string& column : {m_.queue_column, m_.submit, m_.duration, m_.gpus}) {
    const bool manifest_says = column == m_.queue_column && (seen_.contains(m_.manifest) || !m_.queue.empty());
    if (column.empty() || absl::StrContains(column, '|') || seen_.contains(column) || manifest_says) continue;
    return absl::InvalidArgumentError(absl::StrCat("there is no column \"", column, "\"", Meant(column, last_.list()),
                                                   "; give a mapping file with --mapping or correct it"));
  }
  return absl::OkStatus();
}

absl::Status ColumnCheck::Finish() { return HasHeader() || first_ ? absl::OkStatus() : Missing(); }

absl::Status ColumnCheck::Unknown(absl::string_view column, int64_t row) {
  const std::vector<std::string>& own = Mapping::OwnColumns();
  if (std::find(own.begin(), own.end(), column) != own.end()) return absl::OkStatus();
  if (absl::ConsumePrefix(&column, m_.request_prefix) && !column.empty()) return absl::OkStatus();
  std::vector<std::string> known = own;
  known.push_back(m_.request_prefix);
  const std::string meant = Meant(column, known);
  return Complain(absl::StrCat("row ", row, ": column \"", column.substr(0, 80), "\" is none of Muster's",
                               meant.empty() ? "; take it out, or say with --mapping what the columns mean" : meant));
}

absl::Status ColumnCheck::Missing() {
  for (const std::string& column : m_.named) {
    if (seen_.contains(column)) continue;
    if (absl::StartsWith(column, "-") && seen_.contains(column.substr(1))) continue;  // its negative
    const std::string meant = Meant(column, last_.list());
    if (absl::Status s =
            Complain(absl::StrCat("the mapping names the column \"", column, "\", which is not there", meant));
        !s.ok()) {
      return s;
    }
  }
  return absl::OkStatus();
}

}  // namespace muster::sim
