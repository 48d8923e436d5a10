#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "base/strong_id.h"
#include "gtest/gtest.h"

namespace muster::base {
namespace {

using Apple = StrongId<struct AppleTag>;
using Pear = StrongId<struct PearTag>;

TEST(Check, SaysWhereAndWhat) {
  const std::vector<int> numbers = {1, 2};
  MUSTER_CHECK(numbers.size() == 2);
  EXPECT_DEATH(MUSTER_CHECK(numbers.empty()), "base_test.cc:[0-9]+: CHECK failed: numbers.empty\\(\\)\n");
  EXPECT_DEATH(MUSTER_CHECK(numbers.empty(), "there are " + std::to_string(numbers.size())),
               "CHECK failed: numbers.empty\\(\\): there are 2\n");
}

TEST(Check, WorksTheMessageOutOnlyWhenItIsNeeded) {
  int asked = 0;
  const auto message = [&asked] { return std::to_string(++asked); };
  MUSTER_CHECK(true, message());
  EXPECT_EQ(asked, 0);
}

TEST(StrongId, IsAnIndexOfItsOwnKindOnly) {
  static_assert(!std::is_convertible_v<Apple, Pear>);
  static_assert(!std::is_constructible_v<Pear, Apple>);
  static_assert(!std::is_assignable_v<Pear&, Apple>);
  static_assert(!std::is_convertible_v<int, Apple>, "a number becomes an id only when that is said");
  static_assert(std::is_constructible_v<Apple, int>);
  const std::vector<std::string> names = {"cox", "boskoop"};
  EXPECT_EQ(names[Apple(1)], "boskoop");
  EXPECT_LT(Apple(0), Apple(1));
  Apple next(0);
  EXPECT_EQ(++next, Apple(1));
}

TEST(StrongId, KnowsNone) {
  Apple none;
  EXPECT_EQ(none, NoId());
  EXPECT_EQ(none, -1);
  none = NoId();
  EXPECT_NE(Apple(0), NoId());
}

}  // namespace
}  // namespace muster::base
