// Lists and events as an API server may send them, or something in between.
#include "kube/client/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kube/client/told_object.h"
#include "kube/resource_type.h"

namespace muster::kube {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

const ResourceType& Queues() { return TypeOf("kueue.x-k8s.io", "LocalQueue"); }

absl::StatusOr<ListPage> ParsePage(absl::string_view text) { return ParseListPage(Queues(), text, KeepWhole); }

// Keeps one field.
absl::Status KeepClusterQueue(json* object) {
  const json* queue =
      object->contains("spec") && (*object)["spec"].is_object() ? &(*object)["spec"]["clusterQueue"] : nullptr;
  if (queue == nullptr || !queue->is_string())
    return absl::InvalidArgumentError("/spec/clusterQueue: is of another type");
  *object = {{"queue", *queue}};
  return absl::OkStatus();
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
  const absl::StatusOr<ListPage> page = ParseListPage(Queues(), list.dump(), KeepClusterQueue);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->version, 9u);
  EXPECT_EQ(page->next_page, "more");
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_EQ(NameOf(page->objects[0]), "a/q");
  EXPECT_EQ(page->objects[0].version, 5u);
  EXPECT_LT(page->objects[0].bytes, 2000);
  EXPECT_EQ(page->objects[0].value, json({{"queue", "cq"}}));
}

TEST(ListPage, WholeObjectsSayWhatTheyAreAndNotWhoOwnsTheirFields) {
  json owned = Queue("q");
  owned["metadata"]["managedFields"] = json::array({{{"manager", "kubectl"}}});
  const absl::StatusOr<ListPage> page = ParsePage(QueueList(json::array({owned})).dump());
  ASSERT_TRUE(page.ok()) << page.status();
  json expected = Queue("q");
  expected["apiVersion"] = "kueue.x-k8s.io/v1beta2";
  expected["kind"] = "LocalQueue";
  EXPECT_EQ(page->objects[0].value, expected);
  EXPECT_GT(page->objects[0].bytes, static_cast<int64_t>(expected.dump().size()));

  const absl::StatusOr<ListPage> metadata =
      ParseListPage(Queues(), QueueList(json::array({owned})).dump(), KeepMetadata);
  ASSERT_TRUE(metadata.ok()) << metadata.status();
  expected.erase("spec");
  EXPECT_EQ(metadata->objects[0].value, expected);
}

TEST(ListPage, AnythingElseIsNotUnderstood) {
  const json good = QueueList(json::array({Queue("q")}));
  ASSERT_TRUE(ParsePage(good.dump()).ok());
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
    const absl::Status status = ParseListPage(Queues(), list.dump(), KeepClusterQueue).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << c.about;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.error)) << c.about;
  }
  for (const char* text : {"", "<html></html>", "[]", "7", "{\"kind\":", "{\"kind\":\"LocalQueueList\"}"}) {
    EXPECT_FALSE(ParsePage(text).ok()) << text;
  }
  EXPECT_FALSE(ParsePage(std::string(100'000, '[')).ok());
}

TEST(ToldEvent, IsSetDeletedOrABookmark) {
  const auto line = [](const char* type, const json& object) {
    return json({{"type", type}, {"object", object}}).dump();
  };
  for (const char* type : {"ADDED", "MODIFIED", "DELETED"}) {
    const absl::StatusOr<ToldEvent> event = ParseToldEvent(Queues(), line(type, Queue("q")), KeepWhole);
    ASSERT_TRUE(event.ok()) << event.status();
    EXPECT_EQ(event->type == ToldEvent::Type::kDeleted, std::string(type) == "DELETED");
    EXPECT_EQ(NameOf(event->object), "a/q");
    EXPECT_EQ(event->object.version, 5u);
  }
  const absl::StatusOr<ToldEvent> bookmark = ParseToldEvent(
      Queues(), line("BOOKMARK", {{"kind", "LocalQueue"}, {"metadata", {{"resourceVersion", "77"}}}}), KeepWhole);
  ASSERT_TRUE(bookmark.ok()) << bookmark.status();
  EXPECT_EQ(bookmark->type, ToldEvent::Type::kBookmark);
  EXPECT_EQ(bookmark->object.version, 77u);

  const absl::Status gone =
      ParseToldEvent(Queues(), line("ERROR", {{"kind", "Status"}, {"code", 410}, {"message", "too old"}}), KeepWhole)
          .status();
  EXPECT_TRUE(absl::IsAborted(gone));
  EXPECT_THAT(std::string(gone.message()), HasSubstr("410: too old"));

  for (const std::string& text : {std::string("{}"), std::string("\x01"), line("DANCED", Queue("q")),
                                  line("ADDED", nullptr), line("ADDED", {{"metadata", {{"name", "q"}}}}),
                                  line("DELETED", json::object()), line("BOOKMARK", json::object()),
                                  line("BOOKMARK", {{"kind", "Pod"}, {"metadata", {{"resourceVersion", "77"}}}}),
                                  line("ERROR", {{"code", "text"}, {"message", std::string(1'000'000, 'x')}})}) {
    const absl::Status status = ParseToldEvent(Queues(), text, KeepWhole).status();
    EXPECT_FALSE(status.ok()) << text.substr(0, 100);
    EXPECT_LT(status.message().size(), 1000u);
  }
}

}  // namespace
}  // namespace muster::kube
