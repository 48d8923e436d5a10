// Golden transcripts of the command line: every file cli/testdata/*.txt is a session, run as it stands.
//
//   $ muster validate queues.yaml       run by sh in a folder that holds the files of cli/testdata, testdata, api and (traces) sim/trace/testdata
//   2 objects, ...                      what went to standard output, then
//   ! warning: ...                      what went to standard error
//   ? 1                                 the exit code, unless it is 0
//   ...                                 any number of lines
//
// `bazel run //cli:transcript_test -- --update` writes what the program says now into the files; read the difference.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

Lines ReadLines(const fs::path& path) {
  std::ifstream in(path);
  Lines lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// A transcript's lines up to the first command, then each command with what it answers.
struct Step {
  std::string command;  // "" for the text before the first
  Lines answer;
};
std::vector<Step> ReadSteps(const fs::path& path) {
  std::vector<Step> steps(1);
  for (const std::string& line : ReadLines(path)) {
    if (absl::StartsWith(line, "$ ")) {
      steps.push_back({line.substr(2), {}});
    } else {
      steps.back().answer.push_back(line);
    }
  }
  return steps;
}

bool Matches(const Lines& expected, size_t e, const Lines& actual, size_t a) {
  if (e == expected.size()) return a == actual.size();
  if (expected[e] == "...") {
    for (size_t skip = a; skip <= actual.size(); ++skip) {
      if (Matches(expected, e + 1, actual, skip)) return true;
    }
    return false;
  }
  return a < actual.size() && expected[e] == actual[a] && Matches(expected, e + 1, actual, a + 1);
}

// Blank lines and comments between commands belong to the reader.
Lines Significant(Lines lines) {
  std::erase_if(lines, [](const std::string& line) { return line.empty() || absl::StartsWith(line, "# "); });
  return lines;
}

class Session {
 public:
  explicit Session(const std::string& name) : home_(fs::path(testing::TempDir()) / ("session-" + name)) {
    fs::remove_all(home_);
    fs::create_directories(home_);
    const fs::path root = fs::current_path();
    for (const char* folder : {"testdata", "api"}) fs::create_directory_symlink(root / folder, home_ / folder);
    for (const auto& entry : fs::directory_iterator(root / "cli/testdata")) {
      fs::copy(entry.path(), home_ / entry.path().filename(), fs::copy_options::recursive);
    }
    fs::create_directory_symlink(root / "sim/trace/testdata", home_ / "traces");
    path_ = absl::StrCat((root / "cli").string(), ":", std::getenv("PATH") == nullptr ? "/bin" : std::getenv("PATH"));
  }

  Lines Run(const std::string& command) const {
    const fs::path out = home_ / ".stdout", err = home_ / ".stderr";
    const std::string script = absl::StrCat("cd '", home_.string(), "' && export PATH='", path_, "' && { ", command,
                                            "\n} >.stdout 2>.stderr </dev/null");
    const int status = std::system(script.c_str());
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    Lines lines = ReadLines(out);
    for (const std::string& line : ReadLines(err)) lines.push_back("! " + line);
    if (code != 0) lines.push_back(absl::StrCat("? ", code));
    return lines;
  }

 private:
  fs::path home_;
  std::string path_;
};

class TranscriptTest : public testing::TestWithParam<std::string> {};

TEST_P(TranscriptTest, SaysWhatItSaid) {
  const fs::path file = fs::path("cli/testdata") / (GetParam() + ".txt");
  const std::vector<Step> steps = ReadSteps(file);
  ASSERT_GT(steps.size(), 1u) << file << " has no command";
  const Session session(GetParam());
  for (size_t i = 1; i < steps.size(); ++i) {
    const Lines actual = Significant(session.Run(steps[i].command));
    EXPECT_TRUE(Matches(Significant(steps[i].answer), 0, actual, 0))
        << "$ " << steps[i].command << "\n"
        << absl::StrJoin(actual, "\n") << "\n\nshould have been\n"
        << absl::StrJoin(steps[i].answer, "\n");
  }
}

Lines Transcripts() {
  Lines names;
  for (const auto& entry : fs::directory_iterator("cli/testdata")) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Cli, TranscriptTest, testing::ValuesIn(Transcripts()),
                         [](const auto& info) { return info.param; });

void Update(const fs::path& workspace) {
  for (const std::string& name : Transcripts()) {
    const fs::path file = workspace / "cli/testdata" / (name + ".txt");
    const Session session(name);
    std::ostringstream text;
    const std::vector<Step> steps = ReadSteps(file);
    for (const std::string& line : steps[0].answer) text << line << "\n";
    for (size_t i = 1; i < steps.size(); ++i) {
      text << "$ " << steps[i].command << "\n";
      const Lines actual = session.Run(steps[i].command);
      const bool same = Matches(Significant(steps[i].answer), 0, Significant(actual), 0);
      for (const std::string& line : same ? steps[i].answer : actual) text << line << "\n";
      // What separates this command from the next stays.
      size_t end = steps[i].answer.size();
      while (end > 0 && (steps[i].answer[end - 1].empty() || absl::StartsWith(steps[i].answer[end - 1], "# "))) --end;
      for (; !same && end < steps[i].answer.size(); ++end) text << steps[i].answer[end] << "\n";
    }
    std::ofstream(file) << text.str();
  }
}

}  // namespace
}  // namespace muster::cli

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const char* const workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  if (argc > 1 && std::string(argv[1]) == "--update" && workspace != nullptr) {
    muster::cli::Update(workspace);
    return 0;
  }
  return RUN_ALL_TESTS();
}
