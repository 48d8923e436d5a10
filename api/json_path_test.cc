#include "api/json_path.h"

#include <gtest/gtest.h>

#include <utility>

namespace muster::api {
namespace {

// Whether an element can be asked of a path that is held like this.
template <class P>
concept HasElements = requires(P path) {
  std::forward<P>(path).Field("a");
  std::forward<P>(path).Key("a");
  std::forward<P>(path).Item(0);
};

// The element would point to a parent that is gone.
static_assert(HasElements<JsonPath&>);
static_assert(HasElements<const JsonPath&>);
static_assert(!HasElements<JsonPath&&>);
static_assert(!HasElements<const JsonPath&&>);

TEST(JsonPath, PrintsAsKubernetesDoes) {
  const JsonPath root;
  EXPECT_EQ(root.ToString(), "");
  const JsonPath spec = root.Field("spec");
  const JsonPath containers = spec.Field("containers");
  const JsonPath first = containers.Item(0);
  const JsonPath requests = first.Field("resources.requests");
  EXPECT_EQ(requests.Key("cpu").ToString(), "spec.containers[0].resources.requests[cpu]");
  EXPECT_EQ(root.Item(2).ToString(), "[2]");
}

TEST(JsonPath, ARootMayHaveAName) {
  const JsonPath root{nullptr, "pod", -1, false};
  EXPECT_EQ(root.Field("spec").ToString(), "pod.spec");
}

}  // namespace
}  // namespace muster::api
