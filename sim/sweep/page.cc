#include "sim/sweep/page.h"

#include "sim/report/html/page.h"
#include "sim/sweep/page_script.h"

namespace muster::sim {

absl::Status WriteSweepPage(const std::string& path, const std::string& json) {
  Page page;
  page.title = "Sweep";
  page.description = "One trace under many policies: what each costs, and which are worth it.";
  page.style = assets::kSweepCss;
  page.scripts = {assets::kSweepJs};
  page.data = json;
  return WritePage(path, page);
}

}  // namespace muster::sim
