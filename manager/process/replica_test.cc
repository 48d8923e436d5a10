// What a replica knows and does, input by input.
#include "manager/process/replica.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "manager/process/tombstones.h"
#include "manager/process/watched_types.h"
#include "manager/testing/small_cluster.h"

namespace muster::manager {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

kube::ObjectPtr Object(json object, int version, const std::string& uid = "u") {
  object["metadata"]["resourceVersion"] = std::to_string(version);
  object["metadata"]["uid"] = uid;
  return *kube::Object::Parse(std::move(object));
}

// A Job that its queue holds back: the manager makes a Workload for it.
kube::ObjectPtr Job(int version, const std::string& uid = "j") {
  const json container = {{"name", "c"}, {"image", "x"}};
  return Object({{"apiVersion", "batch/v1"},
                 {"kind", "Job"},
                 {"metadata", {{"name", "j"}, {"namespace", "ns"}, {"labels", {{"kueue.x-k8s.io/queue-name", "q"}}}}},
                 {"spec",
                  {{"suspend", true},
                   {"parallelism", 1},
                   {"template", {{"spec", {{"restartPolicy", "Never"}, {"containers", json::array({container})}}}}}}}},
                version, uid);
}

kube::ObjectPtr PriorityClass(const std::string& name, int version) {
  return Object({{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                 {"kind", "WorkloadPriorityClass"},
                 {"metadata", {{"name", name}}},
                 {"value", 1}},
                version, name);
}

// Jobs are managed in namespaces that are there.
kube::ObjectPtr Namespace() {
  return Object({{"apiVersion", "v1"},
                 {"kind", "Namespace"},
                 {"metadata", {{"name", "ns"}, {"labels", {{"kubernetes.io/metadata.name", "ns"}}}}}},
                1, "ns");
}

const kube::ResourceType& JobType() { return kube::TypeOf("batch", "Job"); }

class ReplicaTest : public ::testing::Test {
 protected:
  ReplicaTest() : replica_({}, "host", {&WorkloadPriorityClassType(), &JobType(), &WorkloadType()}) {
    replica_.Told(Namespace(), Second(0));
  }

  void ListAll(int version) {
    for (const kube::ResourceType* type : {&WorkloadPriorityClassType(), &JobType(), &WorkloadType()}) {
      replica_.Listed(*type, {}, static_cast<uint64_t>(version), Second(0));
    }
  }
  std::vector<std::string> Sent(int64_t second) {
    std::vector<std::string> all;
    for (const Outgoing& outgoing : replica_.Work(Second(second))) {
      if (outgoing.is_event) continue;
      all.push_back(kube::Summary(outgoing.request));
      last_ = outgoing;
    }
    return all;
  }
  bool Knows(const kube::ObjectKey& key) const { return replica_.manager().world().objects.Find(key) != nullptr; }
  const kube::ObjectKey class_ = {&WorkloadPriorityClassType(), "", "c"};

  Replica replica_;
  Outgoing last_;
};

TEST_F(ReplicaTest, WorksOnceItLeadsAndKnowsAll) {
  replica_.Listed(JobType(), {Job(5)}, 5, Second(0));
  EXPECT_THAT(replica_.missing(), ElementsAre("workloadpriorityclasses.kueue.x-k8s.io", "workloads.kueue.x-k8s.io"));
  replica_.Lead();
  EXPECT_THAT(Sent(1), IsEmpty()) << "a Workload of the job may be there already";
  EXPECT_EQ(replica_.NextTime(), absl::InfiniteFuture());
  replica_.Listed(WorkloadType(), {}, 6, Second(2));
  EXPECT_THAT(Sent(2), IsEmpty());
  replica_.Listed(WorkloadPriorityClassType(), {}, 7, Second(3));
  EXPECT_TRUE(replica_.synced());
  EXPECT_THAT(Sent(3), ElementsAre("POST workloads ns/"));
}

TEST_F(ReplicaTest, StandsByWithAllItIsTold) {
  ListAll(4);
  replica_.Told(Job(5), Second(1));
  EXPECT_THAT(Sent(1), IsEmpty());
  EXPECT_TRUE(Knows({&JobType(), "ns", "j"}));
  replica_.Lead();
  EXPECT_THAT(Sent(60), ElementsAre("POST workloads ns/"));
}

TEST_F(ReplicaTest, WhatANewListLacksIsGone) {
  ListAll(1);
  replica_.Told(PriorityClass("c", 5), Second(1));
  replica_.Told(PriorityClass("d", 6), Second(1));
  replica_.Listed(WorkloadPriorityClassType(), {PriorityClass("d", 6)}, 9, Second(2));
  EXPECT_FALSE(Knows(class_));
  EXPECT_TRUE(Knows({&WorkloadPriorityClassType(), "", "d"}));
}

// A list that was asked for before a write was answered, and read after it.
TEST_F(ReplicaTest, WhatIsNewerThanTheListStays) {
  ListAll(1);
  replica_.Told(PriorityClass("c", 12), Second(1));
  replica_.Listed(WorkloadPriorityClassType(), {}, 12, Second(2));
  EXPECT_FALSE(Knows(class_)) << "not newer";

  replica_.Lead();
  replica_.Told(Job(13), Second(3));
  ASSERT_THAT(Sent(3), ElementsAre("POST workloads ns/"));
  kube::Response made;
  made.code = 201;
  made.object = last_.request.body;
  made.object["metadata"]["resourceVersion"] = "20";
  made.object["metadata"]["uid"] = "w";
  const kube::ObjectKey key{&WorkloadType(), "ns", made.object["metadata"]["name"]};
  replica_.Answer(last_.id, made, Second(4));
  ASSERT_TRUE(Knows(key));
  replica_.Listed(WorkloadType(), {}, 19, Second(5));
  EXPECT_TRUE(Knows(key)) << "the list does not know it yet";
  replica_.Listed(WorkloadType(), {}, 21, Second(6));
  EXPECT_FALSE(Knows(key));
}

// The watch told of the end before the answer to the write was read.
TEST_F(ReplicaTest, AnAnswerThatComesLateBringsNobodyBack) {
  for (const bool late : {false, true}) {
    Replica replica({}, "host", {&JobType()});
    replica.Told(Namespace(), Second(0));
    replica.Listed(JobType(), {Job(5)}, 5, Second(0));
    replica.Lead();
    Outgoing post;
    for (const Outgoing& outgoing : replica.Work(Second(1))) {
      if (!outgoing.is_event) post = outgoing;
    }
    ASSERT_EQ(post.request.verb, kube::Verb::kCreate);
    kube::Response made;
    made.code = 201;
    made.object = post.request.body;
    made.object["metadata"]["resourceVersion"] = "10";
    made.object["metadata"]["uid"] = "w";
    const kube::ObjectKey key{&WorkloadType(), "ns", made.object["metadata"]["name"]};
    replica.Told(*kube::Object::Parse(made.object), Second(2));
    replica.Gone(key, late ? 12 : 9, Second(2));
    replica.Answer(post.id, made, Second(3));
    EXPECT_EQ(replica.manager().world().objects.Find(key) != nullptr, !late);
  }
}

TEST_F(ReplicaTest, AnObjectThatWasMadeAnewIsNotTheOneThatWent) {
  ListAll(1);
  replica_.Told(PriorityClass("c", 12), Second(1));
  replica_.Gone(class_, 9, Second(2));
  EXPECT_TRUE(Knows(class_));
  replica_.Gone(class_, 13, Second(2));
  EXPECT_FALSE(Knows(class_));
}

TEST_F(ReplicaTest, VersionsThatRunBackwardsEndIt) {
  ListAll(100);
  replica_.Lead();
  replica_.Told(Job(120), Second(1));
  replica_.Listed(JobType(), {Job(120)}, 120, Second(2));
  EXPECT_TRUE(replica_.status().ok());
  replica_.Listed(JobType(), {}, 0, Second(2));
  EXPECT_TRUE(replica_.status().ok()) << "not installed any more";
  replica_.Listed(JobType(), {}, 119, Second(3));
  EXPECT_TRUE(absl::IsAborted(replica_.status()));
  EXPECT_THAT(std::string(replica_.status().message()), HasSubstr("jobs.batch"));
  EXPECT_THAT(Sent(4), IsEmpty());
}

TEST_F(ReplicaTest, WorkloadsThatChangeAreReported) {
  std::vector<std::string> seen;
  replica_.set_on_workload([&](const kube::ObjectPtr& before, const kube::ObjectPtr& after, absl::Time) {
    seen.push_back(absl::StrCat(before == nullptr ? "-" : before->resource_version(), " ",
                                after == nullptr ? "-" : after->resource_version()));
  });
  const auto workload = [](int version) {
    return Object({{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                   {"kind", "Workload"},
                   {"metadata", {{"name", "w"}, {"namespace", "ns"}}},
                   {"spec", {{"queueName", "q"}}}},
                  version);
  };
  replica_.Listed(WorkloadType(), {workload(5)}, 5, Second(0));
  replica_.Told(workload(6), Second(1));
  replica_.Told(workload(6), Second(1));
  replica_.Told(workload(5), Second(1));
  replica_.Gone({&WorkloadType(), "ns", "w"}, 7, Second(2));
  EXPECT_THAT(seen, ElementsAre("- 5", "5 6", "6 -"));
}

TEST(Tombstones, AreKeptForATime) {
  Tombstones tombstones(absl::Seconds(10));
  const kube::ObjectKey a{&WorkloadType(), "ns", "a"}, b{&WorkloadType(), "ns", "b"};
  tombstones.Bury(a, 5, Second(0));
  tombstones.Bury(a, 9, Second(5));
  tombstones.Bury(a, 7, Second(6));
  EXPECT_TRUE(tombstones.IsBuried(a, 9));
  EXPECT_FALSE(tombstones.IsBuried(a, 10));
  EXPECT_FALSE(tombstones.IsBuried(b, 1));
  tombstones.Bury(b, 1, Second(14));
  EXPECT_TRUE(tombstones.IsBuried(a, 9)) << "the last was a moment ago";
  tombstones.Bury(b, 2, Second(60));
  EXPECT_FALSE(tombstones.IsBuried(a, 9));
  EXPECT_EQ(tombstones.size(), 1u);
}

TEST(WatchedTypes, AreWholeWhereTheyAreManaged) {
  ManagerOptions options;
  options.webhook.frameworks = {"batch/job", "ray.io/rayjob"};
  std::map<std::string, bool> whole;
  for (const WatchedType& watched : WatchedTypes(options)) whole[std::string(watched.type->kind)] = watched.whole;
  for (const char* kind : {"Workload", "ClusterQueue", "Pod", "Node", "Job", "RayJob", "RayCluster", "LimitRange"}) {
    EXPECT_TRUE(whole.at(kind)) << kind;
  }
  for (const char* kind : {"ReplicaSet", "Deployment", "JobSet", "PyTorchJob", "RayService"}) {
    EXPECT_FALSE(whole.at(kind)) << kind;
  }
  EXPECT_EQ(whole.count("HyperPodPyTorchJob"), 0u);
  EXPECT_EQ(whole.count("Secret"), 0u);
}

TEST(WatchedTypes, NodesAreKeptWithoutTheirImages) {
  json node = {{"metadata", {{"name", "n"}, {"managedFields", {1}}}}, {"status", {{"images", {1, 2}}, {"phase", "x"}}}};
  ASSERT_TRUE((WatchedType{&NodeType(), true}.keep()(&node)).ok());
  EXPECT_EQ(node, json::parse(R"({"metadata": {"name": "n"}, "status": {"phase": "x"}})"));
}

}  // namespace
}  // namespace muster::manager
