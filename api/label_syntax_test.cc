#include "api/label_syntax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace muster::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(LabelSyntaxTest, QualifiedNames) {
  for (const char* good : {"cpu", "a", "A.b_c-9", "example.com/gpu", "a.b.c/D"}) {
    EXPECT_THAT(CheckQualifiedName(good), IsEmpty()) << good;
  }
  EXPECT_THAT(CheckQualifiedName("@cpu"), ElementsAre(StartsWith("name part must consist of")));
  EXPECT_THAT(CheckQualifiedName("cpu-"), ElementsAre(StartsWith("name part must consist of")));
  EXPECT_THAT(CheckQualifiedName(""),
              ElementsAre("name part must be non-empty", StartsWith("name part must consist of")));
  EXPECT_THAT(CheckQualifiedName("/a"), ElementsAre("prefix part must be non-empty"));
  EXPECT_THAT(CheckQualifiedName("Upper.com/a"), ElementsAre(StartsWith("prefix part a lowercase RFC 1123 subdomain")));
  EXPECT_THAT(CheckQualifiedName("a/b/c"), ElementsAre(HasSubstr("optional DNS subdomain prefix and '/'")));
  EXPECT_THAT(CheckQualifiedName(std::string(63, 'a')), IsEmpty());
  EXPECT_THAT(CheckQualifiedName(std::string(64, 'a')), ElementsAre("name part must be no more than 63 bytes"));
}

TEST(LabelSyntaxTest, LabelValues) {
  for (const char* good : {"", "a", "A_b.c-1"}) EXPECT_THAT(CheckLabelValue(good), IsEmpty()) << good;
  for (const char* bad : {"-a", "a ", "a/b", "ü"}) {
    EXPECT_THAT(CheckLabelValue(bad), ElementsAre(StartsWith("a valid label must be"))) << bad;
  }
  EXPECT_THAT(CheckLabelValue(std::string(64, 'a')), ElementsAre("must be no more than 63 bytes"));
}

TEST(LabelSyntaxTest, Subdomains) {
  for (const char* good : {"a", "a-b", "a.b", "0"}) EXPECT_THAT(CheckDns1123Subdomain(good), IsEmpty()) << good;
  for (const char* bad : {"", "A", "a_b", ".a", "a.", "a..b", "-a", "a-"}) {
    EXPECT_THAT(CheckDns1123Subdomain(bad), ElementsAre(StartsWith("a lowercase RFC 1123 subdomain"))) << bad;
  }
  EXPECT_THAT(CheckDns1123Subdomain(std::string(254, 'a')), ElementsAre("must be no more than 253 bytes"));
}

}  // namespace
}  // namespace muster::api
