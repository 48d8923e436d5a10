#include "sim/files/result_folder.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "sim/files/output_file.h"
#include "sim/files/unfinished.h"

namespace muster::sim {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;
using Json = nlohmann::ordered_json;

const Json kOne = {{"muster", "1"}, {"trace", {{"file", "a"}, {"sha256", "aa"}}}};
const Json kOneElsewhere = {{"muster", "1"}, {"trace", {{"file", "b"}, {"sha256", "aa"}}}};
const Json kOther = {{"muster", "1"}, {"trace", {{"file", "a"}, {"sha256", "bb"}}}};

class ResultFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(root_);
    fs::create_directories(root_);
    dir_ = (root_ / "out").string();
  }
  // Writes the files as one run does; with `commit` false it fails at the end.
  absl::Status Run(const Json& provenance, const Files& files, bool overwrite = false, bool commit = true) {
    absl::StatusOr<ResultFolder> folder = ResultFolder::Create(dir_, overwrite);
    if (!folder.ok()) return folder.status();
    for (const auto& [name, text] : files) {
      if (absl::Status s = WriteFile(folder->staging() + "/" + name, text); !s.ok()) return s;
    }
    return commit ? folder->Commit(provenance) : absl::CancelledError("failed");
  }
  Files There() const {
    Files files;
    for (const auto& entry : fs::recursive_directory_iterator(dir_)) {
      if (entry.is_directory()) continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      files[entry.path().lexically_relative(dir_)] = text.str();
    }
    return files;
  }
  fs::path root_;
  std::string dir_;
};

TEST_F(ResultFolderTest, SaysThatItIsCompleteWhatItWasMadeOfAndWhatBelongsToIt) {
  ASSERT_TRUE(Run(kOne, {{"summary.json", R"({"end_s": 7})"}, {"jobs.csv", "abc"}}).ok());
  const absl::StatusOr<Json> summary = ReadSummary(dir_);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ((*summary)["complete"], true);
  EXPECT_EQ((*summary)["provenance"], kOne);
  EXPECT_EQ((*summary)["files"]["jobs.csv"], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ((*summary)["end_s"], 7);
  EXPECT_EQ(There().size(), 2u) << "nothing else is left";
}

TEST_F(ResultFolderTest, ReplacesAllThatTheEarlierRunWroteAndNothingElse) {
  ASSERT_TRUE(Run(kOne, {{"summary.json", "{}"}, {"jobs.csv", "a"}, {"decisions.jsonl", "a"}, {"more", "a"}}).ok());
  ASSERT_TRUE(WriteFile(dir_ + "/notes", "mine").ok());
  ASSERT_TRUE(Run(kOneElsewhere, {{"summary.json", "{}"}, {"jobs.csv", "b"}}, true).ok());
  Files there = There();
  there.erase("summary.json");
  EXPECT_EQ(there, (Files{{"jobs.csv", "b"}, {"notes", "mine"}}));
}

TEST_F(ResultFolderTest, ResultsAreReplacedOnlyWhenAsked) {
  ASSERT_TRUE(Run(kOne, {{"summary.json", R"({"trace": "jobs.csv"})"}, {"jobs.csv", "a"}}).ok());
  const Files before = There();
  const absl::Status refused = Run(kOne, {{"summary.json", "{}"}});
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_NE(refused.message().find("of jobs.csv"), std::string::npos) << refused;
  EXPECT_NE(refused.message().find("--overwrite"), std::string::npos) << refused;
  EXPECT_EQ(There(), before);
  EXPECT_TRUE(Run(kOther, {{"summary.json", "{}"}}, true).ok());
  EXPECT_EQ(There().size(), 1u);
}

TEST_F(ResultFolderTest, WhatIsTheSameElsewhereIsTheSame) {
  EXPECT_TRUE(SameProvenance(kOne, kOneElsewhere));
  EXPECT_FALSE(SameProvenance(kOne, kOther));
}

TEST_F(ResultFolderTest, ResultsMayBeInFolders) {
  ASSERT_TRUE(Run(kOne, {{"summary.json", "{}"}, {"a/jobs.csv", "1"}, {"b/c/jobs.csv", "2"}}).ok());
  const absl::StatusOr<Json> summary = ReadSummary(dir_);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_TRUE((*summary)["files"].contains("b/c/jobs.csv"));
  ASSERT_TRUE(WriteFile(dir_ + "/a/notes", "mine").ok());
  ASSERT_TRUE(Run(kOne, {{"summary.json", "{}"}, {"d/jobs.csv", "3"}}, true).ok());
  Files there = There();
  there.erase("summary.json");
  EXPECT_EQ(there, (Files{{"a/notes", "mine"}, {"d/jobs.csv", "3"}}));
  EXPECT_FALSE(fs::exists(dir_ + "/b"));
}

TEST_F(ResultFolderTest, AFolderInTheWayIsNamedBeforeAnythingIsReplaced) {
  ASSERT_TRUE(Run(kOne, {{"summary.json", "{}"}, {"jobs.csv", "a"}}).ok());
  ASSERT_TRUE(WriteFile(dir_ + "/x/y", "mine").ok());
  const Files before = There();
  EXPECT_NE(Run(kOne, {{"summary.json", "{}"}, {"x", ""}}, true).message().find("x: it is a folder"),
            std::string::npos);
  EXPECT_NE(Run(kOne, {{"summary.json", "{}"}, {"x/y/z", ""}}, true).message().find("x/y: it is not a folder"),
            std::string::npos);
  EXPECT_EQ(There(), before);
}

TEST_F(ResultFolderTest, WhatAnInterruptedRunWroteIsKeptApartUntilOneIsDone) {
  const auto interrupted = [&](const std::string& text) {
    absl::StatusOr<ResultFolder> folder = ResultFolder::Create(dir_, true);
    ASSERT_TRUE(folder.ok());
    ASSERT_TRUE(WriteFile(folder->staging() + "/summary.json", "{}").ok());
    ASSERT_TRUE(WriteFile(folder->staging() + "/jobs.csv", text).ok());
    ASSERT_TRUE(folder->CommitUnfinished(kOne).ok());
  };
  interrupted("a");
  EXPECT_NE(ReadSummary(dir_).status().message().find("ended before it was done"), std::string::npos);
  EXPECT_EQ(ReadSummary(dir_ + "/unfinished").status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(Run(kOne, {{"summary.json", "{}"}, {"jobs.csv", "b"}}).ok()) << "there is no result to overwrite";
  EXPECT_EQ(There().size(), 2u);
  interrupted("c");
  interrupted("d");
  EXPECT_TRUE(ReadSummary(dir_).ok()) << "the finished run's results stay";
  EXPECT_EQ(There().at("jobs.csv"), "b");
  EXPECT_EQ(There().at("unfinished/jobs.csv"), "d");
}

TEST_F(ResultFolderTest, AFolderNamedUnfinishedThatIsNoResultStays) {
  ASSERT_TRUE(WriteFile(dir_ + "/unfinished/thoughts", "mine").ok());
  ASSERT_TRUE(Run(kOne, {{"summary.json", "{}"}}).ok());
  EXPECT_EQ(There().at("unfinished/thoughts"), "mine");
  absl::StatusOr<ResultFolder> folder = ResultFolder::Create(dir_, true);
  ASSERT_TRUE(WriteFile(folder->staging() + "/summary.json", "{}").ok());
  EXPECT_FALSE(folder->CommitUnfinished(kOne).ok());
  EXPECT_EQ(There().at("unfinished/thoughts"), "mine");
}

TEST_F(ResultFolderTest, ResultsThatDoNotSayWhoseTheyAreAreReplacedOnlyWhenAsked) {
  for (const Files& files : {Files{{"jobs.csv", ""}}, Files{{"decisions.jsonl", ""}}, Files{{"summary.json", "{}"}},
                             Files{{"summary.json", "no JSON"}}}) {
    fs::remove_all(dir_);
    for (const auto& [name, text] : files) ASSERT_TRUE(WriteFile(dir_ + "/" + name, text).ok());
    EXPECT_EQ(Run(kOne, {{"summary.json", "{}"}}).code(), absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(There(), files);
    EXPECT_TRUE(Run(kOne, {{"summary.json", "{}"}}, true).ok());
    EXPECT_EQ(There().size(), 1u);
  }
}

TEST_F(ResultFolderTest, ARunThatFailsLeavesWhatWasThere) {
  EXPECT_FALSE(Run(kOne, {{"summary.json", "{}"}}, false, false).ok());
  EXPECT_FALSE(fs::exists(dir_)) << "a folder made for nothing goes";
  ASSERT_TRUE(Run(kOne, {{"summary.json", "{}"}, {"jobs.csv", "a"}}).ok());
  const Files before = There();
  EXPECT_FALSE(Run(kOne, {{"summary.json", "{}"}, {"jobs.csv", "b"}}, false, false).ok());
  EXPECT_EQ(There(), before);
}

TEST_F(ResultFolderTest, AProcessThatIsToldToEndLeavesWhatWasThere) {
  ASSERT_TRUE(Run(kOne, {{"summary.json", "{}"}, {"jobs.csv", "a"}}).ok());
  const Files before = There();
  const pid_t child = fork();
  if (child == 0) {
    auto folder = ResultFolder::Create(dir_, true);
    auto file = OutputFile::Create(folder->staging() + "/jobs.csv");
    auto other = OutputFile::Create((root_ / "other").string());
    AbandonUnfinished();
    _exit(folder.ok() && file.ok() && other.ok() ? 7 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(There(), before);
  EXPECT_FALSE(fs::exists(root_ / "other.part"));
}

TEST_F(ResultFolderTest, WhatAKilledRunLeftIsNoResultAndIsTakenAway) {
  const pid_t child = fork();
  if (child == 0) {
    auto folder = ResultFolder::Create(dir_, false);
    auto file = OutputFile::Create(folder->staging() + "/jobs.csv");
    _exit(0);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(ReadSummary(dir_).status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(Run(kOther, {{"summary.json", "{}"}}).ok());
  EXPECT_EQ(There().size(), 1u);
}

TEST_F(ResultFolderTest, TwoRunsDoNotWriteToOneFolder) {
  const absl::StatusOr<ResultFolder> first = ResultFolder::Create(dir_, false);
  ASSERT_TRUE(first.ok());
  const absl::Status second = Run(kOne, {{"summary.json", "{}"}}, true);
  EXPECT_NE(second.message().find("another run is writing"), std::string::npos) << second;
}

TEST_F(ResultFolderTest, WhatCannotBeWrittenIsNamedBeforeTheRun) {
  ASSERT_TRUE(WriteFile(dir_, "").ok());
  EXPECT_NE(Run(kOne, {}).message().find("is not a folder"), std::string::npos);
  dir_ += "/below";
  EXPECT_NE(Run(kOne, {}).message().find("cannot be created"), std::string::npos);
  dir_ = "/proc/nowhere";
  EXPECT_EQ(Run(kOne, {}).code(), absl::StatusCode::kUnavailable);
  dir_ = (root_ / "b").string();
  fs::create_directories(dir_ + "/jobs.csv");
  EXPECT_NE(Run(kOne, {}, true).message().find("jobs.csv: it is a folder"), std::string::npos);
}

TEST_F(ResultFolderTest, SpaceThatIsNotThereIsAnErrorWithFigures) {
  const absl::StatusOr<ResultFolder> folder = ResultFolder::Create(dir_, false);
  ASSERT_TRUE(folder.ok());
  EXPECT_TRUE(folder->CheckSpace(1).ok());
  const absl::Status full = folder->CheckSpace(int64_t{1} << 60);
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(full.message().find("1152921504606.8 MB"), std::string::npos) << full;
}

TEST_F(ResultFolderTest, AFileThatWasChangedAfterwardsIsNoticed) {
  ASSERT_TRUE(Run(kOne, {{"summary.json", "{}"}, {"jobs.csv", "a"}}).ok());
  std::ofstream(dir_ + "/jobs.csv") << "b";
  EXPECT_EQ(ReadSummary(dir_).status().code(), absl::StatusCode::kFailedPrecondition);
  fs::remove(dir_ + "/jobs.csv");
  EXPECT_EQ(ReadSummary(dir_).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ResultFolderTest, ASummaryThatDoesNotSayEnoughIsNotTrusted) {
  for (const char* text :
       {"{}", R"({"complete": true, "provenance": {}})", R"({"complete": false, "provenance": {}, "files": {}})",
        R"({"complete": true, "provenance": {}, "files": 3})"}) {
    ASSERT_TRUE(WriteFile(dir_ + "/summary.json", text).ok());
    EXPECT_EQ(ReadSummary(dir_).status().code(), absl::StatusCode::kFailedPrecondition) << text;
  }
  ASSERT_TRUE(
      WriteFile(dir_ + "/summary.json", R"({"complete": true, "provenance": {}, "files": {"../../etc/passwd": "x"}})")
          .ok());
  EXPECT_EQ(ReadSummary(dir_).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace muster::sim
