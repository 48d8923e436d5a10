#include "webhook/base/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"

namespace muster::webhook {
namespace {

TEST(LogTest, LevelsAreReadByName) {
  EXPECT_EQ(ParseLogLevel("warn").value(), LogLevel::kWarn);
  EXPECT_EQ(ParseLogLevel("loud").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(LogTest, LinesBelowTheLevelAreNotWritten) {
  ::testing::internal::CaptureStderr();
  {
    const Log log(LogLevel::kWarn);
    EXPECT_FALSE(log.enabled(LogLevel::kInfo));
    EXPECT_TRUE(log.enabled(LogLevel::kWarn));
    log.Write(LogLevel::kInfo, "quiet");
    log.Write(LogLevel::kError, "loud");
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(text.find("quiet"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("level":"error","msg":"loud"})"), std::string::npos) << text;
}

// What is still queued at the end is written, by whichever thread is last.
TEST(LogTest, EndsWithLinesInTheQueue) {
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 50; ++i) {
    const Log log(LogLevel::kInfo);
    for (int n = 0; n < 20; ++n) log.Write(LogLevel::kInfo, "line");
  }
  const std::string text = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1000);
}

TEST(LogTest, LinesAreJsonWhateverIsInThem) {
  EXPECT_EQ(LogLine(LogLevel::kWarn, "2026-01-02T03:04:05.678Z", "a \"b\"\n",
                    {{"uid", "\xff\x01\xc2\x85\x7f"}, {"code", 403}}),
            "{\"ts\":\"2026-01-02T03:04:05.678Z\",\"level\":\"warn\",\"msg\":\"a \\\"b\\\"\\n\",\"uid\":\"\\ufffd"
            "\\u0001\\u0085\\u007f\",\"code\":403}");
}

}  // namespace
}  // namespace muster::webhook
