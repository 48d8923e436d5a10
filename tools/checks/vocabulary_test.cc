// A label, annotation or other agreed name stands in api/vocabulary.h and is spelt nowhere else: a name spelt twice is
// misspelt once, and a label that nobody reads is no error anywhere.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tools/checks/source_files.h"

namespace muster::checks {
namespace {

constexpr char kVocabulary[] = "api/vocabulary.h";

// {name: the constant that holds it}, of the lines `inline constexpr char kX[] = "name";`.
std::map<std::string, std::string> NamesOf(const std::string& text, std::vector<std::string>* twice) {
  std::map<std::string, std::string> names;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::StartsWith(line, "inline constexpr char k")) continue;
    const std::vector<std::string> parts = absl::StrSplit(line, '"');
    const std::vector<std::string> words = absl::StrSplit(parts[0], absl::ByAnyChar(" ["));
    if (!names.emplace(parts.at(1), words.at(3)).second) twice->push_back(parts[1]);
  }
  return names;
}

TEST(Vocabulary, HasEveryNameOnce) {
  std::vector<std::string> twice;
  for (const SourceFile& file : SourceFiles()) {
    if (file.path != kVocabulary) continue;
    EXPECT_GT(NamesOf(file.text, &twice).size(), 50u);
  }
  EXPECT_EQ(twice, std::vector<std::string>());
}

TEST(Vocabulary, IsSpeltNowhereElse) {
  const std::vector<SourceFile> files = SourceFiles();
  std::map<std::string, std::string> names;
  std::vector<std::string> twice;
  for (const SourceFile& file : files) {
    if (file.path == kVocabulary) names = NamesOf(file.text, &twice);
  }
  for (const auto& [name, constant] : names) {
    if (!absl::StrContains(name, '/')) continue;  // a plain word, such as "default"
    for (const SourceFile& file : files) {
      if (file.path == kVocabulary) continue;
      EXPECT_FALSE(absl::StrContains(file.text, absl::StrCat("\"", name, "\"")))
          << file.path << " spells " << name << "; say api::" << constant;
    }
  }
}

}  // namespace
}  // namespace muster::checks
