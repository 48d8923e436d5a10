#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kube/object.h"
#include "kube/object_cache.h"
#include "kube/request.h"
#include "kube/work_queue.h"

namespace muster::kube {
namespace {

using nlohmann::json;

ObjectPtr Pod(const std::string& ns, const std::string& name, const std::string& node = "") {
  json object = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", name}, {"namespace", ns}}}};
  if (!node.empty()) object["spec"] = {{"nodeName", node}};
  return *Object::Parse(object);
}

TEST(ObjectTest, WhatIsNoObjectIsAnError) {
  struct Case {
    const char* why;
    json object;
    const char* says;
  };
  for (const Case& c : std::vector<Case>{
           {"a list", json::array(), "not an object"},
           {"a kind nobody knows", {{"apiVersion", "v1"}, {"kind", "Pot"}}, "apiVersion \"v1\", kind \"Pot\": unknown"},
           {"no name", {{"apiVersion", "v1"}, {"kind", "Pod"}}, "Pod: metadata.name: missing"},
           {"no namespace",
            {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", "p"}}}},
            "Pod p: metadata.namespace: missing"},
           {"a name that is a number",
            {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", 3}}}},
            "Node: metadata.name: missing"},
           {"a creation time that is none",
            {{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", {{"name", "n"}, {"creationTimestamp", "noon"}}}},
            "Node n: metadata.creationTimestamp: \"noon\" is no RFC 3339 time: Failed to parse input"},
       }) {
    const absl::StatusOr<ObjectPtr> object = Object::Parse(c.object);
    ASSERT_FALSE(object.ok()) << c.why;
    EXPECT_EQ(object.status().message(), c.says) << c.why;
  }
}

TEST(RequestTest, GoesOverTheWireAndBack) {
  struct Case {
    const char* why;
    Request request;
    const char* method;
    const char* path;
    const char* content_type;
  };
  const ResourceType& workloads = TypeOf("kueue.x-k8s.io", "Workload");
  const ResourceType& namespaces = TypeOf("", "Namespace");
  Request apply{.verb = Verb::kApply, .key = {&workloads, "g", "a"}, .subresource = "status"};
  apply.field_manager = "kueue-admission";
  apply.force = true;
  apply.body = {{"kind", "Workload"}};
  Request create{.verb = Verb::kCreate, .key = {&workloads, "g", ""}, .subresource = ""};
  create.dry_run = true;
  create.body = json::object();
  Request patch{.verb = Verb::kMergePatch, .key = {&namespaces, "", "g"}, .subresource = "status"};
  patch.body = {{"a", nullptr}};
  Request remove{.verb = Verb::kDelete, .key = {&TypeOf("batch", "Job"), "g", "j"}, .subresource = ""};
  remove.propagation = "Background";
  const Case cases[] = {
      {"a status applied by a manager", apply, "PATCH",
       "/apis/kueue.x-k8s.io/v1beta2/namespaces/g/workloads/a/status?fieldManager=kueue-admission&force=true",
       "application/apply-patch+yaml"},
      {"one that is only tried", create, "POST", "/apis/kueue.x-k8s.io/v1beta2/namespaces/g/workloads?dryRun=All",
       "application/json"},
      {"the status of a namespace, which is no object in one", patch, "PATCH", "/api/v1/namespaces/g/status",
       "application/merge-patch+json"},
      {"one that is deleted, and what it owns after it", remove, "DELETE",
       "/apis/batch/v1/namespaces/g/jobs/j?propagationPolicy=Background", ""},
  };
  for (const Case& c : cases) {
    const HttpForm http = ToHttp(c.request);
    EXPECT_EQ(http.method, c.method) << c.why;
    EXPECT_EQ(http.path, c.path) << c.why;
    EXPECT_EQ(http.content_type, c.content_type) << c.why;
    const absl::StatusOr<Request> back = FromHttp(http.method, http.path, http.content_type, http.body);
    ASSERT_TRUE(back.ok()) << c.why << back.status();
    EXPECT_EQ(*back, c.request) << c.why;
  }
}

TEST(RequestTest, WhatIsNoRequestIsAnError) {
  EXPECT_FALSE(FromHttp("GET", "/healthz", "", "").ok());
  EXPECT_FALSE(FromHttp("GET", "/api/v1/pots", "", "").ok());
  EXPECT_FALSE(FromHttp("GET", "/api/v1/nodes/a/b/c", "", "").ok());
  EXPECT_FALSE(FromHttp("PATCH", "/api/v1/nodes/a", "application/json-patch+json", "[]").ok());
  EXPECT_FALSE(FromHttp("POST", "/api/v1/nodes", "application/json", "{").ok());
  EXPECT_FALSE(FromHttp("POST", "/api/v1/nodes?watch=true", "application/json", "{}").ok());
}

TEST(ObjectCacheTest, IndexesFollowWhatChanges) {
  ObjectCache cache;
  const ResourceType& pods = TypeOf("", "Pod");
  cache.AddIndex("node", pods, [](const Object& pod) {
    const absl::string_view node = pod.StringAt("/spec/nodeName");
    return node.empty() ? std::vector<std::string>() : std::vector<std::string>{std::string(node)};
  });
  cache.Put(Pod("b", "p", "n1"));
  cache.Put(Pod("a", "q", "n1"));
  cache.Put(Pod("a", "p"));
  ASSERT_EQ(cache.Lookup("node", "n1").size(), 2u);
  EXPECT_EQ(cache.Lookup("node", "n1")[0]->ns(), "a") << "by namespace and name, in whatever order they came";
  cache.Put(Pod("b", "p", "n2"));
  EXPECT_EQ(cache.Lookup("node", "n1").size(), 1u);
  EXPECT_EQ(cache.Lookup("node", "n2").size(), 1u);
  EXPECT_EQ(cache.List(pods, "a").size(), 2u);
  EXPECT_EQ(cache.List(pods).size(), 3u);
  cache.Remove({&pods, "b", "p"});
  cache.Remove({&pods, "b", "p"});
  EXPECT_TRUE(cache.Lookup("node", "n2").empty());
  EXPECT_EQ(cache.Find(pods, "b", "p"), nullptr);
  EXPECT_EQ(cache.size(), 2u);
}

TEST(WorkQueueTest, AKeyStandsInItOnce) {
  WorkQueue<std::string> queue;
  const absl::Time start = absl::UnixEpoch();
  queue.Add("a");
  queue.Add("b");
  queue.Add("a");
  EXPECT_EQ(queue.Take(start), "a");
  queue.Add("a");  // while it is dealt with: once more afterwards
  EXPECT_EQ(queue.Take(start), "b");
  EXPECT_EQ(queue.Take(start), std::nullopt);
  queue.Done("b");
  queue.Done("a");
  EXPECT_EQ(queue.Take(start), "a");
  queue.Done("a");
  EXPECT_EQ(queue.Take(start), std::nullopt);
  EXPECT_EQ(queue.NextTime(), absl::InfiniteFuture());
}

TEST(WorkQueueTest, TheEarlierTimeCounts) {
  WorkQueue<std::string> queue;
  const absl::Time start = absl::UnixEpoch();
  queue.AddAt("a", start + absl::Seconds(5));
  queue.AddAt("a", start + absl::Seconds(9));
  queue.AddAt("b", start + absl::Seconds(9));
  queue.AddAt("b", start + absl::Seconds(2));
  EXPECT_EQ(queue.NextTime(), start + absl::Seconds(2));
  EXPECT_FALSE(queue.HasDue(start + absl::Seconds(1)));
  EXPECT_EQ(queue.Take(start + absl::Seconds(6)), "b");
  EXPECT_EQ(queue.Take(start + absl::Seconds(6)), "a");
  EXPECT_EQ(queue.Take(start + absl::Seconds(60)), std::nullopt);
}

TEST(WorkQueueTest, FailuresWaitTwiceAsLongEachTimeUpToALimit) {
  WorkQueue<std::string> queue;
  const absl::Time start = absl::UnixEpoch();
  std::vector<absl::Duration> waits;
  for (int i = 0; i < 20; ++i) {
    queue.AddAfterFailure("a", start);
    waits.push_back(queue.NextTime() - start);
    ASSERT_TRUE(queue.Take(start + absl::Hours(1)).has_value());
    queue.Done("a");
  }
  EXPECT_EQ(waits[0], absl::Milliseconds(5));
  EXPECT_EQ(waits[3], absl::Milliseconds(40));
  EXPECT_EQ(waits[19], absl::Seconds(1000));
  queue.Forget("a");
  queue.AddAfterFailure("a", start);
  EXPECT_EQ(queue.NextTime() - start, absl::Milliseconds(5));
}

}  // namespace
}  // namespace muster::kube
