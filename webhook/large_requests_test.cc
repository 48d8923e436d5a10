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

// Linear is under a second; also with sanitizers, and on a machine that is busy.
constexpr absl::Duration kSoon = absl::Seconds(30);

class LargeRequestsTest : public testing::Test {
 protected:
  LargeRequestsTest() {
    config_.frameworks = {"batch/job", "jobset.x-k8s.io/jobset", "kubeflow.org/pytorchjob"};
    EXPECT_TRUE(state_.Upsert({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", "a"}}}}).ok());
  }

  // What is answered. `about`: why it would take long.
  HttpAnswer Answer(const char* about, const std::string& path, const json& object, const json& old = nullptr) {
    SCOPED_TRACE(about);
    const Router router(config_, &state_);
    const std::string review = ReviewText(old.is_null() ? "CREATE" : "UPDATE", object, old);
    EXPECT_LT(review.size(), kMaxBodyBytes) << "the request itself is too large";
    const absl::Time start = absl::Now();
    HttpAnswer answer = router.Answer(path, "application/json", review);
    EXPECT_LT(absl::Now() - start, kSoon);
    EXPECT_LT(answer.body.size(), (size_t{3} << 20) + (size_t{64} << 10));
    EXPECT_TRUE(json::accept(answer.body));
    return answer;
  }

  WebhookConfig config_ = DefaultWebhookConfig();
  CachedClusterState state_;
};

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
  // Where JSON makes six bytes of one, nothing of it is left.
  EXPECT_EQ(Gist(Answer("", "/validate-batch-v1-job", named(std::string(1000000, '<'))).body),
            "the answer would be larger than 3145728 bytes");
}

}  // namespace
}  // namespace muster::webhook
