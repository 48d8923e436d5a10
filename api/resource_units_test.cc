#include "api/resource_units.h"

#include <gtest/gtest.h>

#include <limits>

namespace muster::api {
namespace {

TEST(FormatAmount, IsWhatKueueWrites) {
  const struct {
    const char* resource;
    int64_t amount;
    const char* text;
  } kCases[] = {
      {"cpu", 1500, "1500m"},
      {"cpu", 64'000, "64"},
      {"memory", 256LL << 30, "256Gi"},
      {"memory", 1536 << 10, "1536Ki"},
      {"memory", 2000, "2k"},  // no multiple of 1Ki: Kueue reads its own text again, which then is decimal
      {"memory", 1500, "1500"},
      {"memory", 512, "512"},
      {"memory", 0, "0"},
      {"memory", -(2LL << 20), "-2Mi"},
      {"ephemeral-storage", 10LL << 30, "10Gi"},
      {"hugepages-2Mi", 8LL << 30, "8Gi"},
      {"hugepages-1Gi", 1LL << 30, "1Gi"},
      {"nvidia.com/gpu", 8, "8"},
      {"nvidia.com/gpu", 2048, "2048"},
      {"pods", 110, "110"},
      {"example.com/memory", 1 << 20, "1048576"},
      {"cpu", std::numeric_limits<int64_t>::max(), "9223372036854775807m"},
      {"memory", std::numeric_limits<int64_t>::max(), "9223372036854775807"},
  };
  for (const auto& c : kCases) EXPECT_EQ(FormatAmount(c.resource, c.amount), c.text) << c.resource << " " << c.amount;
}

TEST(CountedAmount, IsInMilliForCpuAndInWholeUnitsForTheRest) {
  EXPECT_EQ(CountedAmount("cpu", *Quantity::Parse("1.5")), 1500);
  EXPECT_EQ(CountedAmount("memory", *Quantity::Parse("1.5Ki")), 1536);
  EXPECT_EQ(CountedAmount("nvidia.com/gpu", *Quantity::Parse("1500m")), 2) << "rounded up";
  EXPECT_EQ(CountedAmount("cpu", *Quantity::Parse("1E")), std::numeric_limits<int64_t>::max());
}

TEST(QuantityOf, KeepsTheAmount) {
  for (const int64_t amount : {int64_t{0}, int64_t{1}, int64_t{1023}, int64_t{1} << 40, int64_t{-7}}) {
    for (const char* resource : {"cpu", "memory", "nvidia.com/gpu"}) {
      EXPECT_EQ(CountedAmount(resource, QuantityOf(resource, amount)), amount) << resource;
    }
  }
}

}  // namespace
}  // namespace muster::api
