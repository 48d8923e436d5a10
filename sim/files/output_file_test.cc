#include "sim/files/output_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace muster::sim {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  std::string At(const std::string& name) const { return (folder_ / name).string(); }
  void Put(const std::string& name, const std::string& text) const { std::ofstream(At(name)) << text; }
  std::string Get(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(At(name)).rdbuf();
    return text.str();
  }
  fs::path folder_;
};

TEST_F(OutputFileTest, IsThereAfterCommitAndFoldersAreMade) {
  ASSERT_TRUE(WriteFile(At("a/b/file"), "text").ok());
  EXPECT_EQ(Get("a/b/file"), "text");
}

TEST_F(OutputFileTest, WhatWasThereStaysUntilCommit) {
  Put("file", "old");
  {
    auto file = OutputFile::Create(At("file"));
    ASSERT_TRUE(file.ok()) << file.status();
    file->stream() << "new";
    file->stream().flush();
    EXPECT_EQ(Get("file"), "old");
  }
  EXPECT_EQ(Get("file"), "old") << "never committed";
  EXPECT_FALSE(fs::exists(At("file.part")));
  ASSERT_TRUE(WriteFile(At("file"), "new").ok());
  EXPECT_EQ(Get("file"), "new");
}

TEST_F(OutputFileTest, ALinkIsReplacedNotFollowed) {
  Put("elsewhere", "precious");
  fs::create_symlink(At("elsewhere"), At("file"));
  fs::create_symlink(At("elsewhere"), At("file.part"));
  ASSERT_TRUE(WriteFile(At("file"), "text").ok());
  EXPECT_EQ(Get("elsewhere"), "precious");
  EXPECT_EQ(Get("file"), "text");
  EXPECT_FALSE(fs::is_symlink(At("file")));
}

TEST_F(OutputFileTest, ADeviceIsWrittenToAndStaysOne) {
  fs::create_symlink("/dev/null", At("file"));
  ASSERT_TRUE(WriteFile(At("file"), "text").ok());
  EXPECT_TRUE(fs::is_symlink(At("file")));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST_F(OutputFileTest, WhatCannotBeWrittenIsNamed) {
  EXPECT_NE(WriteFile(At(""), "text").message().find("it is a folder"), std::string::npos);
  Put("file", "");
  const absl::Status below = WriteFile(At("file/x"), "text");
  EXPECT_EQ(below.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(below.message().find(At("file/x")), std::string::npos) << below;
  const absl::Status full = WriteFile("/dev/full", std::string(1 << 20, 'x'));
  EXPECT_EQ(full.code(), absl::StatusCode::kUnavailable) << full;
}

}  // namespace
}  // namespace muster::sim
