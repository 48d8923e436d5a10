// A report page: one HTML file that is complete in itself. Styles, scripts, the charting library and the data stand in
// it, and its Content-Security-Policy forbids it to ask any server for anything.
//
// What all pages share is in base.css, base.js (elements, numbers with units, theme, sections, sortable tables) and
// charts.js (a shared range of time, charts, bars), as members of the JavaScript object Muster. A page adds its own
// script, which reads Muster.data and builds sections. Muster.data has at least `resource`, and `begin` and `end` in
// seconds if the page shows time.
#ifndef MUSTER_SIM_REPORT_HTML_PAGE_H_
#define MUSTER_SIM_REPORT_HTML_PAGE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::sim {

struct Page {
  std::string title;                       // plain text, from anywhere
  std::string description;                 // a sentence below it; the same
  absl::string_view style;                 // CSS after the shared one; the program's own
  std::vector<absl::string_view> scripts;  // JavaScript after the shared ones, in this order; the program's own
  std::string data;                        // JSON, with strings from anywhere in it
};

// The text of the page. Title, description and data may hold anything: they cannot end the element they are in.
// O(length).
std::string RenderPage(const Page& page);

// Writes it whole or not at all. Errors: Unavailable naming the file.
absl::Status WritePage(const std::string& path, const Page& page);

// Text as it may stand between tags and in attributes: & < > " ' as entities.
std::string EscapeHtml(absl::string_view text);

// JSON as it may stand in a script element: the same value, without "<".
std::string EscapeJson(absl::string_view json);

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_HTML_PAGE_H_
