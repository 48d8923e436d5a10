// Writing CSV (RFC 4180).
#ifndef MUSTER_SIM_REPORT_CSV_H_
#define MUSTER_SIM_REPORT_CSV_H_

#include <string>

#include "absl/strings/string_view.h"

namespace muster::sim {

// A field, quoted if it has to be. O(n).
std::string CsvField(absl::string_view text);
// The same at the end of a row.
void AppendCsvField(absl::string_view text, std::string* row);

// An amount as printf's "%.10g" writes it; quick for the whole numbers that most are.
void AppendAmount(double amount, std::string* row);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_CSV_H_
