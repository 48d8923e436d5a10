// How `muster simulate` ends when it is told to, as a process: with what it had, whole and marked, and nothing lost.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

extern char** environ;

namespace muster {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr char kPolicy[] = R"(
apiVersion: kueue.x-k8s.io/v1beta1
kind: ClusterQueue
metadata: {name: q}
spec:
  namespaceSelector: {}
  resourceGroups:
  - coveredResources: [nvidia.com/gpu]
    flavors:
    - name: f
      resources: [{name: nvidia.com/gpu, nominalQuota: 64}]
---
apiVersion: kueue.x-k8s.io/v1beta1
kind: ResourceFlavor
metadata: {name: f}
)";

std::string Read(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class SimulateEndTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) /
            absl::StrCat("simulate-end-", testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    fs::create_directories(root_);
    std::ofstream(root_ / "policy.yaml") << kPolicy;
    WriteTrace("few.csv", 100);
    WriteTrace("many.csv", 400000);
  }

  void WriteTrace(const std::string& name, int jobs) const {
    std::ofstream trace(root_ / name);
    trace << "job_id,queue,submit_s,duration_s,pods,request.nvidia.com/gpu\n";
    for (int i = 0; i < jobs; ++i) trace << i << ",q," << i << ",100,1,1\n";
  }

  pid_t Start(const std::string& trace, bool overwrite) const {
    std::vector<std::string> words = {
        "cli/muster", "simulate", absl::StrCat("--policy=", (root_ / "policy.yaml").string()),
        absl::StrCat("--trace=", (root_ / trace).string()), absl::StrCat("--out=", Out().string())};
    if (overwrite) words.push_back("--overwrite");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (const int fd : {1, 2}) {
      posix_spawn_file_actions_addopen(&actions, fd, (root_ / absl::StrCat("fd", fd)).c_str(),
                                       O_WRONLY | O_CREAT | O_TRUNC, 0666);
    }
    pid_t pid = -1;
    EXPECT_EQ(posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
  }
  static int Await(pid_t pid) {
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  // Until the replay has written something.
  void AwaitReplay() const {
    std::error_code error;
    for (int i = 0; i < 20000; ++i) {
      if (fs::file_size(Out() / ".partial/decisions.jsonl.part", error) > 0 && !error) return;
      absl::SleepFor(absl::Milliseconds(1));
    }
    ADD_FAILURE() << "it does not replay";
  }
  fs::path Out() const { return root_ / "out"; }
  std::map<std::string, std::string> Results() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(Out())) {
      if (entry.is_regular_file()) files[entry.path().filename()] = Read(entry.path());
    }
    return files;
  }

  fs::path root_;
};

TEST_F(SimulateEndTest, WhatWasWrittenIsWholeAndMarked) {
  const pid_t pid = Start("many.csv", false);
  AwaitReplay();
  kill(pid, SIGINT);
  EXPECT_EQ(Await(pid), 128 + SIGINT);
  EXPECT_NE(Read(root_ / "fd2").find("ended by a signal at "), std::string::npos) << Read(root_ / "fd2");
  EXPECT_EQ(Read(root_ / "fd1"), "") << "no table that looks like that of a whole replay";
  EXPECT_TRUE(Results().empty());
  EXPECT_FALSE(fs::exists(Out() / ".partial"));
  const Json summary = Json::parse(Read(Out() / "unfinished/summary.json"));
  EXPECT_EQ(summary["complete"], false);
  EXPECT_LT(summary["total"]["finished"].get<int64_t>(), 400000);
  std::ifstream decisions(Out() / "unfinished/decisions.jsonl");
  int64_t lines = 0;
  for (std::string line; std::getline(decisions, line); ++lines) ASSERT_TRUE(Json::accept(line)) << line;
  EXPECT_GT(lines, 0);
  std::ifstream jobs(Out() / "unfinished/jobs.csv");
  EXPECT_EQ(std::count(std::istreambuf_iterator<char>(jobs), {}, '\n'), 400001);
  EXPECT_EQ(Await(Start("few.csv", false)), 0) << "there is no result that would have to be overwritten";
  EXPECT_FALSE(fs::exists(Out() / "unfinished"));
}

TEST_F(SimulateEndTest, AnEarlierResultStays) {
  ASSERT_EQ(Await(Start("few.csv", false)), 0);
  const auto before = Results();
  const pid_t pid = Start("many.csv", true);
  AwaitReplay();
  kill(pid, SIGTERM);
  EXPECT_EQ(Await(pid), 128 + SIGTERM);
  EXPECT_TRUE(Results() == before);
  EXPECT_TRUE(fs::exists(Out() / "unfinished/summary.json"));
}

TEST_F(SimulateEndTest, BeforeTheReplayItEndsAtOnceAndLeavesNothing) {
  ASSERT_EQ(mkfifo((root_ / "pipe").c_str(), 0666), 0);
  const pid_t pid = Start("pipe", false);
  const int writer = open((root_ / "pipe").c_str(), O_WRONLY);  // waits for the reader
  ASSERT_GE(writer, 0);
  kill(pid, SIGTERM);
  EXPECT_EQ(Await(pid), 128 + SIGTERM);
  close(writer);
  EXPECT_FALSE(fs::exists(Out()));
}

}  // namespace
}  // namespace muster
