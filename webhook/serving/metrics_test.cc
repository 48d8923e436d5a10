#include "webhook/serving/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kube/client/cache_figures.h"
#include "webhook/router.h"
#include "webhook/serving/http_server.h"

namespace muster::webhook {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::vector<Route> Routes() {
  std::vector<Route> routes(2);
  routes[0].path = "/validate-a";
  routes[1].path = "/mutate-a";
  return routes;
}

HttpAnswer Answer(int code, bool allowed) {
  HttpAnswer answer;
  answer.code = code;
  answer.allowed = allowed;
  return answer;
}

TEST(Metrics, RequestsAreCountedByPathCodeAndDecision) {
  Metrics metrics(Routes(), {});
  metrics.Observe("/validate-a", Answer(403, false), absl::Milliseconds(3));
  metrics.Observe("/validate-a", Answer(200, true), absl::Milliseconds(3));
  metrics.Observe("/validate-a", Answer(400, false), absl::Milliseconds(3));
  metrics.Observe("/validate-a", Answer(403, false), absl::Milliseconds(3));
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("controller_runtime_webhook_requests_total{code=\"403\",webhook=\"/validate-a\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("muster_webhook_decisions_total{decision=\"denied\",webhook=\"/validate-a\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("muster_webhook_decisions_total{decision=\"allowed\",webhook=\"/validate-a\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("muster_webhook_decisions_total{decision=\"error\",webhook=\"/validate-a\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("controller_runtime_webhook_latency_seconds_count{webhook=\"/validate-a\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("controller_runtime_webhook_latency_seconds_count{webhook=\"/mutate-a\"} 0\n"));
}

TEST(Metrics, ADenialIsNoError) {
  const struct {
    const char* about;
    int status, code;
    bool allowed;
    const char* decision;
  } cases[] = {
      {"allowed", 200, 200, true, "allowed"},
      {"a rule", 200, 403, false, "denied"},
      {"an owner that is not there", 200, 404, false, "denied"},
      {"an object that is not valid", 200, 422, false, "denied"},
      {"no review", 200, 400, false, "error"},
      {"too large", 200, 413, false, "error"},
      {"Kueue would panic", 200, 500, false, "error"},
      {"a look-up without an answer", 200, 504, false, "error"},
      {"not known yet", 503, 503, false, "error"},
      {"no such path", 404, 404, false, "error"},
  };
  for (const auto& c : cases) {
    Metrics metrics(Routes(), {});
    HttpAnswer answer = Answer(c.code, c.allowed);
    answer.status = c.status;
    metrics.Observe("/mutate-a", answer, absl::ZeroDuration());
    for (const std::string decision : {"allowed", "denied", "error"}) {
      EXPECT_THAT(metrics.Text(),
                  HasSubstr(absl::StrCat("muster_webhook_decisions_total{decision=\"", decision,
                                         "\",webhook=\"/mutate-a\"} ", decision == c.decision ? 1 : 0, "\n")))
          << c.about;
    }
    EXPECT_THAT(metrics.Text(),
                HasSubstr(absl::StrCat("requests_total{code=\"", c.code, "\",webhook=\"/mutate-a\"} 1\n")))
        << c.about;
  }
}

// Or clients could make as many series as they like.
TEST(Metrics, PathsAndCodesThatNobodyServesAreOne) {
  Metrics metrics(Routes(), {});
  EXPECT_TRUE(metrics.IsRoute("/mutate-a"));
  for (const char* path : {"/x", "/y", "other"}) {
    EXPECT_FALSE(metrics.IsRoute(path));
    metrics.Observe(path, Answer(299, false), absl::ZeroDuration());
  }
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("controller_runtime_webhook_requests_total{code=\"500\",webhook=\"other\"} 3\n"));
  EXPECT_THAT(text, Not(HasSubstr("/x")));
  EXPECT_THAT(text, Not(HasSubstr("299")));
}

TEST(Metrics, FiguresAreAskedForWhenSomebodyReads) {
  kube::CacheFigures never;
  never.resource = "namespaces";
  never.last_contact = absl::InfinitePast();
  kube::CacheFigures known;
  known.resource = "localqueues.kueue.x-k8s.io";
  known.synced = true;
  known.objects = 7;
  known.lists = 2;
  known.failures = 3;
  known.last_contact = absl::Now() - absl::Seconds(100);
  int asked = 0;
  HttpServerStats stats;
  stats.connections = 4;
  Metrics::Sources sources;
  sources.server = [&] { return stats; };
  sources.caches = [&] {
    ++asked;
    return std::vector<kube::CacheFigures>{never, known};
  };
  Metrics metrics(Routes(), sources);
  EXPECT_EQ(asked, 0);
  const std::string text = metrics.Text();
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(text, HasSubstr("muster_webhook_connections 4\n"));
  EXPECT_THAT(text, HasSubstr("muster_webhook_cache_synced{resource=\"namespaces\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("muster_webhook_cache_objects{resource=\"localqueues.kueue.x-k8s.io\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("muster_webhook_cache_lists_total{resource=\"localqueues.kueue.x-k8s.io\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("muster_webhook_cache_failures_total{resource=\"localqueues.kueue.x-k8s.io\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("muster_webhook_cache_age_seconds{resource=\"localqueues.kueue.x-k8s.io\"} 1"));
  // An age of what was never heard of is no number.
  EXPECT_THAT(text, Not(HasSubstr("muster_webhook_cache_age_seconds{resource=\"namespaces\"}")));
}

}  // namespace
}  // namespace muster::webhook
