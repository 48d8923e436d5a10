#include "sim/report/csv.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace muster::sim {

void AppendCsvField(absl::string_view text, std::string* row) {
  if (text.find_first_of(",\"\r\n") == absl::string_view::npos) {
    row->append(text.data(), text.size());
    return;
  }
  *row += '"';
  for (const char c : text) row->append(c == '"' ? 2 : 1, c);
  *row += '"';
}

std::string CsvField(absl::string_view text) {
  std::string field;
  AppendCsvField(text, &field);
  return field;
}

void AppendAmount(double amount, std::string* row) {
  constexpr double kDigits = 1e10;  // from here on there are more than ten
  if (amount >= 1 && amount < kDigits) {
    if (const auto whole = static_cast<int64_t>(amount); static_cast<double>(whole) == amount) {
      absl::StrAppend(row, whole);
      return;
    }
  }
  absl::StrAppendFormat(row, "%.10g", amount);
}

}  // namespace muster::sim
