#include "sim/trace/slurm_values.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace muster::sim {
namespace {

constexpr int64_t kGiB = int64_t{1} << 30;

TEST(SlurmValuesTest, Times) {
  absl::TimeZone berlin;
  ASSERT_TRUE(absl::LoadTimeZone("Europe/Berlin", &berlin));
  struct Case {
    const char* sentence;
    const char* text;
    std::optional<int64_t> unix_s;  // read in Berlin
    bool zone_given = true;
  };
  const Case kCases[] = {
      {"Without a zone it is local time, in winter", "2026-01-15T12:00:00", 1768474800, false},
      {"and in summer.", "2026-07-15T12:00:00", 1784109600, false},
      {"Z is UTC.", "2026-01-15T12:00:00Z", 1768478400},
      {"An offset counts,", "2026-01-15T12:00:00+01:00", 1768474800},
      {"also without its colon.", "2026-01-15T12:00:00-0500", 1768496400},
      {"%s prints seconds.", "1768478400", 1768478400},
      {"Fractions are cut.", "2026-01-15T12:00:00.9", 1768474800, false},
      {"A space in place of the T.", "2026-01-15 12:00:00", 1768474800, false},
      {"A date alone is no time.", "2026-01-15", std::nullopt},
      {"A month 13.", "2026-13-15T12:00:00", std::nullopt},
      {"Before 1970.", "1950-01-15T12:00:00", std::nullopt},
      {"Relative times are not for machines.", "now", std::nullopt},
      {"Too many seconds.", "99999999999999999", std::nullopt},
      {"Nothing.", "", std::nullopt},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.sentence);
    const auto time = ParseSlurmTime(c.text, berlin);
    ASSERT_EQ(time.ok(), c.unix_s.has_value()) << time.status();
    if (!time.ok()) continue;
    EXPECT_EQ(time->unix_s, *c.unix_s);
    EXPECT_EQ(time->zone_given, c.zone_given);
  }
}

TEST(SlurmValuesTest, Durations) {
  struct Case {
    const char* text;
    std::optional<int64_t> seconds;
  };
  const Case kCases[] = {
      {"00:00:00", 0},
      {"01:02:03", 3723},
      {"1-02:03:04", 93784},
      {"100-00:00:00", 8640000},
      {"36:00:00", 129600},
      {"02:03", 123},
      {"00:01:02.345", 62},
      {"30", 1800},
      {"2-12", 216000},
      {"2-12:30", 217800},
      {"", std::nullopt},
      {"1:2:3:4", std::nullopt},
      {"-1", std::nullopt},
      {"1-", std::nullopt},
      {"a:b", std::nullopt},
      {"1-02:03:04x", std::nullopt},
      {"+1:00", std::nullopt},
      {"1:00.", std::nullopt},
      {"99999999999999", std::nullopt},
      {"999999999-00:00:00", std::nullopt},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.text);
    const auto seconds = ParseSlurmDuration(c.text);
    ASSERT_EQ(seconds.ok(), c.seconds.has_value()) << seconds.status();
    if (seconds.ok()) {
      EXPECT_EQ(*seconds, *c.seconds);
    }
  }
}

TEST(SlurmValuesTest, Memory) {
  EXPECT_EQ(*ParseSlurmMemory("64G", 1), 64 * kGiB);
  EXPECT_EQ(*ParseSlurmMemory("1.5G", 1), kGiB + kGiB / 2);
  EXPECT_EQ(*ParseSlurmMemory("2T", 1), 2048 * kGiB);
  EXPECT_EQ(*ParseSlurmMemory("512", int64_t{1} << 20), kGiB / 2) << "a number alone is megabytes";
  for (const char* bad : {"", "G", "-1G", "1X", "inf", "nan", "1e9G", "99999999E"}) {
    EXPECT_FALSE(ParseSlurmMemory(bad, 1).ok()) << bad;
  }
}

TEST(SlurmValuesTest, Tres) {
  const auto t = ParseTres("billing=64,cpu=64,energy=0,gres/gpu:a100=4,gres/gpu=4,mem=512G,node=2");
  ASSERT_TRUE(t.ok()) << t.status();
  EXPECT_EQ(t->cpus, 64);
  EXPECT_EQ(t->gpus, 4) << "types and total are the same GPUs";
  EXPECT_EQ(t->gpu_type, "a100");
  EXPECT_EQ(t->memory_bytes, 512 * kGiB);
  EXPECT_EQ(t->nodes, 2);
  EXPECT_TRUE(t->others.empty());

  const auto typed = ParseTres("cpu=1,gres/gpu:a100=2,gres/gpu:v100=1,gres/shard=3,license/matlab=1");
  ASSERT_TRUE(typed.ok()) << typed.status();
  EXPECT_EQ(typed->gpus, 3);
  EXPECT_EQ(typed->gpu_type, "") << "two types";
  EXPECT_EQ(typed->others, (std::vector<std::string>{"gres/shard", "license/matlab"}));

  EXPECT_EQ(ParseTres("")->cpus, 0);
  for (const char* bad : {"cpu", "cpu=", "=4", "cpu=many", "cpu=-1", "mem=1Q"})
    EXPECT_FALSE(ParseTres(bad).ok()) << bad;
}

// However amounts divide, nothing is lost and no pod gets two more than another.
TEST(SlurmValuesTest, SharesAddUp) {
  for (int64_t nodes = 1; nodes <= 7; ++nodes) {
    for (int64_t cpus = 0; cpus <= 20; ++cpus) {
      for (int64_t gpus = 0; gpus <= 20; ++gpus) {
        Tres total;
        total.nodes = nodes, total.cpus = cpus, total.gpus = gpus, total.memory_bytes = 1000;
        const std::vector<PodShare> shares = ShareAmongNodes(total);
        ASSERT_LE(shares.size(), 3u);
        int64_t pods = 0, c = 0, g = 0, m = 0;
        for (const PodShare& s : shares) {
          ASSERT_GE(s.pods, 1);
          ASSERT_LE(s.cpus - shares.back().cpus, 1);
          ASSERT_LE(s.gpus - shares.back().gpus, 1);
          pods += s.pods, c += s.pods * s.cpus, g += s.pods * s.gpus, m += s.pods * s.memory_bytes;
        }
        ASSERT_EQ(pods, nodes);
        ASSERT_EQ(c, cpus);
        ASSERT_EQ(g, gpus);
        ASSERT_GE(m, 1000);
        ASSERT_LT(m, 1000 + nodes);
      }
    }
  }
}

}  // namespace
}  // namespace muster::sim
