#include "api/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace muster::api {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kFlavor[] = R"(
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: gpu}
)";

std::vector<std::string> Lines(const std::vector<Problem>& problems) {
  std::vector<std::string> lines;
  for (const Problem& problem : problems) lines.push_back(ToString(problem));
  return lines;
}

std::vector<std::string> Ids(const LoadResult& result) {
  std::vector<std::string> ids;
  for (const Decoded& object : result.objects) ids.push_back(ObjectId(object.object));
  return ids;
}

// A folder of files that goes away with the test.
class Folder {
 public:
  Folder() : path_(std::filesystem::path(testing::TempDir()) / "load_test") { std::filesystem::remove_all(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }
  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

TEST(LoadTest, TenMistakesGiveTenMessages) {
  const std::string file = "api/testdata/ten_mistakes.yaml";
  const LoadResult result = LoadPaths({file}, {.set_defaults = true, .validate = true});
  EXPECT_THAT(
      Lines(result.problems),
      ElementsAre(
          AllOf(StartsWith(file + ", document 3 (line 12): ClusterQueue/amounts: "),
                HasSubstr("spec.resourceGroups[0].flavors[0].resources[0].nominalQuota: quantity \"10 cores\"")),
          AllOf(StartsWith(file), HasSubstr("ClusterQueue/amounts: spec.resourceGroups[0].flavors[0].resources[2]."
                                            "nominalQuota: Required value")),
          AllOf(StartsWith(file), HasSubstr("ClusterQueue/amounts: spec.resourceGroups[0].flavors[0].resources[1]."
                                            "nominalQuota: Invalid value: \"-1Gi\": must be greater than or equal")),
          AllOf(StartsWith(file), HasSubstr("ClusterQueue/amounts: spec.resourceGroups[0].flavors[0].resources[3]."
                                            "lendingLimit: Invalid value: \"8\": must be less than or equal")),
          AllOf(StartsWith(file), HasSubstr("ClusterQueue/alone: spec.queueingStrategy: Unsupported value: \"FIFO\": "
                                            "supported values: \"StrictFIFO\", \"BestEffortFIFO\"")),
          AllOf(StartsWith(file), HasSubstr("ClusterQueue/alone: spec.resourceGroups[0].flavors[0].resources[0]."
                                            "borrowingLimit: Invalid value: \"5\": must be nil when cohort is empty")),
          AllOf(StartsWith(file), HasSubstr("ClusterQueue/alone: spec.resourceGroups[0].flavors[1].name: Duplicate "
                                            "value: \"gpu\"")),
          AllOf(StartsWith(file), HasSubstr("ClusterQueue/shapes: spec.resourceGroups[0].coveredResources: must be a "
                                            "list, not \"cpu\"")),
          AllOf(StartsWith(file), HasSubstr("ClusterQueue/shapes: spec.cohortName: Invalid value: \"@all\"")),
          AllOf(StartsWith(file), HasSubstr("ClusterQueue/shapes: spec.preemption.withinClusterQueue: Unsupported "
                                            "value: \"Lower\""))));
  EXPECT_FALSE(result.status().ok());
  EXPECT_THAT(Ids(result), ElementsAre("ResourceFlavor/gpu", "ResourceFlavor/spot"))
      << "objects with mistakes are left out";
}

TEST(LoadTest, ReadsFoldersInSortedOrder) {
  Folder folder;
  folder.Write("b.yaml", std::string(kFlavor) + "---\n# nothing here\n---\n" + kFlavor);
  folder.Write("a/z.json", R"({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}})");
  folder.Write("a/notes.txt", "not: [a manifest");
  folder.Write(".hidden/x.yaml", "{");
  folder.Write("c.yml", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Node, metadata: {name: n1}}\n");
  const LoadResult result = LoadPaths({folder.path()});
  EXPECT_TRUE(result.status().ok()) << result.status();
  EXPECT_THAT(Ids(result), ElementsAre("Namespace/team", "ResourceFlavor/gpu", "ResourceFlavor/gpu", "Node/n1"));
  EXPECT_EQ(result.objects[2].source.document, 1) << "empty documents do not count";
  EXPECT_EQ(result.objects[3].source.item, 0);
}

TEST(LoadTest, OneBadDocumentHidesNothing) {
  Folder folder;
  folder.Write("a.yaml", std::string("a: [\n---") + kFlavor + "---\nspec: {}\n");
  folder.Write("b.json", "{\"a\": 1,}");
  const LoadResult result = LoadPaths({folder.path() + "/a.yaml", folder.path() + "/b.json", folder.path() + "/none"});
  EXPECT_THAT(Ids(result), ElementsAre("ResourceFlavor/gpu"));
  EXPECT_THAT(Lines(result.problems),
              ElementsAre(AllOf(HasSubstr("a.yaml, document 1 (line 1)"), HasSubstr("malformed YAML")),
                          AllOf(HasSubstr("a.yaml, document 3 (line 7)"), HasSubstr("kind: Required value")),
                          AllOf(HasSubstr("b.json"), HasSubstr("malformed JSON")),
                          AllOf(HasSubstr("none"), HasSubstr("cannot be read"))));
}

TEST(LoadTest, ItemsOfTypedListsTakeTheKindOfTheList) {
  const LoadResult result = LoadText(
      R"({"apiVersion": "kueue.x-k8s.io/v1beta1", "kind": "ClusterQueueList",
          "items": [{"metadata": {"name": "a"}, "spec": {"cohort": "c"}}, {"metadata": {"name": "b"}}]})",
      "list.json");
  ASSERT_TRUE(result.status().ok()) << result.status();
  ASSERT_THAT(Ids(result), ElementsAre("ClusterQueue/a", "ClusterQueue/b"));
  EXPECT_EQ(std::get<ClusterQueue>(result.objects[0].object).cohort_name, "c");
}

TEST(LoadTest, UnknownKindsAreKeptWithAWarning) {
  const LoadResult result = LoadText("{apiVersion: ray.io/v1, kind: RayJob, metadata: {name: r, namespace: ns}}");
  EXPECT_TRUE(result.status().ok());
  EXPECT_THAT(result.objects, IsEmpty());
  ASSERT_THAT(result.unsupported, SizeIs(1));
  EXPECT_EQ(result.unsupported[0].name, "r");
  EXPECT_THAT(Lines(result.problems), ElementsAre(HasSubstr("RayJob/ns/r: kind RayJob of ray.io/v1 is not used here")));
}

TEST(LoadTest, WritingBackLosesNothing) {
  const std::string text = R"(apiVersion: kueue.x-k8s.io/v1beta2
kind: Workload
metadata:
  annotations:
    note: "yes"
  managedFields:
  - manager: kubectl
  name: job
  namespace: ns
spec:
  active: false
  future: 1.5
  podSets:
  - count: 2
    name: main
    template:
      spec:
        containers:
        - image: registry.k8s.io/pause:3.10
          name: c
          resources:
            requests:
              cpu: 1500m
        restartPolicy: Never
  queueName: lq
)";
  const LoadResult read = LoadText(text, "w.yaml");
  ASSERT_THAT(read.objects, SizeIs(1));
  EXPECT_THAT(Lines(read.problems), ElementsAre(HasSubstr("spec.future: unknown field")));
  EXPECT_EQ(ToYamlText(read.objects[0]), text);
  const LoadResult again = LoadText(ToJsonText(read.objects[0]), "w.json");
  ASSERT_THAT(again.objects, SizeIs(1));
  EXPECT_EQ(ToYamlText(again.objects[0]), text);
}

}  // namespace
}  // namespace muster::api
