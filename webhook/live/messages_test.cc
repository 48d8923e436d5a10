// Lists and events as an API server may send them, or something in between.
#include "webhook/live/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "webhook/live/kept_form.h"
#include "webhook/live/resource.h"

namespace muster::webhook {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const Resource& Followed(absl::string_view plural) {
  for (const Resource& resource : FollowedResources()) {
    if (resource.plural == plural) return resource;
  }
  ADD_FAILURE() << "no resource " << plural;
  return FollowedResources().front();
}

json Queue(const std::string& name) {
  return {{"metadata", {{"name", name}, {"namespace", "a"}, {"resourceVersion", "5"}}},
          {"spec", {{"clusterQueue", "cq"}}}};
}

json QueueList(const json& items) {
  return {{"kind", "LocalQueueList"},
          {"apiVersion", "kueue.x-k8s.io/v1beta2"},
          {"metadata", {{"resourceVersion", "9"}}},
          {"items", items}};
}

TEST(ListPage, IsReadWithWhatIsKeptAlone) {
  json large = Queue("q");
  large["metadata"]["annotations"] = {{"note", std::string(250'000, 'x')}};
  large["metadata"]["managedFields"] = json::array({{{"manager", "kubectl"}}});
  large["status"] = {{"pendingWorkloads", 7}};
  json list = QueueList(json::array({large, Queue("r")}));
  list["metadata"]["continue"] = "more";
  const absl::StatusOr<ListPage> page = ParseListPage(Followed("localqueues"), list.dump());
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->version, 9u);
  EXPECT_EQ(page->next_page, "more");
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_EQ(NameOf(page->objects[0]), "a/q");
  EXPECT_EQ(page->objects[0].version, 5u);
  EXPECT_LT(page->objects[0].bytes, 2000);
  EXPECT_EQ(page->objects[0].form, json({{"apiVersion", "kueue.x-k8s.io/v1beta2"},
                                         {"kind", "LocalQueue"},
                                         {"metadata", {{"name", "q"}, {"namespace", "a"}}},
                                         {"spec", {{"clusterQueue", "cq"}}}}));
}

TEST(ListPage, AnythingElseIsNotUnderstood) {
  const json good = QueueList(json::array({Queue("q")}));
  ASSERT_TRUE(ParseListPage(Followed("localqueues"), good.dump()).ok());
  const struct {
    const char* about;
    json patch;
    const char* error;
  } cases[] = {
      {"a list of another kind", {{"kind", "SecretList"}}, "kind: is not LocalQueueList"},
      {"a Status", {{"kind", "Status"}}, "kind: is not LocalQueueList"},
      {"another version", {{"apiVersion", "kueue.x-k8s.io/v1beta1"}}, "apiVersion: is not kueue.x-k8s.io/v1beta2"},
      {"without items", {{"items", nullptr}}, "items: there are none"},
      {"items that are none", {{"items", "many"}}, "items: is no list"},
      {"without a version", {{"metadata", nullptr}}, "metadata.resourceVersion: is no number"},
      {"a version that reaches into the path",
       {{"metadata", {{"resourceVersion", "1&watch=false"}}}},
       "metadata.resourceVersion: is no number"},
      {"a token that is none", {{"metadata", {{"resourceVersion", "9"}, {"continue", 7}}}}, "metadata.continue"},
      {"a huge token",
       {{"metadata", {{"resourceVersion", "9"}, {"continue", std::string(100'000, 'x')}}}},
       "metadata.continue"},
      {"pages without end",
       {{"metadata", {{"resourceVersion", "9"}, {"continue", "x"}}}, {"items", json::array()}},
       "a page without objects"},
      {"an item that is no object", {{"items", {1}}}, "metadata: there is none"},
      {"an object without a name",
       {{"items", {{{"metadata", {{"namespace", "a"}, {"resourceVersion", "5"}}}}}}},
       "metadata.name: is no name"},
      {"a name that leads elsewhere",
       {{"items", {{{"metadata", {{"name", "../x"}, {"namespace", "a"}, {"resourceVersion", "5"}}}}}}},
       "metadata.name: is no name"},
      {"a huge name",
       {{"items", {{{"metadata", {{"name", std::string(5000, 'n')}, {"namespace", "a"}, {"resourceVersion", "5"}}}}}}},
       "metadata.name: is no name"},
      {"an object without a namespace",
       {{"items", {{{"metadata", {{"name", "q"}, {"resourceVersion", "5"}}}}}}},
       "metadata.namespace"},
      {"an object of another kind",
       {{"items", {{{"kind", "Secret"}, {"metadata", {{"name", "q"}, {"namespace", "a"}, {"resourceVersion", "5"}}}}}}},
       "kind: is not LocalQueue"},
      {"a field of another type",
       {{"items",
         {{{"metadata", {{"name", "q"}, {"namespace", "a"}, {"resourceVersion", "5"}}},
           {"spec", {{"clusterQueue", {"cq"}}}}}}}},
       "LocalQueue/q: /spec/clusterQueue: is of another type"},
      {"a parent of another type",
       {{"items", {{{"metadata", {{"name", "q"}, {"namespace", "a"}, {"resourceVersion", "5"}}}, {"spec", "cq"}}}}},
       "LocalQueue/q: /spec/clusterQueue: is of another type"},
  };
  for (const auto& c : cases) {
    json list = good;
    list.merge_patch(c.patch);
    const absl::Status status = ParseListPage(Followed("localqueues"), list.dump()).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << c.about;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.error)) << c.about;
  }
  for (const char* text : {"", "<html></html>", "[]", "7", "{\"kind\":", "{\"kind\":\"LocalQueueList\"}"}) {
    EXPECT_FALSE(ParseListPage(Followed("localqueues"), text).ok()) << text;
  }
  EXPECT_FALSE(ParseListPage(Followed("localqueues"), std::string(100'000, '[')).ok());
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
    const absl::StatusOr<KeptObject> kept = KeptForm(resource, object);
    ASSERT_TRUE(kept.ok()) << c.plural << ": " << kept.status();
    json expected = json::parse(c.kept);
    expected.merge_patch(
        {{"apiVersion", ApiVersion(resource)}, {"kind", resource.kind}, {"metadata", {{"name", "o"}}}});
    EXPECT_EQ(kept->form, expected) << c.plural;
  }
}

TEST(KeptForm, ListsThatAreLookedIntoHaveALimit) {
  json many = json::array();
  for (int i = 0; i < 20'000; ++i) many.push_back(json::object());
  const json object = {{"metadata", {{"name", "o"}, {"resourceVersion", "5"}}},
                       {"spec", {{"admissionChecksStrategy", {{"admissionChecks", many}}}}}};
  EXPECT_FALSE(KeptForm(Followed("clusterqueues"), object).ok());
}

TEST(WatchEvent, IsSetDeletedOrABookmark) {
  const Resource& queues = Followed("localqueues");
  const auto line = [](const char* type, const json& object) {
    return json({{"type", type}, {"object", object}}).dump();
  };
  for (const char* type : {"ADDED", "MODIFIED", "DELETED"}) {
    const absl::StatusOr<WatchEvent> event = ParseWatchEvent(queues, line(type, Queue("q")));
    ASSERT_TRUE(event.ok()) << event.status();
    EXPECT_EQ(event->type == WatchEvent::Type::kDeleted, std::string(type) == "DELETED");
    EXPECT_EQ(NameOf(event->object), "a/q");
    EXPECT_EQ(event->object.version, 5u);
  }
  const absl::StatusOr<WatchEvent> bookmark =
      ParseWatchEvent(queues, line("BOOKMARK", {{"kind", "LocalQueue"}, {"metadata", {{"resourceVersion", "77"}}}}));
  ASSERT_TRUE(bookmark.ok()) << bookmark.status();
  EXPECT_EQ(bookmark->type, WatchEvent::Type::kBookmark);
  EXPECT_EQ(bookmark->object.version, 77u);

  const absl::Status gone =
      ParseWatchEvent(queues, line("ERROR", {{"kind", "Status"}, {"code", 410}, {"message", "too old"}})).status();
  EXPECT_TRUE(absl::IsAborted(gone));
  EXPECT_THAT(std::string(gone.message()), HasSubstr("410: too old"));

  for (const std::string& text : {std::string("{}"), std::string("\x01"), line("DANCED", Queue("q")),
                                  line("ADDED", nullptr), line("ADDED", {{"metadata", {{"name", "q"}}}}),
                                  line("DELETED", json::object()), line("BOOKMARK", json::object()),
                                  line("BOOKMARK", {{"kind", "Pod"}, {"metadata", {{"resourceVersion", "77"}}}}),
                                  line("ERROR", {{"code", "text"}, {"message", std::string(1'000'000, 'x')}})}) {
    const absl::Status status = ParseWatchEvent(queues, text).status();
    EXPECT_FALSE(status.ok()) << text.substr(0, 100);
    EXPECT_LT(status.message().size(), 1000u);
  }
}

}  // namespace
}  // namespace muster::webhook
