#include "sim/files/output_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
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

TEST_F(OutputFileTest, ANameThatEndsInGzIsCompressed) {
  const std::string text(1 << 20, 'x');
  ASSERT_TRUE(WriteFile(At("file.gz"), text).ok());
  const std::string written = Get("file.gz");
  EXPECT_EQ(written.substr(0, 2), "\x1f\x8b");
  EXPECT_LT(written.size(), text.size() / 50);
  ASSERT_TRUE(WriteFile(At("again.gz"), text).ok());
  EXPECT_EQ(Get("again.gz"), written) << "the same bytes, whenever it is written";
  ASSERT_EQ(std::system(("gzip -dc '" + At("file.gz") + "' >'" + At("file") + "'").c_str()), 0);
  EXPECT_EQ(Get("file"), text);
}

TEST_F(OutputFileTest, ACompressedFileThatCannotBeWrittenIsAnError) {
  fs::create_symlink("/dev/full", At("full.gz"));
  // Too little to be written before the end, and more than is held back.
  for (const size_t size : {size_t{10}, size_t{1} << 24}) {
    std::string text(size, 'x');
    for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * i * 7919) >> 8);
    const absl::Status status = WriteFile(At("full.gz"), text);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << size;
    EXPECT_NE(status.message().find("No space left"), std::string_view::npos) << status;
  }
}

}  // namespace
}  // namespace muster::sim
