#include "sim/trace/json_items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace muster::sim {
namespace {

using ::testing::ElementsAre;

// The items, or the message of the error.
std::vector<std::string> Items(const std::string& text) {
  std::istringstream in(text);
  JsonItems items(&in);
  std::vector<std::string> out;
  for (;;) {
    std::string item;
    int64_t line = 0;
    const absl::StatusOr<bool> more = items.Next(&item, &line);
    if (!more.ok()) {
      out.push_back(std::string(absl::IsDataLoss(more.status()) ? "broken" : "too long"));
      if (absl::IsDataLoss(more.status())) return out;
      continue;
    }
    if (!*more) return out;
    out.push_back(std::to_string(line) + ":" + item);
  }
}

TEST(JsonItemsTest, BracketsInStringsAreText) {
  EXPECT_THAT(Items("{\"items\":[{\"a\":\"}]\\\"{\"},\n{\"b\":[[],{}]}]}"),
              ElementsAre("1:{\"a\":\"}]\\\"{\"}", "2:{\"b\":[[],{}]}"));
  EXPECT_THAT(Items("{\"k\":\"{\"}"), ElementsAre("1:{\"k\":\"{\"}"));
}

TEST(JsonItemsTest, OnlyOutermostItemsAreAList) {
  EXPECT_THAT(Items("{\"a\": {\"items\": [{}]}, \"n\": 1, \"t\": true }\n\n{\"items\": 3}"),
              ElementsAre("1:{\"a\":{\"items\": [{}]},\"n\":1,\"t\":true}", "3:{\"items\":3}"));
  EXPECT_THAT(Items(""), ElementsAre());
  EXPECT_THAT(Items("{\"items\":[]}"), ElementsAre());
}

TEST(JsonItemsTest, WhatIsTooLongOrTooDeepIsSkipped) {
  const std::string longer = "{\"a\":\"" + std::string(kMaxItem, 'x') + "\"}";
  EXPECT_THAT(Items("[" + longer + ",{\"b\":1}]"), ElementsAre("too long", "1:{\"b\":1}"));
  const std::string deep = "{\"a\":" + std::string(200, '[') + std::string(200, ']') + "}";
  EXPECT_THAT(Items("[" + deep + ",{\"b\":1}]"), ElementsAre("too long", "1:{\"b\":1}"));
}

TEST(JsonItemsTest, WhatBreaksOffIsNoticedWhereverItDoes) {
  const std::string text = "{\"kind\":\"List\",\"items\":[{\"a\":\"b\"}],\"n\":{\"c\":1}}";
  for (size_t cut = 1; cut < text.size(); ++cut) EXPECT_EQ(Items(text.substr(0, cut)).back(), "broken") << cut;
  EXPECT_THAT(Items(text), ElementsAre("1:{\"a\":\"b\"}"));
}

}  // namespace
}  // namespace muster::sim
