#include "scheduler/requests/resource_validation.h"

#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

using Texts = std::map<std::string, std::string>;

api::ResourceList List(const Texts& texts) {
  api::ResourceList out;
  for (const auto& [name, text] : texts) out[name] = api::Quantity::Parse(text).value();
  return out;
}

api::Container Ask(const Texts& requests, const Texts& limits = {}) {
  api::Container c;
  c.resources.requests = List(requests);
  c.resources.limits = List(limits);
  return c;
}

api::LimitRange Range(const std::string& type, const Texts& max, const Texts& min) {
  api::LimitRange range;
  range.limits.emplace_back().type = type;
  range.limits[0].max = List(max);
  range.limits[0].min = List(min);
  return range;
}

std::string WithinLimits(const std::vector<api::PodSpec>& pods) {
  std::vector<const api::PodSpec*> specs;
  for (const api::PodSpec& pod : pods) specs.push_back(&pod);
  return CheckRequestsWithinLimits(specs);
}

std::string WithinRanges(const std::vector<api::LimitRange>& ranges, const std::vector<api::PodSpec>& pods) {
  std::vector<const api::PodSpec*> specs;
  for (const api::PodSpec& pod : pods) specs.push_back(&pod);
  std::vector<const api::LimitRange*> pointers;
  for (const api::LimitRange& range : ranges) pointers.push_back(&range);
  return CheckLimitRanges(pointers, specs);
}

TEST(RequestsWithinLimits, EveryContainerAndEveryResourceIsTold) {
  api::PodSpec fine, pod;
  fine.containers = {Ask({{"cpu", "1"}, {"memory", "1Gi"}}, {{"cpu", "1"}})};
  EXPECT_EQ(WithinLimits({fine}), "");
  pod.containers = {Ask({{"memory", "2Gi"}, {"cpu", "200m"}}, {{"memory", "1Gi"}, {"cpu", "100m"}})};
  EXPECT_EQ(
      WithinLimits({fine, pod}),
      "spec.podSets[1].template.spec.containers[0]: Invalid value: [\"cpu\",\"memory\"]: requests must not exceed "
      "its limits");
  pod.init_containers = {Ask({{"cpu", "1"}}, {{"cpu", "500m"}})};
  pod.resources.emplace();
  pod.resources->requests = List({{"cpu", "3"}});
  pod.resources->limits = List({{"cpu", "2"}});
  EXPECT_EQ(WithinLimits({pod}),
            "[spec.podSets[0].template.spec.initContainers[0]: Invalid value: [\"cpu\"]: requests must not exceed its "
            "limits, spec.podSets[0].template.spec.containers[0]: Invalid value: [\"cpu\",\"memory\"]: requests must "
            "not exceed its limits, spec.podSets[0].template.spec.resources: Invalid value: [\"cpu\"]: requests must "
            "not exceed its limits]");
}

TEST(RequestsWithinLimits, ComparesWhatIsCounted) {
  api::PodSpec pod;
  pod.containers = {Ask({{"memory", "1500m"}}, {{"memory", "1400m"}})};  // both count as two bytes
  EXPECT_EQ(WithinLimits({pod}), "");
}

TEST(LimitRanges, ContainersAreHeldAgainstTheLowestMaximumAndTheHighestMinimum) {
  api::PodSpec pod;
  pod.init_containers = {Ask({{"cpu", "3"}})};
  pod.containers = {Ask({{"cpu", "300m"}, {"memory", "1Gi"}}), Ask({{"cpu", "100m"}}, {{"cpu", "2"}})};
  EXPECT_EQ(WithinRanges({}, {pod}), "");
  EXPECT_EQ(
      WithinRanges({Range("Container", {{"cpu", "300m"}}, {})}, {api::PodSpec(), pod}),
      "[spec.podSets[1].template.spec.initContainers[0]: Invalid value: [\"cpu\"]: requests must not be above the "
      "limitRange max, spec.podSets[1].template.spec.containers[1]: Invalid value: [\"cpu\"]: requests must not "
      "be above the limitRange max]");
  // The least of a container is its request, the most its limit.
  EXPECT_EQ(WithinRanges({Range("Container", {{"cpu", "4"}}, {{"cpu", "50m"}}),
                          Range("Container", {{"cpu", "5"}}, {{"cpu", "200m"}})},
                         {pod}),
            "spec.podSets[0].template.spec.containers[1]: Invalid value: [\"cpu\"]: requests must not be below the "
            "limitRange min");
}

TEST(LimitRanges, PodsAreHeldAgainstTheirSum) {
  api::PodSpec pod;
  pod.containers = {Ask({{"cpu", "1"}}), Ask({{"cpu", "1"}})};
  pod.overhead = List({{"cpu", "500m"}});
  EXPECT_EQ(WithinRanges({Range("Pod", {{"cpu", "2500m"}}, {})}, {pod}), "");
  EXPECT_EQ(WithinRanges({Range("Pod", {{"cpu", "2"}}, {{"cpu", "3"}, {"memory", "1"}})}, {pod}),
            "[spec.podSets[0].template.spec: Invalid value: [\"cpu\"]: requests must not be above the limitRange max, "
            "spec.podSets[0].template.spec: Invalid value: [\"cpu\"]: requests must not be below the limitRange min]");
}

TEST(LimitRanges, OtherTypesAndRatiosAreNotLookedAt) {
  api::PodSpec pod;
  pod.containers = {Ask({{"storage", "10"}, {"cpu", "1"}}, {{"cpu", "8"}})};
  api::LimitRange range = Range("PersistentVolumeClaim", {{"storage", "1"}}, {});
  range.limits.emplace_back().type = "Container";
  range.limits[1].max_limit_request_ratio = List({{"cpu", "2"}});
  EXPECT_EQ(WithinRanges({range}, {pod}), "");
}

}  // namespace
}  // namespace muster::scheduler
