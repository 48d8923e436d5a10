#include "api/quantity.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "api/quantity_text.h"

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
      {"+1", "+1", 1, 1000, "a text that has no shorter form is kept, with its plus sign"},
      {"+1000", "1k", 1000, 1000000, "otherwise the sign goes"},
      {"-1", "-1", -1, -1000, "negative numbers are quantities too"},
      {"007", "007", 7, 7000, "leading zeros mean nothing, and stay"},
      {"1.0", "1", 1, 1000, "trailing zeros of a fraction are dropped"},
      {".5", "500m", 1, 500, "a number may start with the point"},
      {"5.", "5.", 5, 5000, "or end with it, and stay so"},
      {"1.500", "1.500", 2, 1500, "thousandths stay as they are written"},
      {"0.500", "500m", 1, 500, "but not below one"},
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
      {"1000E", "1e21", kMax, kMax, "there is no suffix above E"},
      {"12345E", "12345E", kMax, kMax, "but there are numbers"},
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
      {"1E3", "1E3", 1000, 1000000, "in upper case, too"},
      {"1E4", "10e3", 10000, 10000000, "unless they have to change"},
      {"1e1", "10", 10, 10000, "exponents come in steps of three"},
      {"1e-3", "1e-3", 1, 1, "negative exponents"},
      {"1.5e3", "1500", 1500, 1500000, "a fraction with an exponent"},
      {"100e-1", "10", 10, 10000, "an exponent that shifts a digit away"},
      {"12e+3", "12e+3", 12000, 12000000, "an exponent with a plus sign"},
      {"1e4294967296", "1e4294967296", 1, 1000, "exponents wrap around at 32 bits"},
      {"1e4294967299", "1e4294967299", 1000, 1000000, "while the text is kept"},
      {"1e-4294967295", "10", 10, 10000, "in both directions"},
      {"1.5e-2147483648", "150e2147483646", kMax, kMax, "and a digit after the point below the least"},
      {"1e100", "10e99", kMax, kMax, "numbers beyond 128 bits are kept"},
      {"-1e99", "-1e99", -kMax - 1, -kMax - 1, "below zero, too"},
      {"100000000000000000000000000000000000000000000", "100e42", kMax, kMax, "with their exponent"},
      {"123456789012345678901234567890123456789012345", "123456789012345678901234567890123456789012345", kMax, kMax,
       "and all their digits"},
      {"1e0", "1e0", 1, 1000, "an exponent of nothing stays"},
      {".", "0", 0, 0, "no digits at all are zero, as apimachinery reads them"},
      {"-", "0", 0, 0, "after a sign"},
      {"Ki", "0", 0, 0, "and before a suffix"},
      {"e3", "0", 0, 0, "or exponent"},
      {"m", "0", 0, 0, "of which a letter is enough"},
      {"+5Ki", "+5Ki", 5120, 5120000, "of binary numbers the text is kept when the last three bits are not zero"},
      {"+8Ki", "8Ki", 8192, 8192000, "and not when they are"},
      {"1.Ki", "1.Ki", 1024, 1024000, "a point changes nothing"},
      {"0.9999999999999999999", "1", 1, 1000, "rounding up carries"},
      {"-99.9999999999", "-100", -100, -100000, "away from zero"},
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
    const std::string written = RewrittenQuantity(c.text).value_or("?");
    EXPECT_EQ(written, c.canonical);
    EXPECT_EQ(q->Value(), c.value);
    EXPECT_EQ(q->MilliValue(), c.milli);
    const absl::StatusOr<Quantity> again = Quantity::Parse(written);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, *q) << "what is written reads back as the same number";
    EXPECT_EQ(RewrittenQuantity(written).value_or("?"), written) << "and is written again as it is";
  }
}

TEST(QuantityTest, RejectsWhatIsNoQuantity) {
  using Fault = QuantityFault;
  const struct {
    Fault fault;
    std::vector<const char*> texts;
  } cases[] = {
      {Fault::kFormat, {"",      " ",    "1 ",   " 1",  "abc", "1.1.M", "1+1.0M", "0.1am", "0x10",  "1e3.5", "1,5",
                        "1.2.3", "\xff", "1 Gi", "NaN", "inf", "1e3Ki", "1_000",  "1Gib",  "1e-+3", "1Zi"}},
      {Fault::kSuffix,
       {"0.1mi", ".5i", "1i", "-3.i", "1e", "1e+", "-3.01e", "1K", "1ki", "--1", "1mm", "1eE", "1Ki5",
        "1e99999999999999999999", "1e-9223372036854775809", "eE"}},
      // Only short numbers may do without digits.
      {Fault::kNumber, {"Pi", "-Ei", "e-10", ".e-12", "+.Ei"}},
  };
  for (const auto& c : cases) {
    for (const char* text : c.texts) {
      const absl::StatusOr<Quantity> q = Quantity::Parse(text);
      EXPECT_FALSE(q.ok()) << text;
      EXPECT_EQ(FaultOf(text), c.fault) << text;
      EXPECT_NE(q.status().message().find(std::string("\"") + text + "\""), std::string::npos) << q.status();
    }
  }
}

// A quantity by the book: integers of any size as decimal texts, and no case that is treated on its own for speed.
class Oracle {
 public:
  explicit Oracle(const std::string& text) {
    size_t at = 0;
    std::string sign, whole, fraction;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) sign = text[at++];
    while (at < text.size() && isdigit(text[at])) whole += text[at++];
    if (at < text.size() && text[at] == '.') {
      for (++at; at < text.size() && isdigit(text[at]);) fraction += text[at++];
    }
    const std::string suffix = text.substr(at);
    static const std::map<std::string, int> decimal = {{"n", -9}, {"u", -6}, {"m", -3}, {"", 0},   {"k", 3},
                                                       {"M", 6},  {"G", 9},  {"T", 12}, {"P", 15}, {"E", 18}};
    static const std::map<std::string, int> binary = {{"Ki", 10}, {"Mi", 20}, {"Gi", 30},
                                                      {"Ti", 40}, {"Pi", 50}, {"Ei", 60}};
    int tens = 0, twos = 0;
    if (const auto it = decimal.find(suffix); it != decimal.end()) {
      tens = it->second;
    } else if (const auto it2 = binary.find(suffix); it2 != binary.end()) {
      twos = it2->second;
    } else {
      // Exponents are short here.
      if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return;
      const size_t digits = suffix[1] == '+' || suffix[1] == '-' ? 2 : 1;
      if (digits == suffix.size() || suffix.find_first_not_of("0123456789", digits) != std::string::npos) return;
      tens = std::stoi(suffix.substr(1));
      scientific_ = true;
    }
    const size_t first = whole.find_first_not_of('0');
    const size_t length = first == std::string::npos ? 1 : whole.size() - first;
    const bool is_short = twos > 0 ? fraction.empty() && length + twos / 10 * 3 <= 14
                                   : tens - static_cast<int>(fraction.size()) >= -9 && length + fraction.size() <= 18;
    // A lone sign, and zeros, are zero whatever would come after them.
    const bool none = whole.empty() && fraction.empty();
    if (text.empty() || (none && !is_short)) return;
    valid_ = true;
    negative_ = sign == "-";
    // In billionths, rounded up.
    std::string number = whole + fraction;
    for (int i = 0; i < twos; ++i) number = Twice(number);
    const int shift = tens + 9 - static_cast<int>(fraction.size());
    bool rest = false;
    if (shift >= 0) {
      number.append(shift, '0');
    } else {
      const size_t keep = number.size() > static_cast<size_t>(-shift) ? number.size() + shift : 0;
      rest = number.find_first_not_of('0', keep) != std::string::npos;
      number.resize(keep);
    }
    number.erase(0, std::min(number.find_first_not_of('0'), number.size()));
    if (rest) number = PlusOne(number);
    if (twos > 0 && Less("9223372036854775807000000000", number)) number = "9223372036854775807000000000";
    nanos_ = number;
    binary_ = twos > 0;
    const std::string shifted = (first == std::string::npos ? "0" : whole.substr(first)) + fraction;
    const int scale = tens - static_cast<int>(fraction.size());
    if (is_short && !number.empty() && first != std::string::npos) {
      const bool odd = twos > 0 && std::stoll(whole) % 8 != 0;
      const bool plain =
          twos == 0 && scale % 3 == 0 && (shifted.size() < 3 || shifted.compare(shifted.size() - 3, 3, "000") != 0);
      if (odd || plain) written_ = text;
    }
  }

  bool valid() const { return valid_; }
  std::string nanos() const { return nanos_.empty() ? "0" : (negative_ ? "-" : "") + nanos_; }
  std::string text() const {
    if (nanos_.empty()) return "0";
    if (!written_.empty()) return written_;
    const std::string sign = negative_ ? "-" : "";
    const bool integral = nanos_.size() > 9 && nanos_.substr(nanos_.size() - 9) == "000000000";
    const std::string units = integral ? nanos_.substr(0, nanos_.size() - 9) : "";
    if (binary_ && integral && !Less(units, "1024")) {
      uint64_t value = std::stoull(units);
      size_t power = 0;
      for (; value % 1024 == 0; value /= 1024) ++power;
      return sign + std::to_string(value) + std::string(" KMGTPE").substr(power, power == 0 ? 0 : 1) +
             (power == 0 ? "" : "i");
    }
    std::string number = nanos_;
    int exponent = -9;
    for (; number.size() > 3 && number.substr(number.size() - 3) == "000"; exponent += 3)
      number.resize(number.size() - 3);
    const std::string scientific = exponent == 0 ? "" : "e" + std::to_string(exponent);
    const std::string si = exponent > 18 ? scientific : std::string("num kMGTPE").substr((exponent + 9) / 3, 1);
    return sign + number + (scientific_ ? scientific : si == " " ? "" : si);
  }

 private:
  static bool Less(const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
  static std::string PlusOne(std::string number) {
    size_t at = number.size();
    while (at > 0 && number[at - 1] == '9') number[--at] = '0';
    if (at == 0) return "1" + number;
    ++number[at - 1];
    return number;
  }
  static std::string Twice(const std::string& number) {
    std::string out;
    int carry = 0;
    for (size_t i = number.size(); i-- > 0;) {
      const int digit = 2 * (number[i] - '0') + carry;
      out.insert(out.begin(), static_cast<char>('0' + digit % 10));
      carry = digit / 10;
    }
    return carry == 0 ? out : "1" + out;
  }

  bool valid_ = false;
  bool negative_ = false;
  bool binary_ = false;
  bool scientific_ = false;
  std::string nanos_;    // "" = 0
  std::string written_;  // "" = the canonical form is written
};

std::string Decimal(absl::int128 value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

void Compare(const std::string& text) {
  const Oracle oracle(text);
  const absl::StatusOr<Quantity> q = Quantity::Parse(text);
  ASSERT_EQ(q.ok(), oracle.valid()) << text;
  if (!q.ok()) return;
  ASSERT_EQ(RewrittenQuantity(text).value_or("?"), oracle.text()) << text;
  if (oracle.nanos().size() < 39) {
    ASSERT_EQ(Decimal(q->nanos()), oracle.nanos()) << text;
  }
}

TEST(QuantityTest, AgreesWithTheOracleOnEveryShortText) {
  constexpr char kLetters[] = "019.+-eEimKn";
  std::vector<std::string> texts = {""};
  for (int length = 0; length < 6; ++length) {
    std::vector<std::string> longer;
    for (const std::string& text : texts) {
      Compare(text);
      if (HasFatalFailure()) return;
      for (const char* letter = kLetters; *letter != '\0'; ++letter) longer.push_back(text + *letter);
    }
    texts = std::move(longer);
  }
}

TEST(QuantityTest, AgreesWithTheOracleOnTheGrammar) {
  for (const char* sign : {"", "+", "-"}) {
    for (const char* whole :
         {"", "0", "00", "1", "8", "007", "999", "1000", "1024", "99999999", "123456789012345678",
          "9223372036854775807", "9223372036854775808", "1000000000000000000000", "18446744073709551616"}) {
      for (const char* fraction : {"", ".", ".0", ".5", ".000", ".500", ".001", ".000000001", ".0000000001",
                                   ".999999999", ".9999999999", ".12345678901234567890123"}) {
        for (const char* suffix :
             {"",   "n",  "u",  "m",  "k",  "M",  "G",   "T",   "P",   "E",    "Ki",  "Mi",  "Gi",  "Ti", "Pi",
              "Ei", "e0", "E1", "e2", "e3", "e4", "e-3", "e-9", "e+6", "e-10", "e18", "E19", "e21", "e40"}) {
          Compare(std::string(sign) + whole + fraction + suffix);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(QuantityTest, TellsWhenValuesSaturate) {
  EXPECT_FALSE(Quantity::Parse("9223372036854775807")->ValueOverflows());
  EXPECT_TRUE(Quantity::Parse("9223372036854775807")->MilliValueOverflows());
  EXPECT_TRUE(Quantity::Parse("9223372036854775808")->ValueOverflows());
  EXPECT_FALSE(Quantity::Parse("1P")->MilliValueOverflows());
  EXPECT_TRUE(Quantity::Parse("1E")->MilliValueOverflows());
  EXPECT_TRUE(Quantity::Parse("1e1000000")->ValueOverflows()) << "past 128 bits it saturates there";
  EXPECT_TRUE(Quantity::Parse("1e2147483648")->ValueOverflows()) << "the least exponent is its own opposite";
  EXPECT_TRUE(Quantity::Parse(std::string(100000, '9'))->ValueOverflows());
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
