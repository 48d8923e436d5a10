// Writing CSV (RFC 4180).
#ifndef MUSTER_SIM_REPORT_CSV_H_
#define MUSTER_SIM_REPORT_CSV_H_

#include <string>

namespace muster::sim {

// A field, quoted if it has to be. O(n).
std::string CsvField(const std::string& text);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_CSV_H_
