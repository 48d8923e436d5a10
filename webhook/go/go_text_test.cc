#include "webhook/go/go_text.h"

#include <gtest/gtest.h>

#include <string>

namespace muster::webhook {
namespace {

TEST(GoText, NumbersAndBooleansParseAsInStrconv) {
  EXPECT_EQ(GoAtoi("-7").value(), -7);
  EXPECT_EQ(GoAtoi("+7").value(), 7);
  EXPECT_EQ(GoAtoi("1.5").status().message(), R"(strconv.Atoi: parsing "1.5": invalid syntax)");
  EXPECT_EQ(GoAtoi("").status().message(), R"(strconv.Atoi: parsing "": invalid syntax)");
  EXPECT_EQ(GoAtoi("99999999999999999999").status().message(),
            R"(strconv.Atoi: parsing "99999999999999999999": value out of range)");
  EXPECT_EQ(GoParseInt32("2147483648").status().message(),
            R"(strconv.ParseInt: parsing "2147483648": value out of range)");
  EXPECT_TRUE(GoParseBool("T").value());
  EXPECT_EQ(GoParseBool("yes").status().message(), R"(strconv.ParseBool: parsing "yes": invalid syntax)");
}

TEST(GoText, TimesThatCannotBeReadSayHowFarReadingCame) {
  EXPECT_EQ(GoTimeError("2026-11-23T05:33:44Z"), "");
  EXPECT_EQ(GoTimeError("nope"),
            R"(parsing time "nope" as "2006-01-02T15:04:05Z07:00": cannot parse "nope" as "2006")");
  EXPECT_EQ(GoTimeError("2026-11"), R"(parsing time "2026-11" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "-")");
}

}  // namespace
}  // namespace muster::webhook
