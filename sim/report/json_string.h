// Writing strings into JSON.
#ifndef MUSTER_SIM_REPORT_JSON_STRING_H_
#define MUSTER_SIM_REPORT_JSON_STRING_H_

#include <string>

namespace muster::sim {

// The text as a JSON string, with its quotes. What is no UTF-8 is replaced by U+FFFD. O(n).
std::string JsonString(const std::string& text);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_JSON_STRING_H_
