#include "api/feature_gates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::api {
namespace {

TEST(FeatureGates, DefaultsAndNames) {
  FeatureGates gates;
  EXPECT_TRUE(gates.IsOn(Gate::kPartialAdmission));
  EXPECT_FALSE(gates.IsOn(Gate::kTASBalancedPlacement));
  EXPECT_TRUE(gates.Set("TASBalancedPlacement", true).ok());
  EXPECT_TRUE(gates.IsOn(Gate::kTASBalancedPlacement));
  EXPECT_EQ(gates.Set("NoSuchGate", true),
            absl::InvalidArgumentError("featureGates.NoSuchGate: unrecognized feature gate"));
}

TEST(FeatureGates, EveryNameIsFoundAndSetsItsOwnGateAlone) {
  EXPECT_TRUE(std::is_sorted(kGates.begin(), kGates.end(),
                             [](const GateInfo& a, const GateInfo& b) { return a.name < b.name; }));
  for (size_t i = 0; i < kGates.size(); ++i) {
    FeatureGates gates;
    ASSERT_TRUE(gates.Set(kGates[i].name, !kGates[i].default_on).ok()) << kGates[i].name;
    for (size_t j = 0; j < kGates.size(); ++j) {
      EXPECT_EQ(gates.IsOn(static_cast<Gate>(j)), kGates[j].default_on != (i == j)) << kGates[i].name;
    }
  }
  EXPECT_EQ(FindGate(""), std::nullopt);
  EXPECT_EQ(FindGate("Z"), std::nullopt);
  EXPECT_EQ(FindGate("PartialAdmissions"), std::nullopt);
}

TEST(FeatureGates, AReaderSeesTheGatesThatAreSet) {
  GatesOf<GateReader::kEngine> engine;
  EXPECT_FALSE(engine[Gate::kPriorityBoost]);
  engine.Set(Gate::kPriorityBoost, true);
  EXPECT_TRUE(engine[Gate::kPriorityBoost]);
  const GatesOf<GateReader::kValidation> validation = engine;
  EXPECT_TRUE(validation[Gate::kPriorityBoost]);
}

std::string Row(const GateInfo& gate) {
  constexpr const char* kStages[] = {"alpha", "beta", "stable", "deprecated", "own"};
  std::vector<std::string> readers;
  if (gate.IsReadBy(GateReader::kEngine)) readers.push_back("engine");
  if (gate.IsReadBy(GateReader::kSimulator)) readers.push_back("simulator");
  if (gate.IsReadBy(GateReader::kWebhook)) readers.push_back("webhook");
  if (gate.IsReadBy(GateReader::kValidation)) readers.push_back("validation");
  return absl::StrCat("| ", gate.name, " | ", gate.default_on ? "on" : "off", " | ",
                      kStages[static_cast<size_t>(gate.stage)], " | ", absl::StrJoin(readers, ", "), " |");
}

TEST(FeatureGates, ThePagePrintsTheTable) {
  std::ifstream page("docs/feature-gates.md");
  ASSERT_TRUE(page.good());
  std::vector<std::string> expected, found;
  for (const GateInfo& gate : kGates) expected.push_back(Row(gate));
  bool in_table = false;
  for (std::string line; std::getline(page, line);) {
    if (in_table && absl::StartsWith(line, "| ")) found.push_back(line);
    if (absl::StartsWith(line, "|---")) in_table = true;
  }
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace muster::api
