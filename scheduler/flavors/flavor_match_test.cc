// Whether pods may run on a flavor's nodes: its taints, and what the pods' selectors say about its labels.
#include "scheduler/flavors/flavor_match.h"

#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

using Terms = std::vector<api::NodeSelectorTerm>;
using Code = FlavorReason::Code;

api::Toleration Tolerate(const std::string& key, const std::string& effect = "") {
  api::Toleration t;
  t.key = key;
  t.op = "Exists";
  t.effect = effect;
  return t;
}

TEST(FlavorMatch, TaintsNeedATolerationOfThePodOrTheFlavor) {
  struct Case {
    const char* about;
    std::vector<api::Taint> taints;
    std::vector<api::Toleration> pods, flavors;
    const char* refused;  // by this taint; null: not at all
  };
  const api::Taint kSpot = {"spot", "true", "NoSchedule"}, kDrain = {"drain", "", "NoExecute"},
                   kSlow = {"slow", "", "PreferNoSchedule"};
  const Case kCases[] = {
      {"no taint", {}, {}, {}, nullptr},
      {"nobody tolerates it", {kSpot}, {}, {}, "{spot true NoSchedule <nil>}"},
      {"the pods do", {kSpot}, {Tolerate("spot")}, {}, nullptr},
      {"the flavor does", {kSpot}, {}, {Tolerate("spot")}, nullptr},
      {"another is tolerated", {kSpot}, {Tolerate("x")}, {Tolerate("y")}, "{spot true NoSchedule <nil>}"},
      {"one that evicts counts as well", {kDrain}, {}, {}, "{drain  NoExecute <nil>}"},
      {"one that only advises does not", {kSlow}, {}, {}, nullptr},
      {"behind one that only advises", {kSlow, kSpot}, {}, {}, "{spot true NoSchedule <nil>}"},
      {"behind one that is tolerated", {kSpot, kDrain}, {Tolerate("spot")}, {}, "{drain  NoExecute <nil>}"},
      {"one each", {kSpot, kDrain}, {Tolerate("spot")}, {Tolerate("drain")}, nullptr},
      {"another effect is tolerated", {kSpot}, {Tolerate("spot", "NoExecute")}, {}, "{spot true NoSchedule <nil>}"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    api::ResourceFlavor flavor;
    flavor.node_taints = c.taints;
    flavor.tolerations = c.flavors;
    api::PodSpec pod;
    pod.tolerations = c.pods;
    const std::optional<FlavorReason> reason = MatchFlavor(flavor, pod);
    ASSERT_EQ(reason.has_value(), c.refused != nullptr);
    if (!reason.has_value()) continue;
    EXPECT_EQ(reason->code, Code::kUntoleratedTaint);
    EXPECT_EQ(reason->detail, c.refused);
  }
}

TEST(FlavorMatch, OnlyTheFlavorsOwnLabelKeysCount) {
  const auto term = [](std::vector<api::Requirement> requirements) {
    return api::NodeSelectorTerm{std::move(requirements), {}};
  };
  const api::Requirement in_a = {"zone", "In", {"a"}}, in_b = {"zone", "In", {"b"}}, fast = {"speed", "In", {"fast"}},
                         slow = {"speed", "In", {"slow"}}, disk = {"disk", "In", {"ssd"}};
  struct Case {
    const char* about;
    api::StringMap selector;
    std::optional<Terms> required;
    bool matches;
  };
  // Of the flavor zone=a, speed=fast.
  const Case kCases[] = {
      {"nothing is asked", {}, std::nullopt, true},
      {"a key that the flavor does not define", {{"disk", "ssd"}}, std::nullopt, true},
      {"its value", {{"zone", "a"}}, std::nullopt, true},
      {"another value", {{"zone", "b"}}, std::nullopt, false},
      {"one key of two has another value", {{"speed", "fast"}, {"zone", "b"}}, std::nullopt, false},
      {"one key is not the flavor's, the other has another value",
       {{"disk", "ssd"}, {"zone", "b"}},
       std::nullopt,
       false},
      {"a term that fits", {}, Terms{term({in_a})}, true},
      {"a term that does not", {}, Terms{term({in_b})}, false},
      {"one requirement of two does not", {}, Terms{term({in_a, slow})}, false},
      {"in the other order", {}, Terms{term({slow, in_a})}, false},
      {"both do", {}, Terms{term({in_a, fast})}, true},
      {"a requirement about another key is left out", {}, Terms{term({disk, in_a})}, true},
      {"which does not help the others", {}, Terms{term({disk, in_b})}, false},
      {"terms are alternatives", {}, Terms{term({in_b}), term({in_a})}, true},
      {"the first of them is enough", {}, Terms{term({in_a}), term({in_b})}, true},
      {"none of them fits", {}, Terms{term({in_b}), term({slow})}, false},
      {"a term with nothing left lets everything through", {}, Terms{term({in_b}), term({disk})}, true},
      {"the selector counts besides", {{"zone", "b"}}, Terms{term({in_a})}, false},
      {"no terms", {}, Terms{}, false},
  };
  api::ResourceFlavor flavor;
  flavor.node_labels = {{"speed", "fast"}, {"zone", "a"}};
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.about);
    api::PodSpec pod;
    pod.node_selector = c.selector;
    if (c.required.has_value()) {
      pod.node_affinity.emplace();
      pod.node_affinity->required = c.required;
    }
    const std::optional<FlavorReason> reason = MatchFlavor(flavor, pod);
    ASSERT_EQ(!reason.has_value(), c.matches);
    if (reason.has_value()) {
      EXPECT_EQ(reason->code, Code::kNodeAffinityMismatch);
    }
  }
  // What is only preferred keeps nobody out.
  api::PodSpec pod;
  pod.node_affinity.emplace();
  pod.node_affinity->preferred = {{1, term({in_b})}};
  EXPECT_FALSE(MatchFlavor(flavor, pod).has_value());
}

}  // namespace
}  // namespace muster::scheduler
