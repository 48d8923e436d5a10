#include "sim/report/html/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/string_view.h"

namespace muster::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Names that would end the element they are in, or be taken for a part of the template.
constexpr const char* kHostile[] = {"</script><script>alert(1)</script>",
                                    "</SCRIPT >",
                                    "<!-- <script>",
                                    "]]>",
                                    "{{data}} {{scripts}}",
                                    "\" onclick=\"x",
                                    "' onclick='x",
                                    "</title></style>",
                                    "&lt;",
                                    "\\u003c/script>",
                                    "\xe2\x80\xa8 line \xe2\x80\xae and direction"};

absl::string_view Between(absl::string_view text, absl::string_view open, absl::string_view close) {
  const size_t at = text.find(open);
  EXPECT_NE(at, text.npos) << open;
  text.remove_prefix(at + open.size());
  return text.substr(0, text.find(close));
}

size_t Count(absl::string_view text, absl::string_view what) {
  size_t n = 0;
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) ++n;
  return n;
}

TEST(PageTest, DataIsReadBackAsItWasWhateverTheNamesAre) {
  nlohmann::json data = {{"resource", "nvidia.com/gpu"}, {"names", kHostile}};
  Page page{.title = "t", .description = "d", .style = "", .scripts = {"run();"}, .data = data.dump()};
  const std::string html = RenderPage(page);
  // As a browser reads it: up to the first end tag.
  const absl::string_view text = Between(html, "<script type=\"application/json\" id=\"data\">", "</script>");
  EXPECT_EQ(nlohmann::json::parse(text), data);
  EXPECT_EQ(text.find('<'), text.npos);
  EXPECT_THAT(html, HasSubstr("run();"));
}

TEST(PageTest, NoNameAddsAnElementToThePage) {
  Page plain{.title = "t", .description = "d", .style = "", .scripts = {}, .data = "{}"};
  const size_t tags = Count(RenderPage(plain), "<");
  for (const char* name : kHostile) {
    Page page{.title = name, .description = name, .style = "", .scripts = {}, .data = nlohmann::json(name).dump()};
    EXPECT_EQ(Count(RenderPage(page), "<"), tags) << name;
  }
}

TEST(PageTest, TextBetweenTags) {
  EXPECT_EQ(EscapeHtml("a<b>&\"c'"), "a&lt;b&gt;&amp;&quot;c&#39;");
  EXPECT_EQ(EscapeHtml("plain, \xc3\xbc"), "plain, \xc3\xbc");
}

TEST(PageTest, TheLibraryStandsInItWithItsLicenceAndNothingIsFetched) {
  const std::string html = RenderPage({.title = "t", .description = "d", .style = "", .scripts = {}, .data = "{}"});
  EXPECT_THAT(html, HasSubstr("var uPlot=function()"));
  EXPECT_THAT(html, HasSubstr("Permission is hereby granted"));
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));
  for (const char* fetches : {" src=", "@import", "url(", "<link", "fetch(", "XMLHttpRequest"}) {
    EXPECT_THAT(html, Not(HasSubstr(fetches)));
  }
}

}  // namespace
}  // namespace muster::sim
