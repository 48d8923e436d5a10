#include "manager/topology/tolerated.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace muster::manager {
namespace {

api::Toleration Exists(const std::string& key, const std::string& effect = "",
                       std::optional<int64_t> seconds = std::nullopt) {
  return {key, "Exists", "", effect, seconds};
}

TEST(Tolerated, TheLeastOfAllPodSetsAndTaints) {
  const api::Taint kept = {"a", "", "NoSchedule"}, driven = {"b", "", "NoExecute"},
                   soft = {"c", "", "PreferNoSchedule"};
  EXPECT_FALSE(HasSchedulingTaint({soft}));
  EXPECT_TRUE(HasSchedulingTaint({soft, driven}));
  const struct {
    const char* why;
    std::vector<api::Taint> taints;
    std::vector<std::vector<api::Toleration>> pod_sets;
    Tolerance want;
  } kCases[] = {
      {"none", {kept}, {{}}, Tolerance::kNever},
      {"preferences do not count", {soft}, {{}}, Tolerance::kAlways},
      {"tolerated", {kept}, {{Exists("a")}}, Tolerance::kAlways},
      {"of another effect", {kept}, {{Exists("a", "NoExecute")}}, Tolerance::kNever},
      {"one of two taints", {kept, driven}, {{Exists("a")}}, Tolerance::kNever},
      {"all taints", {kept, driven}, {{Exists("")}}, Tolerance::kAlways},
      {"one of two pod sets", {kept}, {{Exists("a")}, {}}, Tolerance::kNever},
      {"for some time", {driven}, {{Exists("b", "", 300)}}, Tolerance::kForAWhile},
      {"for some time, and for ever", {driven}, {{Exists("b", "", 300), Exists("b")}}, Tolerance::kAlways},
      {"one pod set for some time", {driven}, {{Exists("b")}, {Exists("b", "", 300)}}, Tolerance::kForAWhile},
      {"no pod set at all", {kept}, {}, Tolerance::kAlways},
  };
  for (const auto& c : kCases) EXPECT_EQ(ToleranceOf(c.taints, c.pod_sets), c.want) << c.why;
}

}  // namespace
}  // namespace muster::manager
