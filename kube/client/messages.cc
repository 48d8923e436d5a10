#include "kube/client/messages.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "api/json_text.h"
#include "kube/client/api_client.h"

namespace muster::kube {
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

absl::StatusOr<ListPage> ParseListPage(const ResourceType& type, absl::string_view text, const Keep& keep) {
  static auto& one_at_a_time = *new absl::Mutex;
  const absl::MutexLock lock(&one_at_a_time);
  absl::StatusOr<json> list = api::ParseJson(text);
  if (!list.ok()) return list.status();
  const std::string list_kind = absl::StrCat(type.kind, "List");
  const json* kind = Member(*list, "kind");
  if (kind == nullptr || *kind != list_kind) return Bad(absl::StrCat("kind: is not ", list_kind));
  const json* api_version = Member(*list, "apiVersion");
  if (api_version == nullptr || *api_version != type.ApiVersion()) {
    return Bad(absl::StrCat("apiVersion: is not ", type.ApiVersion()));
  }
  ListPage page;
  page.version = ResourceVersionOf(*list);
  if (page.version == 0) return Bad("metadata.resourceVersion: is no number");
  absl::StatusOr<std::string> next = NextPage(*list);
  if (!next.ok()) return next.status();
  page.next_page = *std::move(next);
  if (!list->contains("items")) return Bad("items: there are none");
  json& items = (*list)["items"];
  if (!items.is_array() && !items.is_null()) return Bad("items: is no list");
  for (json& item : items) {
    absl::StatusOr<ToldObject> object = ReadObject(type, std::move(item), keep);
    if (!object.ok()) return object.status();
    page.objects.push_back(*std::move(object));
  }
  if (page.objects.empty() && !page.next_page.empty()) return Bad("items: a page without objects is not the last one");
  return page;
}

absl::StatusOr<ToldEvent> ParseToldEvent(const ResourceType& type, absl::string_view line, const Keep& keep) {
  absl::StatusOr<json> event = api::ParseJson(line);
  if (!event.ok()) return event.status();
  const json* said = Member(*event, "type");
  const json* object = Member(*event, "object");
  if (said == nullptr || object == nullptr || !object->is_object()) return Bad("an event without type or object");
  ToldEvent result;
  if (*said == "ERROR") {
    const json* code = Member(*object, "code");
    const int status = code != nullptr && code->is_number_integer() ? code->get<int>() : 0;
    return absl::AbortedError(Explain({status, object->dump(-1, ' ', false, json::error_handler_t::replace), {}}));
  }
  if (*said == "BOOKMARK") {
    const json* kind = Member(*object, "kind");
    if (kind != nullptr && *kind != std::string(type.kind)) return Bad(absl::StrCat("kind: is not ", type.kind));
    result.object.version = ResourceVersionOf(*object);
    if (result.object.version == 0) return Bad("metadata.resourceVersion: is no number");
    return result;
  }
  if (*said != "ADDED" && *said != "MODIFIED" && *said != "DELETED") return Bad("an event of unknown type");
  result.type = *said == "DELETED" ? ToldEvent::Type::kDeleted : ToldEvent::Type::kSet;
  absl::StatusOr<ToldObject> told = ReadObject(type, std::move((*event)["object"]), keep);
  if (!told.ok()) return told.status();
  result.object = *std::move(told);
  return result;
}

}  // namespace muster::kube
