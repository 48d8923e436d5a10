// What counts as not installed. (The rest is in webhook/live and kube/testing/http, against servers with objects.)
#include "kube/client/reflector.h"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "absl/time/clock.h"
#include "kube/client/fake_api_server.h"
#include "kube/client/object_sink.h"
#include "webhook/base/log.h"

namespace muster::kube {
namespace {

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return false;
}

class Nothing : public ObjectSink {
 public:
  void Replace(const ResourceType&, std::vector<ToldObject> objects, uint64_t) override {
    EXPECT_TRUE(objects.empty());
  }
  absl::Status Put(const ResourceType&, ToldObject) override { return absl::OkStatus(); }
  void Remove(const ResourceType&, ToldObject) override {}
};

TEST(Reflector, AnotherVersionIsNothingToThoseWhoDoNotNeedIt) {
  FakeApiServer api;
  api.AddCollection("/apis/jobset.x-k8s.io/v0/jobsets");
  const webhook::Log log(webhook::LogLevel::kError);
  Nothing sink;
  ReflectorOptions options;
  options.min_backoff = absl::Milliseconds(5);
  options.max_backoff = absl::Milliseconds(20);
  options.absence_interval = absl::Milliseconds(5);
  options.absence_patience = absl::Milliseconds(20);
  const ResourceType& type = TypeOf("jobset.x-k8s.io", "JobSet");
  const Reflector strict(api.endpoint(), type, KeepWhole, options, &sink, &log);
  options.may_be_of_another_version = true;
  const Reflector lenient(api.endpoint(), type, KeepMetadata, options, &sink, &log);
  EXPECT_TRUE(Eventually([&] { return lenient.synced(); }));
  EXPECT_TRUE(Eventually([&] { return strict.figures().failures > 10; }));
  EXPECT_FALSE(strict.synced());
}

}  // namespace
}  // namespace muster::kube
