// What is tried leaves no trace, however its scope is left.
#include "quota/trial.h"

#include <optional>

#include "gtest/gtest.h"

namespace muster::quota {
namespace {

Forest Pair() {
  ForestSpec spec;
  spec.resource_of_fr = {0};
  spec.num_resources = 1;
  spec.nodes = {{"root", true, kNoNode, 1, {}}, {"a", false, 0, 1, {{0, 4, {}, {}}}}};
  return Forest::Build(spec).value();
}

TEST(Trial, TakesBackWhatHappenedWhileItLived) {
  Forest f = Pair();
  f.AddUsage(1, 0, 1);
  {
    const Trial outer(f, 1);
    f.AddUsage(1, 0, 2);
    {
      const Trial inner(f, 1);
      f.RemoveUsage(1, 0, 3);
      EXPECT_EQ(f.usage(0, 0), 0);
    }
    EXPECT_EQ(f.usage(1, 0), 3);
    EXPECT_EQ(f.usage(0, 0), 3);
  }
  EXPECT_EQ(f.usage(1, 0), 1);
  EXPECT_EQ(f.usage(0, 0), 1);
  f.AddUsage(1, 0, 5);  // for good: nothing is open any more
  {
    const Trial trial(f, 1);
    f.AddUsage(1, 0, 7);
  }
  EXPECT_EQ(f.usage(1, 0), 6);
}

TEST(Trial, EndsWithItsScopeAlsoWhenThatIsLeftEarly) {
  Forest f = Pair();
  const auto what_if = [&f](bool leave) {
    const Trial trial(f, 1);
    f.AddUsage(1, 0, 2);
    if (leave) return f.usage(1, 0);
    f.AddUsage(1, 0, 2);
    return f.usage(1, 0);
  };
  EXPECT_EQ(what_if(true), 2);
  EXPECT_EQ(what_if(false), 4);
  EXPECT_EQ(f.usage(1, 0), 0);
}

}  // namespace
}  // namespace muster::quota
