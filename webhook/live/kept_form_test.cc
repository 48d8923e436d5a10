#include "webhook/live/kept_form.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "kube/client/told_object.h"
#include "webhook/live/resource.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

const Resource& Followed(absl::string_view plural) {
  for (const Resource& resource : FollowedResources()) {
    if (resource.type->plural == plural) return resource;
  }
  ADD_FAILURE() << "no resource " << plural;
  return FollowedResources().front();
}

// What the rules look at is kept, and an absent field stays absent.
TEST(KeptForm, HasTheFieldsOfItsKind) {
  const json metadata = {{"name", "o"}, {"resourceVersion", "5"}};
  const struct {
    const char* plural;
    const char* object;
    const char* kept;  // besides apiVersion, kind and names
  } cases[] = {
      {"namespaces", R"({"metadata": {"labels": {"team": "a"}}})", R"({"metadata": {"labels": {"team": "a"}}})"},
      {"namespaces", R"({"metadata": {"labels": null}, "spec": {"finalizers": ["x"]}})", "{}"},
      {"workloadpriorityclasses", R"({"value": 7, "description": "long"})", "{}"},
      {"admissionchecks", R"({"spec": {"controllerName": "c", "parameters": {"name": "p"}}})",
       R"({"spec": {"controllerName": "c"}})"},
      {"clusterqueues", R"({"spec": {"resourceGroups": [1, 2], "admissionChecksStrategy": {"admissionChecks":
           [{"name": "x", "onFlavors": ["f"]}, {"name": "y"}]}}})",
       R"({"spec": {"admissionChecksStrategy": {"admissionChecks": [{"name": "x"}, {"name": "y"}]}}})"},
      {"clustertrainingruntimes", R"({"spec": {"mlPolicy": {"numNodes": 4, "torch": {"numProcPerNode": "auto"}},
           "template": {"spec": {"replicatedJobs": [{"name": "node", "template": {
             "metadata": {"labels": {"step": "trainer"}},
             "spec": {"parallelism": 2, "template": {"metadata": {"annotations": {"a": "b"}},
               "spec": {"containers": [1]}}}}}]}}}})",
       R"({"spec": {"mlPolicy": {"numNodes": 4},
           "template": {"spec": {"replicatedJobs": [{"name": "node", "template": {
             "metadata": {"labels": {"step": "trainer"}},
             "spec": {"parallelism": 2, "template": {"metadata": {"annotations": {"a": "b"}}}}}}]}}}})"},
  };
  for (const auto& c : cases) {
    const Resource& resource = Followed(c.plural);
    json object = json::parse(c.object);
    object.merge_patch({{"metadata", metadata}});
    const absl::StatusOr<kube::ToldObject> kept = kube::ReadObject(*resource.type, object, KeptFieldsOf(resource));
    ASSERT_TRUE(kept.ok()) << c.plural << ": " << kept.status();
    json expected = json::parse(c.kept);
    expected.merge_patch({{"apiVersion", resource.type->ApiVersion()},
                          {"kind", std::string(resource.type->kind)},
                          {"metadata", {{"name", "o"}}}});
    EXPECT_EQ(kept->value, expected) << c.plural;
  }
}

TEST(KeptForm, ListsThatAreLookedIntoHaveALimit) {
  json many = json::array();
  for (int i = 0; i < 20'000; ++i) many.push_back(json::object());
  const json object = {{"metadata", {{"name", "o"}, {"resourceVersion", "5"}}},
                       {"spec", {{"admissionChecksStrategy", {{"admissionChecks", many}}}}}};
  const Resource& queues = Followed("clusterqueues");
  EXPECT_FALSE(kube::ReadObject(*queues.type, object, KeptFieldsOf(queues)).ok());
}

TEST(KeptForm, AFieldOfAnotherTypeIsAnError) {
  for (const char* spec : {R"({"clusterQueue": ["cq"]})", R"("cq")"}) {
    const json object = {{"metadata", {{"name", "q"}, {"namespace", "a"}, {"resourceVersion", "5"}}},
                         {"spec", json::parse(spec)}};
    const Resource& queues = Followed("localqueues");
    EXPECT_EQ(kube::ReadObject(*queues.type, object, KeptFieldsOf(queues)).status().message(),
              "LocalQueue/q: /spec/clusterQueue: is of another type");
  }
}

}  // namespace
}  // namespace muster::webhook
