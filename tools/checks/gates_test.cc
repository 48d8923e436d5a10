// Every gate that the table says is read is read there. The other way round, that nothing else is read, is known when
// compiling (GatesOf); it is held here again, by the words, so that the two agree on what a reader is.
#include <gtest/gtest.h>

#include <regex>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "api/feature_gates.h"
#include "tools/checks/source_files.h"

namespace muster::checks {
namespace {

using api::GateReader;

// The gates that files below `folder` name.
std::set<std::string> GatesNamedIn(const std::vector<SourceFile>& files, const std::string& folder) {
  static const std::regex kGate("\\bGate::k([A-Za-z0-9]+)");
  std::set<std::string> gates;
  for (const SourceFile& file : files) {
    if (!absl::StartsWith(file.path, folder) || absl::StrContains(file.path, "feature_gates.")) continue;
    for (std::sregex_iterator it(file.text.begin(), file.text.end(), kGate), end; it != end; ++it) {
      gates.insert((*it)[1]);
    }
  }
  return gates;
}

std::set<std::string> GatesOfReader(GateReader reader) {
  std::set<std::string> gates;
  for (const api::GateInfo& gate : api::kGates) {
    if (gate.IsReadBy(reader)) gates.insert(std::string(gate.name));
  }
  return gates;
}

TEST(Gates, AreReadWhereTheTableSaysSoAndNowhereElse) {
  const std::vector<SourceFile> files = SourceFiles();
  ASSERT_GT(files.size(), 200u);
  EXPECT_EQ(GatesNamedIn(files, "scheduler/"), GatesOfReader(GateReader::kEngine));
  EXPECT_EQ(GatesNamedIn(files, "sim/"), GatesOfReader(GateReader::kSimulator));
  EXPECT_EQ(GatesNamedIn(files, "webhook/"), GatesOfReader(GateReader::kWebhook));
  EXPECT_EQ(GatesNamedIn(files, "api/"), GatesOfReader(GateReader::kValidation));
  EXPECT_EQ(GatesNamedIn(files, "quota/"), std::set<std::string>());
}

}  // namespace
}  // namespace muster::checks
