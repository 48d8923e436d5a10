// Requests as large as an API server sends them, of the kinds that make work: each is answered in a time that grows with
// its size, by an answer that does not. Were one of them quadratic, it would take minutes.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "webhook/router.h"
#include "webhook/state/cluster_state.h"
#include "webhook/state/config.h"
#include "webhook/testing/review_builder.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr int kMany = 50000;
// Linear is under a second; also with sanitizers, and on a machine that is busy.
constexpr absl::Duration kSoon = absl::Seconds(30);

std::string Name(int i) { return absl::StrCat("n", i); }

json List(int count, const json& item) { return json(static_cast<size_t>(count), item); }

template <class Make>
json Each(int count, Make make) {
  json list = json::array();
  for (int i = 0; i < count; ++i) list.push_back(make(i));
  return list;
}

class LargeRequestsTest : public testing::Test {
 protected:
  LargeRequestsTest() {
    config_.frameworks = {"batch/job", "jobset.x-k8s.io/jobset", "kubeflow.org/pytorchjob"};
    EXPECT_TRUE(state_.Upsert({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "a"}}}}).ok());
  }

  // What is answered. `about`: why it would take long.
  HttpAnswer Answer(const char* about, const std::string& path, const json& object, const json& old = nullptr) {
    SCOPED_TRACE(about);
    const Router router(config_, &state_, absl::InfiniteDuration());  // sanitizers take their time
    const std::string review = ReviewText(old.is_null() ? "CREATE" : "UPDATE", object, old);
    EXPECT_LT(review.size(), kMaxBodyBytes) << "the request itself is too large";
    const absl::Time start = absl::Now();
    HttpAnswer answer = router.Answer(path, "application/json", review);
    EXPECT_LT(absl::Now() - start, kSoon);
    EXPECT_LE(answer.body.size(), size_t{8} << 20);
    EXPECT_TRUE(json::accept(answer.body));
    return answer;
  }

  WebhookConfig config_ = DefaultWebhookConfig();
  CachedClusterState state_;
};

TEST_F(LargeRequestsTest, ClusterQueues) {
  const auto queue = [](const json& spec) {
    return json{{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                {"kind", "ClusterQueue"},
                {"metadata", {{"name", "q"}}},
                {"spec", spec}};
  };
  const auto flavors = [](int count) {
    return json::array({{{"coveredResources", {"cpu"}},
                         {"flavors", Each(count, [](int i) {
                            return json{{"name", Name(i)}, {"resources", {{{"name", "cpu"}, {"nominalQuota", "1"}}}}};
                          })}}});
  };
  const auto checks = [](const json& list) { return json{{"admissionChecks", list}}; };
  const std::string path = "/validate-kueue-x-k8s-io-v1beta2-clusterqueue";

  const json many_unknown = checks(json::array({{{"name", "c"}, {"onFlavors", Each(kMany, Name)}}}));
  EXPECT_FALSE(Answer("each error lists the flavors there are", path,
                      queue({{"resourceGroups", flavors(1)}, {"admissionChecksStrategy", many_unknown}}))
                   .allowed);
  const json unknown = checks(json::array({{{"name", "c"}, {"onFlavors", List(kMany, "x")}}}));
  EXPECT_FALSE(Answer("and there are many", path,
                      queue({{"resourceGroups", flavors(kMany)}, {"admissionChecksStrategy", unknown}}))
                   .allowed);
  EXPECT_FALSE(Answer("each flavor is there twice", path,
                      queue({{"resourceGroups",
                              [&] {
                                json groups = flavors(kMany / 2);
                                groups.push_back(groups[0]);
                                return groups;
                              }()}}))
                   .allowed);
  const json expressions = Each(kMany, [](int i) {
    return json{{"key", absl::StrCat("@", i)}, {"operator", "Exists"}};
  });
  EXPECT_FALSE(Answer("each expression has an error of its own", path,
                      queue({{"namespaceSelector", {{"matchExpressions", expressions}}}}))
                   .allowed);
  const json nameless = queue({{"admissionChecksStrategy", checks(List(4 * kMany, json::object()))}});
  Answer("checks without a name are found by their place", path, nameless, nameless);
  json backwards = Each(kMany, [](int i) { return json{{"name", Name(kMany - i)}}; });
  Answer("checks have changed their places", path, queue({{"admissionChecksStrategy", checks(backwards)}}),
         queue({{"admissionChecksStrategy", checks(Each(kMany, [](int i) {
                   return json{{"name", Name(i)}};
                 }))}}));
}

TEST_F(LargeRequestsTest, Workloads) {
  const auto pod_sets = [](int count) {
    return Each(count, [](int i) { return json{{"name", Name(i)}, {"count", 3}}; });
  };
  const auto workload = [](const json& sets, const json& status) {
    return json{{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                {"kind", "Workload"},
                {"metadata", {{"name", "w"}, {"namespace", "a"}}},
                {"spec", {{"podSets", sets}}},
                {"status", status}};
  };
  const std::string path = "/validate-kueue-x-k8s-io-v1beta2-workload";
  const json reserved = json::array({{{"type", "QuotaReserved"},
                                      {"status", "True"},
                                      {"reason", "r"},
                                      {"message", ""},
                                      {"lastTransitionTime", "2026-01-31T12:00:00Z"}}});
  const json assignments = Each(kMany, [](int i) { return json{{"name", Name(i)}, {"count", 3}}; });
  Answer("each assignment is to one of many pod sets", path,
         workload(pod_sets(kMany), {{"conditions", reserved},
                                    {"admission", {{"clusterQueue", "q"}, {"podSetAssignments", assignments}}}}));
  const json pods = Each(kMany, [](int i) { return json{{"name", absl::StrCat("other", i)}, {"count", 1}}; });
  EXPECT_FALSE(
      Answer("each error lists the pod sets there are", path, workload(pod_sets(kMany), {{"reclaimablePods", pods}}))
          .allowed);
  const json updates = List(kMany, {{"name", "other"}});
  EXPECT_FALSE(Answer("those of checks, too", path,
                      workload(pod_sets(kMany), {{"admissionChecks", {{{"name", "c"}, {"podSetUpdates", updates}}}}}))
                   .allowed);
  json status = {{"conditions", reserved},
                 {"admission", {{"clusterQueue", "q"}, {"podSetAssignments", json::array()}}},
                 {"reclaimablePods", Each(kMany, [](int i) {
                    return json{{"name", Name(i)}, {"count", 2}};
                  })}};
  json less = status;
  less["reclaimablePods"] = Each(kMany, [](int i) { return json{{"name", Name(kMany - 1 - i)}, {"count", 1}}; });
  EXPECT_FALSE(Answer("pods that were given back are compared by name", path, workload(pod_sets(kMany), less),
                      workload(pod_sets(kMany), status))
                   .allowed);
  const auto states = [](int count, const json& updates) {
    return json{{"admissionChecks",
                 List(count, {{"name", "c"}, {"state", "Ready"}, {"podSetUpdates", updates}, {"message", ""}})}};
  };
  Answer("every old state of a check is compared with the new one", path,
         workload(pod_sets(1), states(1, Each(kMany,
                                              [](int i) {
                                                return json{{"name", Name(i)}};
                                              }))),
         workload(pod_sets(1), states(kMany, json::array())));
}

TEST_F(LargeRequestsTest, Jobs) {
  const std::string job = "/validate-batch-v1-job";
  std::string gates = "a.b/g0";
  for (int i = 1; i < 4 * kMany; ++i) absl::StrAppend(&gates, ",a.b/g", i);
  const auto gated = [](const std::string& by) {
    return json{{"metadata", {{"namespace", "a"}, {"annotations", {{"kueue.x-k8s.io/admission-gated-by", by}}}}}};
  };
  EXPECT_TRUE(Answer("every gate was there before", job, gated(gates), gated(gates)).allowed);
  std::string same = "a.b/g";
  for (int i = 1; i < 4 * kMany; ++i) same += ",a.b/g";
  EXPECT_FALSE(Answer("each error shows all gates", job, gated(same)).allowed);
  const auto replicated = [](int i) {
    const json annotations = {{"kueue.x-k8s.io/podset-group-name", Name(i)},
                              {"kueue.x-k8s.io/podset-required-topology", "rack"}};
    return json{{"name", Name(i)},
                {"template", {{"spec", {{"template", {{"metadata", {{"annotations", annotations}}}}}}}}}};
  };
  EXPECT_FALSE(Answer("each pod set is a group", "/validate-jobset-x-k8s-io-v1alpha2-jobset",
                      {{"metadata", {{"namespace", "a"}}}, {"spec", {{"replicatedJobs", Each(kMany / 2, replicated)}}}})
                   .allowed);
}

TEST_F(LargeRequestsTest, APatchThatIsTooLargeIsARefusal) {
  json limits = json::object();
  for (int i = 0; i < 230000; ++i) limits[absl::StrCat("r", i)] = 1;
  const json worker = {{"template", {{"spec", {{"containers", {{{"resources", {{"limits", limits}}}}}}}}}}};
  const json labels = {{"kueue.x-k8s.io/queue-name", "q"}};
  const HttpAnswer answer = Answer("every amount is written as Go writes it", "/mutate-kubeflow-org-v1-pytorchjob",
                                   {{"metadata", {{"namespace", "a"}, {"labels", labels}}},
                                    {"spec", {{"pytorchReplicaSpecs", {{"Worker", worker}}}}}});
  EXPECT_FALSE(answer.allowed);
  EXPECT_EQ(
      Gist(answer.body),
      "the changes to the object would be larger than 2359296 bytes; write its quantities in their canonical form "
      "(\"1\", not 1 or \"1000m\")");
}

TEST_F(LargeRequestsTest, ErrorsThatAreTooLongAreCut) {
  const auto named = [](const std::string& queue) {
    return json{{"metadata", {{"namespace", "a"}, {"labels", {{"kueue.x-k8s.io/queue-name", queue}}}}}};
  };
  const std::string gist = Gist(Answer("", "/validate-batch-v1-job", named(std::string(3000000, 'A'))).body);
  EXPECT_EQ(gist.substr(0, 60), "metadata.labels[kueue.x-k8s.io/queue-name]: Invalid value: \"");
  EXPECT_NE(gist.find("bytes and what follows are left out)"), std::string::npos);
  // JSON makes six bytes of one, which is no more than an answer may have.
  EXPECT_EQ(Gist(Answer("", "/validate-batch-v1-job", named(std::string(3000000, '<'))).body).substr(60, 3), "<<<");
}

// What is echoed may be large, too.
TEST_F(LargeRequestsTest, AnAnswerThatIsTooLargeIsARefusal) {
  std::string review = ReviewText("CREATE", json::object());
  const std::string uid = std::string(1'500'000, '<');
  review.replace(review.find("0a1b"), 4, uid);
  const HttpAnswer answer =
      Router(config_, &state_, absl::InfiniteDuration()).Answer("/validate-batch-v1-job", "application/json", review);
  EXPECT_FALSE(answer.allowed);
  EXPECT_LT(answer.body.size(), size_t{16} << 10);
  EXPECT_EQ(Gist(answer.body), "the answer would be larger than 8388608 bytes");
}

}  // namespace
}  // namespace muster::webhook
