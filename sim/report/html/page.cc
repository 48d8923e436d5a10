#include "sim/report/html/page.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/check.h"
#include "sim/files/output_file.h"
#include "sim/report/html/page_assets.h"

namespace muster::sim {
namespace {

// The version that package.json asks for: "uplot": "1.6.32".
absl::string_view UplotVersion() {
  absl::string_view text = assets::kPackageJson;
  constexpr absl::string_view kKey = "\"uplot\": \"";
  const size_t at = text.find(kKey);
  MUSTER_CHECK(at != text.npos, "third_party/web/package.json names uplot");
  text.remove_prefix(at + kKey.size());
  return text.substr(0, text.find('"'));
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

// "<" stands in strings alone: JSON has no other use for it.
std::string EscapeJson(absl::string_view json) { return absl::StrReplaceAll(json, {{"<", "\\u003c"}}); }

std::string RenderPage(const Page& page) {
  std::vector<absl::string_view> scripts = {assets::kUplotJs, assets::kBaseJs, assets::kChartsJs};
  scripts.insert(scripts.end(), page.scripts.begin(), page.scripts.end());
  const std::string title = EscapeHtml(page.title), description = EscapeHtml(page.description);
  const std::string data = EscapeJson(page.data), script = absl::StrJoin(scripts, "\n");
  const std::string style = absl::StrCat(assets::kUplotCss, "\n", assets::kBaseCss, page.style);
  const std::pair<absl::string_view, absl::string_view> parts[] = {{"title", title},
                                                                   {"description", description},
                                                                   {"style", style},
                                                                   {"data", data},
                                                                   {"uplot_license", assets::kUplotLicense},
                                                                   {"uplot_version", UplotVersion()},
                                                                   {"scripts", script}};
  // One walk over the template: what is put in is not looked at again.
  std::string out;
  out.reserve(data.size() + script.size() + style.size() + (1 << 13));
  absl::string_view rest = assets::kPageHtml;
  for (size_t open = rest.find("{{"); open != rest.npos; open = rest.find("{{")) {
    const size_t close = rest.find("}}", open);
    const absl::string_view name = rest.substr(open + 2, close - open - 2);
    absl::StrAppend(&out, rest.substr(0, open));
    bool known = false;
    for (const auto& [key, value] : parts) {
      if (key != name) continue;
      absl::StrAppend(&out, value);
      known = true;
    }
    MUSTER_CHECK(known, "page.html names parts that there are");
    rest.remove_prefix(close + 2);
  }
  absl::StrAppend(&out, rest);
  return out;
}

absl::Status WritePage(const std::string& path, const Page& page) { return WriteFile(path, RenderPage(page)); }

}  // namespace muster::sim
