#include "api/quantity.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace muster::api {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

struct Case {
  const char* text;
  const char* canonical;
  int64_t value;
  int64_t milli;
  const char* why;
};

TEST(QuantityTest, ParsesRoundsAndPrints) {
  const Case cases[] = {
      {"0", "0", 0, 0, "zero has no suffix"},
      {"-0", "0", 0, 0, "zero has no sign"},
      {"0Ki", "0", 0, 0, "zero forgets its suffix"},
      {"1", "1", 1, 1000, "a plain number"},
      {"+1", "1", 1, 1000, "an explicit plus sign is dropped"},
      {"-1", "-1", -1, -1000, "negative numbers are quantities too"},
      {"007", "7", 7, 7000, "leading zeros mean nothing"},
      {"1.0", "1", 1, 1000, "trailing zeros of a fraction are dropped"},
      {".5", "500m", 1, 500, "a number may start with the point"},
      {"5.", "5", 5, 5000, "or end with it"},
      {"0.5", "500m", 1, 500, "fractions become milli; Value rounds up"},
      {"-0.5", "-500m", -1, -500, "rounding is away from zero"},
      {"1.5", "1500m", 2, 1500, "the suffix is the largest that avoids a fraction"},
      {"1000m", "1", 1, 1000, "milli that are whole units lose the suffix"},
      {"100m", "100m", 1, 100, "milli stay milli"},
      {"2000", "2k", 2000, 2000000, "plain thousands take k"},
      {"2k", "2k", 2000, 2000000, "k stays k"},
      {"2500", "2500", 2500, 2500000, "a fraction of k would not be exact"},
      {"1500k", "1500k", 1500000, 1500000000, "1.5M is written in k"},
      {"1M", "1M", 1000000, 1000000000, "mega"},
      {"1G", "1G", 1000000000, 1000000000000, "giga"},
      {"1T", "1T", 1000000000000, 1000000000000000, "tera"},
      {"1P", "1P", 1000000000000000, 1000000000000000000, "peta"},
      {"1E", "1E", 1000000000000000000, kMax, "exa; its milli value saturates"},
      {"10E", "10E", kMax, kMax, "beyond int64 both values saturate"},
      {"-10E", "-10E", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::min(), "and below it"},
      {"1000E", "1000E", kMax, kMax, "there is no suffix above E"},
      {"1Ki", "1Ki", 1024, 1024000, "kibi"},
      {"1024Ki", "1Mi", 1048576, 1048576000, "1024 Ki are one Mi"},
      {"1.5Gi", "1536Mi", 1610612736, 1610612736000, "a binary fraction goes down one suffix"},
      {"1536Mi", "1536Mi", 1610612736, 1610612736000, "and stays there"},
      {"1000Ki", "1000Ki", 1024000, 1024000000, "1000 Ki are no whole Mi"},
      {"0.5Ki", "512", 512, 512000, "below 1024 binary prints plain"},
      {"0.0001Ki", "102400u", 1, 103, "below one it turns decimal"},
      {"1.1Ki", "1126400m", 1127, 1126400, "a binary fraction that is not whole prints decimal"},
      {"1Ti", "1Ti", 1099511627776, 1099511627776000, "tebi"},
      {"1Pi", "1Pi", 1125899906842624, 1125899906842624000, "pebi"},
      {"7Ei", "7Ei", 8070450532247928832, kMax, "exbi, still an int64"},
      {"8Ei", "9223372036854775807", kMax, kMax, "binary quantities are capped at int64"},
      {"16Ei", "9223372036854775807", kMax, kMax, "however large"},
      {"1e3", "1e3", 1000, 1000000, "exponents stay exponents"},
      {"1E3", "1e3", 1000, 1000000, "in lower case"},
      {"1e1", "10", 10, 10000, "exponents come in steps of three"},
      {"1e-3", "1e-3", 1, 1, "negative exponents"},
      {"1.5e3", "1500", 1500, 1500000, "a fraction with an exponent"},
      {"100e-1", "10", 10, 10000, "an exponent that shifts a digit away"},
      {"12e+3", "12e3", 12000, 12000000, "an exponent with a plus sign"},
      {"1e-20", "1e-9", 1, 1, "finer than a nano rounds up to one"},
      {"1n", "1n", 1, 1, "nano; both values round up"},
      {"0.1n", "1n", 1, 1, "a tenth of a nano rounds up"},
      {"-0.1n", "-1n", -1, -1, "away from zero"},
      {"1.0000000001", "1000000001n", 2, 1001, "ten fractional digits round up to nine"},
      {"1u", "1u", 1, 1, "micro"},
      {"1500u", "1500u", 1, 2, "micro that are no whole milli"},
      {"9223372036854775807", "9223372036854775807", kMax, kMax, "the largest int64"},
      {"9223372036854775808", "9223372036854775808", kMax, kMax, "one more is kept exactly"},
      {"123456789", "123456789", 123456789, 123456789000, "no suffix fits"},
      {"12345678901234567890123456789", "12345678901234567890123456789", kMax, kMax, "29 digits are exact"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.text) + ": " + c.why);
    const absl::StatusOr<Quantity> q = Quantity::Parse(c.text);
    ASSERT_TRUE(q.ok()) << q.status();
    EXPECT_EQ(q->ToString(), c.canonical);
    EXPECT_EQ(q->Value(), c.value);
    EXPECT_EQ(q->MilliValue(), c.milli);
    const absl::StatusOr<Quantity> again = Quantity::Parse(q->ToString());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, *q) << "the canonical form reads back as the same number";
    EXPECT_EQ(again->ToString(), q->ToString()) << "and is its own canonical form";
  }
}

TEST(QuantityTest, RejectsWhatIsNoQuantity) {
  const char* const cases[] = {"",     " ",    "1 ",   " 1",  "abc",   "1.1.M",  "1+1.0M", "0.1mi", "0.1am",
                               ".5i",  "1i",   "-3.i", "1e",  "1e+",   "-3.01e", "1Zi",    "1K",    "1ki",
                               "0x10", ".",    "-",    "+",   "Ki",    "--1",    "1e3.5",  "1,5",   "1.2.3",
                               "\xff", "1 Gi", "NaN",  "inf", "1e3Ki", "1_000",  "e3",     "1mm",   "1Gib"};
  for (const char* text : cases) {
    const absl::StatusOr<Quantity> q = Quantity::Parse(text);
    EXPECT_FALSE(q.ok()) << text;
    EXPECT_NE(q.status().message().find(std::string("\"") + text + "\""), std::string::npos) << q.status();
  }
}

TEST(QuantityTest, TellsWhenValuesSaturate) {
  EXPECT_FALSE(Quantity::Parse("9223372036854775807")->ValueOverflows());
  EXPECT_TRUE(Quantity::Parse("9223372036854775807")->MilliValueOverflows());
  EXPECT_TRUE(Quantity::Parse("9223372036854775808")->ValueOverflows());
  EXPECT_FALSE(Quantity::Parse("1P")->MilliValueOverflows());
  EXPECT_TRUE(Quantity::Parse("1E")->MilliValueOverflows());
  EXPECT_TRUE(Quantity::Parse("1e1000000")->ValueOverflows()) << "past 128 bits it saturates there";
}

TEST(QuantityTest, ComparesNumbersNotTexts) {
  EXPECT_EQ(*Quantity::Parse("1"), *Quantity::Parse("1000m"));
  EXPECT_EQ(*Quantity::Parse("1Ki"), *Quantity::Parse("1024"));
  EXPECT_LT(*Quantity::Parse("999m"), *Quantity::Parse("1"));
  EXPECT_LT(*Quantity::Parse("-1"), *Quantity::Parse("0"));
  EXPECT_EQ(Quantity::Parse("-3")->Sign(), -1);
}

TEST(QuantityTest, FromNumbers) {
  EXPECT_EQ(Quantity::FromValue(1 << 20, Quantity::Format::kBinarySI).ToString(), "1Mi");
  EXPECT_EQ(Quantity::FromMilli(1500).ToString(), "1500m");
  EXPECT_EQ(Quantity::FromValue(kMax).Value(), kMax);
  EXPECT_EQ(Quantity::FromMilli(std::numeric_limits<int64_t>::min()).MilliValue(), std::numeric_limits<int64_t>::min());
}

TEST(QuantityTest, ToDoubleIsTheNearest) {
  EXPECT_EQ(Quantity::Parse("0.1")->ToDouble(), 0.1);
  EXPECT_EQ(Quantity::Parse("-2500m")->ToDouble(), -2.5);
  EXPECT_EQ(Quantity::Parse("123456789012.123456789")->ToDouble(), 123456789012.123456789);
  EXPECT_EQ(Quantity::Parse("9223372036854775807")->ToDouble(), 9223372036854775807.0);
}

}  // namespace
}  // namespace muster::api
