#include "api/encoder.h"

#include "absl/strings/str_cat.h"

namespace muster::api {

using nlohmann::json;

std::string FormatTimestamp(absl::Time time) {
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone());
}

bool IsEmptyJson(const json& value) {
  switch (value.type()) {
    case json::value_t::null:
      return true;
    case json::value_t::boolean:
      return !value.get<bool>();
    case json::value_t::string:
      return value.get_ref<const std::string&>().empty();
    case json::value_t::number_integer:
    case json::value_t::number_unsigned:
    case json::value_t::number_float:
      return value == 0;
    default:
      return value.empty();
  }
}

json TakeItem(json& before, size_t i, size_t size, absl::string_view key, absl::string_view name) {
  if (!before.is_array()) return nullptr;
  const auto is_it = [key = std::string(key), name = std::string(name)](const json& item) {
    if (!item.is_object()) return false;
    const auto it = item.find(key);
    // An item without the key is one whose name was defaulted; only its place can tell.
    return it != item.end() && it->is_string() && it->get_ref<const std::string&>() == name;
  };
  if (key.empty()) return before.size() == size ? std::move(before[i]) : json(nullptr);
  if (i < before.size() && is_it(before[i])) return std::move(before[i]);
  for (json& item : before) {
    if (is_it(item)) return std::move(item);
  }
  const bool unnamed = i < before.size() && before[i].is_object() && !before[i].contains(std::string(key));
  return unnamed && before.size() == size ? std::move(before[i]) : json(nullptr);
}

void EncodeVisitor::NameList(absl::string_view name, absl::string_view key, const std::vector<std::string>& values) {
  const std::string field(name);
  json before;
  if (const auto it = object_.find(field); it != object_.end()) {
    if (values.empty() && IsEmptyJson(*it)) return;
    before = std::move(*it);
    object_.erase(it);
  }
  if (values.empty()) return;
  json list = json::array();
  for (size_t i = 0; i < values.size(); ++i) {
    json item = TakeItem(before, i, values.size(), key, values[i]);
    if (!item.is_object()) item = json::object();
    item[std::string(key)] = values[i];
    list.push_back(std::move(item));
  }
  object_[field] = std::move(list);
}

}  // namespace muster::api
