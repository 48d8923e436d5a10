#include "webhook/live/messages.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "api/json_text.h"
#include "webhook/live/api_client.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

// A token is handed back in a path as it is.
constexpr size_t kMaxToken = 8 << 10;

const json* Member(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

absl::Status Bad(absl::string_view what) { return absl::InvalidArgumentError(what); }

absl::StatusOr<std::string> NextPage(const json& list) {
  const json* metadata = Member(list, "metadata");
  const json* token = metadata == nullptr ? nullptr : Member(*metadata, "continue");
  if (token == nullptr) return "";
  if (!token->is_string() || token->get_ref<const std::string&>().size() > kMaxToken) {
    return Bad("metadata.continue: is no token");
  }
  return token->get<std::string>();
}

}  // namespace

absl::StatusOr<ListPage> ParseListPage(const Resource& resource, absl::string_view text) {
  static auto& one_at_a_time = *new absl::Mutex;
  const absl::MutexLock lock(&one_at_a_time);
  const absl::StatusOr<json> list = api::ParseJson(text);
  if (!list.ok()) return list.status();
  const json* kind = Member(*list, "kind");
  if (kind == nullptr || *kind != resource.kind + "List")
    return Bad(absl::StrCat("kind: is not ", resource.kind, "List"));
  const json* api_version = Member(*list, "apiVersion");
  if (api_version == nullptr || *api_version != ApiVersion(resource)) {
    return Bad(absl::StrCat("apiVersion: is not ", ApiVersion(resource)));
  }
  ListPage page;
  page.version = ResourceVersionOf(*list);
  if (page.version == 0) return Bad("metadata.resourceVersion: is no number");
  absl::StatusOr<std::string> next = NextPage(*list);
  if (!next.ok()) return next.status();
  page.next_page = *std::move(next);
  if (!list->contains("items")) return Bad("items: there are none");
  const json& items = (*list)["items"];
  if (!items.is_array() && !items.is_null()) return Bad("items: is no list");
  for (const json& item : items) {
    absl::StatusOr<KeptObject> object = KeptForm(resource, item);
    if (!object.ok()) return object.status();
    page.objects.push_back(*std::move(object));
  }
  if (page.objects.empty() && !page.next_page.empty()) return Bad("items: a page without objects is not the last one");
  return page;
}

absl::StatusOr<WatchEvent> ParseWatchEvent(const Resource& resource, absl::string_view line) {
  const absl::StatusOr<json> event = api::ParseJson(line);
  if (!event.ok()) return event.status();
  const json* type = Member(*event, "type");
  const json* object = Member(*event, "object");
  if (type == nullptr || object == nullptr || !object->is_object()) return Bad("an event without type or object");
  WatchEvent result;
  if (*type == "ERROR") {
    const json* code = Member(*object, "code");
    const int status = code != nullptr && code->is_number_integer() ? code->get<int>() : 0;
    return absl::AbortedError(Explain({status, object->dump(-1, ' ', false, json::error_handler_t::replace), {}}));
  }
  if (*type == "BOOKMARK") {
    const json* kind = Member(*object, "kind");
    if (kind != nullptr && *kind != resource.kind) return Bad(absl::StrCat("kind: is not ", resource.kind));
    result.object.version = ResourceVersionOf(*object);
    if (result.object.version == 0) return Bad("metadata.resourceVersion: is no number");
    return result;
  }
  if (*type != "ADDED" && *type != "MODIFIED" && *type != "DELETED") return Bad("an event of unknown type");
  result.type = *type == "DELETED" ? WatchEvent::Type::kDeleted : WatchEvent::Type::kSet;
  absl::StatusOr<KeptObject> kept = KeptForm(resource, *object);
  if (!kept.ok()) return kept.status();
  result.object = *std::move(kept);
  return result;
}

}  // namespace muster::webhook
