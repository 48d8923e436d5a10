#include "manager/provisioning/names.h"

#include <gtest/gtest.h>

#include <string>

namespace muster::manager {
namespace {

TEST(ProvisioningNames, OfRequestsAndTemplates) {
  EXPECT_EQ(ProvisioningRequestName("wl", "check", 3), "wl-check-3");
  EXPECT_EQ(PodTemplateName("wl-check-3", "main"), "ppt-wl-check-3-main");
}

TEST(ProvisioningNames, AttemptsAreReadBack) {
  EXPECT_EQ(AttemptOf("wl-check-12", "wl", "check"), 12);
  EXPECT_EQ(AttemptOf("wl-check-2-1", "wl", "check-2"), 1);
  EXPECT_EQ(AttemptOf("wl-check-2-1", "wl", "check"), std::nullopt) << "of another check";
  EXPECT_EQ(AttemptOf("wl-check-", "wl", "check"), std::nullopt);
  EXPECT_EQ(AttemptOf("wl-check-x", "wl", "check"), std::nullopt);
  EXPECT_EQ(AttemptOf("wl-check-+1", "wl", "check"), std::nullopt);
  EXPECT_EQ(AttemptOf("other-check-1", "wl", "check"), std::nullopt);
  EXPECT_EQ(AttemptOf("wl-check-99999999999999999999", "wl", "check"), 1) << "too large to be read";
}

// The hash is SHA-1's, of the whole name: what Kueue made is found again.
TEST(ProvisioningNames, LongOnesAreCut) {
  const std::string workload(200, 'w'), check(60, 'c');
  const std::string name = ProvisioningRequestName(workload, check, 1);
  EXPECT_EQ(name.size(), 253u);
  EXPECT_EQ(name.substr(0, 247), (workload + "-" + check + "-1").substr(0, 247));
  EXPECT_EQ(name[247], '-');
  EXPECT_NE(name, ProvisioningRequestName(workload, check, 2));
  EXPECT_EQ(AttemptOf(name, workload, check), std::nullopt);
  EXPECT_EQ(ProvisioningRequestName(std::string(243, 'w'), "c", 1).size(), 247u) << "nothing is cut";
  EXPECT_EQ(ProvisioningRequestName(std::string(300, 'a'), "c", 1), std::string(247, 'a') + "-ef914");
}

}  // namespace
}  // namespace muster::manager
