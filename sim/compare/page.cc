#include "sim/compare/page.h"

#include "sim/compare/page_script.h"
#include "sim/report/html/page.h"

namespace muster::sim {

absl::Status WriteComparisonPage(const std::string& path, const std::string& json) {
  Page page;
  page.title = "Replays compared";
  page.description = "The same jobs under other policies: what changed for each queue and each job, and why.";
  page.style = assets::kComparisonCss;
  page.scripts = {assets::kComparisonJs};
  page.data = json;
  return WritePage(path, page);
}

}  // namespace muster::sim
