#include "manager/topology/placing.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "manager/jobs/testing/job_world.h"

namespace muster::manager {
namespace {

// Pods "p0 n1": gated, or with the host it was sent to; "p0#3": with an index; "p0#3/1": of the sub-group 1.
std::vector<kube::ObjectPtr> PodsOf(const std::vector<std::string>& texts) {
  std::vector<kube::ObjectPtr> pods;
  for (const std::string& text : texts) {
    const size_t space = text.find(' '), hash = text.find('#'), slash = text.find('/');
    const std::string name = text.substr(0, std::min(space, hash));
    nlohmann::json pod = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", name}, {"namespace", "g"}}}};
    if (hash != std::string::npos)
      pod["metadata"]["labels"]["index"] = text.substr(hash + 1, std::min(space, slash) - hash - 1);
    if (slash != std::string::npos) pod["metadata"]["labels"]["group"] = text.substr(slash + 1, space - slash - 1);
    if (space == std::string::npos) {
      pod["spec"]["schedulingGates"] = {{{"name", "kueue.x-k8s.io/topology"}}};
    } else {
      pod["spec"]["nodeSelector"]["kubernetes.io/hostname"] = text.substr(space + 1);
    }
    pods.push_back(*kube::Object::Parse(std::move(pod)));
  }
  return pods;
}

std::string TextOf(const std::vector<PlacedPod>& placed) {
  std::string text;
  for (const PlacedPod& each : placed) {
    absl::StrAppend(&text, text.empty() ? "" : " ", each.pod->name(), ":", each.domain->values.back());
  }
  return text;
}

TEST(PlaceGatedPods, ByNumberOrInOrder) {
  const api::TopologyAssignment two_each = {{"kubernetes.io/hostname"}, {{{"n1"}, 2}, {{"n2"}, 2}}};
  api::TopologyRequest numbered, grouped, badly_grouped;
  numbered.pod_index_label = "index";
  grouped = numbered;
  grouped.sub_group_index_label = "group";
  badly_grouped = grouped;
  grouped.sub_group_count = 2;
  const struct {
    const char* why;
    const api::TopologyRequest* request;
    std::vector<std::string> pods;
    const char* want;
    int64_t first = 0;
    int64_t end = 4;
  } kCases[] = {
      {"no request: in order", nullptr, {"a", "b", "c", "d"}, "a:n1 b:n1 c:n2 d:n2"},
      {"those that are there already count", nullptr, {"a n1", "b", "c n2", "d"}, "b:n1 d:n2"},
      {"more than there is room for wait", nullptr, {"a n1", "b n1", "c n2", "d n2", "e"}, ""},
      {"one too many in a domain takes nothing from another", nullptr, {"a n1", "b n1", "c n1", "d", "e"}, "d:n2 e:n2"},
      {"by number", &numbered, {"a#3", "b#1", "c#0", "d#2"}, "c:n1 b:n1 d:n2 a:n2"},
      {"some of them", &numbered, {"a#3", "b#0"}, "b:n1 a:n2"},
      {"one runs where its number says", &numbered, {"a#0 n1", "b#3"}, "b:n2"},
      {"one runs elsewhere: in order", &numbered, {"a#0 n2", "b#3"}, "b:n1"},
      {"one has no number: in order", &numbered, {"a#3", "b"}, "a:n1 b:n1"},
      {"a number that is none", &numbered, {"a#3", "b#+1"}, "a:n1 b:n1"},
      {"too large a number", &numbered, {"a#4", "b#0"}, "a:n1 b:n1"},
      {"the same number twice", &numbered, {"a#3", "b#3"}, "a:n1 b:n1"},
      {"numbers that start later", &numbered, {"a#4", "b#1"}, "b:n1 a:n2", 1, 5},
      {"a number before the first", &numbered, {"a#4", "b#0"}, "a:n1 b:n1", 1, 5},
      {"by sub-group and number", &grouped, {"a#1/1", "b#0/1", "c#0/0", "d#1/0"}, "c:n1 d:n1 b:n2 a:n2"},
      {"a number beyond the sub-group's size", &grouped, {"a#2/0", "b#0/1"}, "a:n1 b:n1"},
      {"a sub-group that is not there", &grouped, {"a#0/2", "b#0/1"}, "a:n1 b:n1"},
      {"sub-groups whose number is not known", &badly_grouped, {"a#1/1", "b#0/0"}, "a:n1 b:n1"},
  };
  for (const auto& c : kCases) {
    const PlacedPodSet pod_set = {&two_each, 4, c.request, c.first, c.end};
    EXPECT_EQ(TextOf(PlaceGatedPods(pod_set, PodsOf(c.pods))), c.want) << c.why;
  }
}

TEST(PlaceGatedPods, FewerPlacesThanPods) {
  const api::TopologyAssignment one = {{"kubernetes.io/hostname"}, {{{"n1"}, 2}}};
  api::TopologyRequest numbered;
  numbered.pod_index_label = "index";
  const PlacedPodSet pod_set = {&one, 3, &numbered, 0, 3};
  EXPECT_EQ(TextOf(PlaceGatedPods(pod_set, PodsOf({"a#2", "b#1", "c#0"}))), "a:n1 b:n1") << "rank 2 has no place";
  EXPECT_EQ(TextOf(PlaceGatedPods(pod_set, PodsOf({"b#1", "c#0"}))), "c:n1 b:n1");
}

TEST(PlaceGatedPods, DomainsOfSeveralLevels) {
  const api::TopologyAssignment racks = {{"block", "rack"}, {{{"b1", "r1"}, 1}, {{"b2", "r1"}, 1}}};
  std::vector<kube::ObjectPtr> pods = PodsOf({"a"});
  pods.push_back(*kube::Object::Parse({{"apiVersion", "v1"},
                                       {"kind", "Pod"},
                                       {"metadata", {{"name", "b"}, {"namespace", "g"}}},
                                       {"spec", {{"nodeSelector", {{"block", "b1"}, {"rack", "r1"}}}}}}));
  const std::vector<PlacedPod> placed = PlaceGatedPods({&racks, 2, nullptr, 0, 2}, pods);
  ASSERT_EQ(placed.size(), 1u);
  EXPECT_EQ(placed[0].domain->values[0], "b2");
}

TEST(PlaceGatedPods, CountsAsLargeAsTheyGet) {
  const api::TopologyAssignment huge = {{"kubernetes.io/hostname"}, {{{"n1"}, 2147483647}, {{"n2"}, 2147483647}}};
  api::TopologyRequest numbered;
  numbered.pod_index_label = "index";
  const PlacedPodSet pod_set = {&huge, 4294967294, &numbered, 0, 4294967294};
  EXPECT_EQ(TextOf(PlaceGatedPods(pod_set, PodsOf({"a#2147483646", "b#2147483647"}))), "a:n1 b:n2");
}

}  // namespace
}  // namespace muster::manager
