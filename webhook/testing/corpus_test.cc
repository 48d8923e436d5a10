// Runs the fuzzer's hand-written corpus, and mutations of it that need no fuzzer, in every build.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "webhook/testing/fuzz_router.h"

namespace muster::webhook {
namespace {

constexpr int kPaths = 64;  // more than there are; the path is taken modulo their number

std::vector<std::string> Corpus() {
  std::ifstream in("webhook/testing/corpus/reviews.lines");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  }
  return lines;
}

TEST(Corpus, EveryPathAnswersEveryInput) {
  const std::vector<std::string> corpus = Corpus();
  ASSERT_GT(corpus.size(), 20u);
  for (const std::string& body : corpus) {
    for (int path = 0; path < kPaths; ++path) AskWithFuzzedInput(path, body);
  }
}

// Every value of every review becomes something else, one at a time.
void ReplaceEach(nlohmann::json& root, nlohmann::json& at, int path) {
  static const auto& kOthers = *new std::vector<nlohmann::json>{
      nullptr, true, -1, 1e300, 18446744073709551615u, "", "x/y/z", nlohmann::json::array({1}), {{"a", {{"b", "c"}}}}};
  const nlohmann::json kept = at;
  for (const nlohmann::json& other : kOthers) {
    at = other;
    AskWithFuzzedInput(path, root.dump());
  }
  at = kept;
  if (!at.is_structured()) return;
  for (auto& child : at) ReplaceEach(root, child, path);
}

TEST(Corpus, EveryValueMayBeOfAnyType) {
  int line = 0;
  for (const std::string& body : Corpus()) {
    nlohmann::json review = nlohmann::json::parse(body, nullptr, false);
    if (review.is_discarded() || !review.is_object()) continue;
    // Two paths per line, so that all come up over the corpus.
    for (const int path : {line % kPaths, (line * 7 + 3) % kPaths}) {
      ReplaceEach(review, review, path);
    }
    ++line;
  }
}

TEST(Corpus, EveryPrefixIsAnswered) {
  for (const std::string& body : Corpus()) {
    for (size_t length = 0; length < body.size(); length += 7) {
      AskWithFuzzedInput(length % kPaths, body.substr(0, length));
    }
  }
}

TEST(Corpus, DepthAndSizeAreNoTrouble) {
  for (const char* open : {"[", "{\"a\":", "{\"request\":{\"object\":[", "\"\\"}) {
    std::string text;
    while (text.size() < 300'000) text += open;
    AskWithFuzzedInput(0, text);
    AskWithFuzzedInput(16, R"({"request":{"uid":"u","operation":"CREATE","object":)" + text);
  }
  nlohmann::json many = {{"request", {{"uid", "u"}, {"operation", "CREATE"}}}};
  for (int i = 0; i < 20'000; ++i) {
    many["request"]["object"]["metadata"]["ownerReferences"].push_back({{"kind", "Job"}, {"name", i}});
    many["request"]["object"]["spec"]["podSets"].push_back({{"name", "a"}, {"count", i}});
  }
  for (int path = 0; path < kPaths; ++path) AskWithFuzzedInput(path, many.dump());
}

}  // namespace
}  // namespace muster::webhook
