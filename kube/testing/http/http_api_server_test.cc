// The client against the simulated API server, over sockets: what is written is there, and what is there is told.
#include "kube/testing/http/http_api_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "kube/client/kubeconfig.h"
#include "kube/client/leader_elector.h"
#include "kube/client/object_sink.h"
#include "kube/client/reflector.h"
#include "kube/client/request_sender.h"
#include "kube/client/told_object.h"
#include "kube/client/waiting.h"
#include "webhook/base/log.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 2000; ++i) {
    if (condition()) return true;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return false;
}

const ResourceType& PriorityClasses() { return TypeOf("kueue.x-k8s.io", "WorkloadPriorityClass"); }

json PriorityClass(const std::string& name, int value) {
  return {{"apiVersion", "kueue.x-k8s.io/v1beta2"},
          {"kind", "WorkloadPriorityClass"},
          {"metadata", {{"name", name}}},
          {"value", value}};
}

constexpr char kClasses[] = "/apis/kueue.x-k8s.io/v1beta2/workloadpriorityclasses";

// Objects by name, as told.
class Told : public ObjectSink {
 public:
  void Replace(const ResourceType&, std::vector<ToldObject> objects, uint64_t version) override {
    absl::MutexLock lock(&mutex_);
    ++lists_;
    version_ = version;
    objects_.clear();
    for (ToldObject& object : objects) objects_[object.name] = std::move(object.value);
  }
  absl::Status Put(const ResourceType&, ToldObject object) override {
    absl::MutexLock lock(&mutex_);
    objects_[object.name] = std::move(object.value);
    return absl::OkStatus();
  }
  void Remove(const ResourceType&, ToldObject last) override {
    absl::MutexLock lock(&mutex_);
    objects_.erase(last.name);
  }
  std::map<std::string, json> objects() const {
    absl::MutexLock lock(&mutex_);
    return objects_;
  }
  int lists() const {
    absl::MutexLock lock(&mutex_);
    return lists_;
  }
  uint64_t version() const {
    absl::MutexLock lock(&mutex_);
    return version_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, json> objects_ ABSL_GUARDED_BY(mutex_);
  int lists_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
};

class HttpApiServerTest : public ::testing::Test {
 protected:
  HttpApiServerTest()
      : server_({.cluster = false, .bookmark_interval = absl::Milliseconds(50)}), log_(webhook::LogLevel::kError) {
    options_.min_backoff = absl::Milliseconds(10);
    options_.max_backoff = absl::Milliseconds(100);
    options_.short_watch = absl::Milliseconds(10);
    options_.page_size = 3;
    options_.absence_interval = absl::Milliseconds(20);
    options_.absence_patience = absl::Milliseconds(50);
    options_.removal_patience = absl::Milliseconds(100);
  }
  std::unique_ptr<Reflector> Follow(const ResourceType& type) {
    return std::make_unique<Reflector>(server_.endpoint(), type, KeepWhole, options_, &told_, &log_);
  }
  std::unique_ptr<RequestSender> Sender(RequestBudget* budget = nullptr) {
    ApiEndpoint endpoint = server_.endpoint();
    endpoint.user_agent = "kueue/v1 (test)";
    return *RequestSender::New(endpoint, {}, budget);
  }
  // Whether what was told is what there is.
  bool Agrees(const ResourceType& type) {
    const auto told = told_.objects();
    const std::vector<ObjectPtr> all = server_.List(type);
    if (told.size() != all.size()) return false;
    for (const ObjectPtr& object : all) {
      const auto found = told.find(object->name());
      if (found == told.end() || found->second["metadata"]["resourceVersion"] != object->resource_version())
        return false;
    }
    return true;
  }

  HttpApiServer server_;
  webhook::Log log_;
  ReflectorOptions options_;
  Told told_;
};

TEST_F(HttpApiServerTest, WritesAreThereAndSayWhoWrote) {
  const auto sender = Sender();
  Request request;
  request.verb = Verb::kCreate;
  request.key = {&TypeOf("kueue.x-k8s.io", "Workload"), "default", ""};
  request.body = {{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                  {"kind", "Workload"},
                  {"metadata", {{"name", "w"}, {"namespace", "default"}}},
                  {"spec", {{"queueName", "q"}}}};
  Response response = sender->Send(request);
  ASSERT_EQ(response.code, 201) << response.message;
  const std::string version = response.object["metadata"]["resourceVersion"];
  EXPECT_TRUE(sender->Send(request).already_exists());

  request.verb = Verb::kApply;
  request.key.name = "w";
  request.subresource = "status";
  request.field_manager = "kueue-admission";
  request.force = true;
  request.body = {{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                  {"kind", "Workload"},
                  {"metadata", {{"name", "w"}, {"namespace", "default"}, {"resourceVersion", version}}},
                  {"status", {{"conditions", json::array({{{"type", "QuotaReserved"}, {"status", "True"}}})}}}};
  response = sender->Send(request);
  ASSERT_EQ(response.code, 200) << response.message;
  response = sender->Send(request);
  EXPECT_TRUE(response.conflict()) << response.code;
  EXPECT_THAT(response.message, HasSubstr("the object has been modified"));

  request = {.verb = Verb::kMergePatch, .key = request.key, .body = {{"spec", {{"active", false}}}}};
  EXPECT_EQ(sender->Send(request).code, 200);
  const ObjectPtr object = server_.Find(request.key);
  ASSERT_NE(object, nullptr);
  EXPECT_FALSE(object->BoolAt("/spec/active", true));
  EXPECT_EQ(object->StringAt("/status/conditions/0/type"), "QuotaReserved");
  std::map<std::string, std::string> managers;
  for (const json& each : *object->At("/metadata/managedFields")) managers[each["manager"]] = each["operation"];
  EXPECT_EQ(managers, (std::map<std::string, std::string>{{"kueue", "Update"}, {"kueue-admission", "Apply"}}));

  request = {.verb = Verb::kDelete, .key = request.key};
  EXPECT_EQ(sender->Send(request).code, 200);
  EXPECT_TRUE(sender->Send(request).not_found());
}

TEST_F(HttpApiServerTest, WhatIsThereIsTold) {
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(server_.Do("POST", kClasses, PriorityClass(absl::StrCat("c", i), i)).ok());
  const auto reflector = Follow(PriorityClasses());
  ASSERT_TRUE(Eventually([&] { return reflector->synced(); }));
  EXPECT_TRUE(Agrees(PriorityClasses())) << "three pages";
  EXPECT_GT(told_.version(), 1000u);
  EXPECT_FALSE(told_.objects()["c0"]["metadata"].contains("managedFields"));
  ASSERT_TRUE(server_.Do("POST", kClasses, PriorityClass("new", 5)).ok());
  ASSERT_TRUE(server_.Do("PATCH", absl::StrCat(kClasses, "/c1"), {{"value", 77}}).ok());
  ASSERT_TRUE(server_.Do("DELETE", absl::StrCat(kClasses, "/c2")).ok());
  EXPECT_TRUE(Eventually([&] { return Agrees(PriorityClasses()); }));
  EXPECT_EQ(told_.lists(), 1);
}

// Watches end, the past is forgotten, the server fails, the token changes: in the end what is told is what there is.
TEST_F(HttpApiServerTest, NothingIsMissedWhateverHappens) {
  const auto reflector = Follow(PriorityClasses());
  ASSERT_TRUE(Eventually([&] { return reflector->synced(); }));
  for (int i = 0; i < 60; ++i) {
    const std::string name = absl::StrCat("c", i % 10);
    if (!server_.Do("POST", kClasses, PriorityClass(name, i)).ok()) {
      ASSERT_TRUE(i % 3 == 0 ? server_.Do("DELETE", absl::StrCat(kClasses, "/", name)).ok()
                             : server_.Do("PATCH", absl::StrCat(kClasses, "/", name), {{"value", i}}).ok());
    }
    if (i % 7 == 0) server_.EndWatches();
    if (i % 11 == 0) server_.Expire();
    server_.FailWith(i % 13 == 0 ? 503 : i % 17 == 0 ? 429 : 0, i % 2);
    absl::SleepFor(absl::Milliseconds(5));
  }
  server_.FailWith(0);
  EXPECT_TRUE(Eventually([&] { return Agrees(PriorityClasses()); }));
  EXPECT_GT(told_.lists(), 1);
}

TEST_F(HttpApiServerTest, BookmarksMoveAWatchAlongWhereNothingHappens) {
  const auto reflector = Follow(PriorityClasses());
  ASSERT_TRUE(Eventually([&] { return reflector->synced(); }));
  // Others change meanwhile, and what was before that is forgotten.
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        server_.Do("PATCH", "/api/v1/namespaces/default", {{"metadata", {{"labels", {{"i", absl::StrCat(i)}}}}}}).ok());
  }
  absl::SleepFor(absl::Milliseconds(300));
  server_.Expire();
  ASSERT_TRUE(server_.Do("POST", kClasses, PriorityClass("new", 5)).ok());
  EXPECT_TRUE(Eventually([&] { return Agrees(PriorityClasses()); }));
  EXPECT_EQ(told_.lists(), 1) << "the bookmark was new enough";
}

TEST_F(HttpApiServerTest, ATypeThatIsNotInstalledIsFoundOnceItIs) {
  server_.Uninstall(PriorityClasses());
  const auto reflector = Follow(PriorityClasses());
  ASSERT_TRUE(Eventually([&] { return reflector->synced(); }));
  EXPECT_EQ(told_.version(), 0u);
  server_.Install(PriorityClasses());
  ASSERT_TRUE(server_.Do("POST", kClasses, PriorityClass("c", 5)).ok());
  EXPECT_TRUE(Eventually([&] { return Agrees(PriorityClasses()); }));
}

TEST_F(HttpApiServerTest, WhatIsNotAllowedIsNotDone) {
  server_.Allow([](const Access& access) { return access.verb != "create"; });
  Request request{.verb = Verb::kCreate, .key = {&PriorityClasses(), "", ""}, .body = PriorityClass("c", 1)};
  const Response response = Sender()->Send(request);
  EXPECT_EQ(response.code, 403);
  EXPECT_EQ(response.reason, "Forbidden");
  EXPECT_EQ(server_.asked(), (std::map<Access, int>{{{"create", "kueue.x-k8s.io", "workloadpriorityclasses"}, 1}}));
}

TEST_F(HttpApiServerTest, AKubeconfigLeadsHere) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/kubeconfig");
  std::ofstream(path) << server_.Kubeconfig();
  const absl::StatusOr<ApiEndpoint> endpoint = LoadKubeconfig(path);
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  const Request request{.verb = Verb::kGet, .key = {&TypeOf("", "Namespace"), "", "default"}};
  EXPECT_EQ((*RequestSender::New(*endpoint, {}, nullptr))->Send(request).code, 200);
}

TEST(HttpApiServer, ControllersRunBesideIt) {
  HttpApiServer server({.tls = false});
  ASSERT_TRUE(server
                  .Create(R"(
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {allocatable: {cpu: "4", memory: 8Gi, pods: "110"}, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: j, namespace: default}
spec:
  template:
    metadata: {labels: {e2e/run-seconds: "0"}}
    spec: {restartPolicy: Never, containers: [{name: c, image: x, resources: {requests: {cpu: "1"}}}]}
)")
                  .ok());
  EXPECT_TRUE(Eventually([&] {
    const ObjectPtr job = server.Find({&TypeOf("batch", "Job"), "default", "j"});
    return job != nullptr && job->IntAt("/status/succeeded") == 1;
  }));
}

// Elections over sockets: one leads, the other follows when it gives up.
TEST_F(HttpApiServerTest, ALeaderGivesUpAndTheNextLeads) {
  ElectionOptions options;
  options.ns = "kueue-system";
  options.name = "lease";
  options.lease_duration = absl::Seconds(3);
  options.renew_deadline = absl::Seconds(2);
  options.retry_period = absl::Milliseconds(100);
  std::atomic<int> led{0}, lost{0};
  const auto start = [&](const std::string& identity) {
    options.identity = identity;
    return *LeaderElector::Start(server_.endpoint(), options, 1, {[&] { ++led; }, [&] { ++lost; }}, &log_);
  };
  auto a = start("a");
  ASSERT_TRUE(Eventually([&] { return a->leads(); }));
  auto b = start("b");
  ASSERT_TRUE(Eventually([&] { return b->holder() == "a"; }));
  EXPECT_FALSE(b->leads());
  a->Stop();
  EXPECT_FALSE(a->leads());
  EXPECT_TRUE(Eventually([&] { return b->leads(); }));
  EXPECT_EQ(led, 2);
  EXPECT_EQ(lost, 0) << "who gives up has not lost";
  // And a leader that is not let in any more has.
  server_.FailWith(500);
  EXPECT_TRUE(Eventually([&] { return lost == 1; }));
  EXPECT_FALSE(b->leads());
}

}  // namespace
}  // namespace muster::kube::testing
