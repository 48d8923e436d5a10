#include "webhook/jobs/role_hash.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api/field_errors.h"
#include "api/json_path.h"
#include "api/problem.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

json Pod(const char* spec) { return {{"metadata", {{"name", "p"}}}, {"spec", json::parse(spec)}}; }
std::string HashOf(const char* spec) { return RoleHash(Pod(spec)); }

// The first digits of the SHA-256 of
// {"spec":{"affinity":null,"containers":[{"ports":null,"resources":{"requests":{"cpu":"1"}}}],"initContainers":null,
// "nodeSelector":null,"overhead":null,"priority":null,"resourceClaims":null,"runtimeClassName":null,
// "tolerations":null,"topologySpreadConstraints":null}}, on one line.
TEST(RoleHash, IsThatOfTheShapeAsGoWritesIt) {
  EXPECT_EQ(HashOf(R"({"containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "1"}}}]})"),
            "dc85db45");
}

TEST(RoleHash, LooksAtNothingThatPodsOfOneRoleMayDifferIn) {
  const std::string hash = HashOf(R"({"containers": [{"resources": {"requests": {"cpu": "1"}}}]})");
  EXPECT_EQ(HashOf(R"({"nodeName": "n", "containers": [{"env": [{"name": "RANK", "value": "3"}],
                       "resources": {"requests": {"cpu": "1000m"}, "limits": {"cpu": 2}}}]})"),
            hash);
  // Go leaves out what is empty in a toleration.
  const std::string tolerant = HashOf(R"({"tolerations": [{"operator": "Exists"}]})");
  EXPECT_EQ(HashOf(R"({"tolerations": [{"key": "", "operator": "Exists", "value": "", "effect": ""}]})"), tolerant);
  EXPECT_NE(HashOf(R"({"tolerations": [{"operator": "Exists", "tolerationSeconds": 0}]})"), tolerant);
  EXPECT_NE(HashOf(R"({"containers": [{"resources": {"requests": {"cpu": "2"}}}]})"), hash);
  EXPECT_NE(HashOf(R"({"containers": [{"resources": {"requests": {"cpu": "1"}}}], "priority": 1})"), hash);
}

std::vector<std::string> Differences(const char* now, const char* before) {
  const api::JsonPath root;
  api::FieldErrors errors;
  CheckSameShape(Pod(now), Pod(before), root.Field("spec"), errors);
  std::vector<std::string> texts;
  for (const api::Problem& problem : errors.Take()) texts.push_back(api::ToFieldError(problem));
  return texts;
}

TEST(CheckSameShape, NamesEachPartThatDiffers) {
  EXPECT_EQ(Differences(R"({"containers": [{"image": "a"}]})", R"({"containers": [{"image": "b"}]})"),
            std::vector<std::string>());
  EXPECT_EQ(Differences(R"({"containers": [{"resources": {"requests": {"cpu": "2"}}}], "priority": 7})",
                        R"({"containers": [{"resources": {"requests": {"cpu": "1"}}}]})"),
            (std::vector<std::string>{
                R"(spec.containers[0].resources.requests: Invalid value: {"cpu":"2"}: field is immutable)",
                "spec.priority: Invalid value: 7: field is immutable"}));
  EXPECT_EQ(
      Differences(R"({"tolerations": [{"value": "v", "key": "k"}]})", "{}"),
      std::vector<std::string>{R"(spec.tolerations: Invalid value: [{"key":"k","value":"v"}]: field is immutable)"});
}

}  // namespace
}  // namespace muster::webhook
