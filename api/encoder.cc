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

bool ItemTaker::Is(const json& item, absl::string_view name) const {
  if (!item.is_object()) return false;
  const auto it = item.find(key_);
  // An item without the key is one whose name was defaulted; only its place can tell.
  return it != item.end() && it->is_string() && absl::string_view(it->get_ref<const std::string&>()) == name;
}

json ItemTaker::Take(size_t i, absl::string_view name) {
  if (!before_.is_array()) return nullptr;
  if (key_.empty()) return before_.size() == size_ ? std::move(before_[i]) : json(nullptr);
  if (i < before_.size() && Is(before_[i], name)) return std::move(before_[i]);
  if (!indexed_) {
    indexed_ = true;
    for (size_t place = 0; place < before_.size(); ++place) {
      if (!before_[place].is_object()) continue;
      const auto it = before_[place].find(key_);
      if (it != before_[place].end() && it->is_string()) places_.emplace(it->get_ref<const std::string&>(), place);
    }
  }
  // What was taken is null now.
  for (auto it = places_.find(std::string(name)); it != places_.end() && it->first == name; it = places_.erase(it)) {
    if (Is(before_[it->second], name)) return std::move(before_[it->second]);
  }
  const bool unnamed = i < before_.size() && before_[i].is_object() && !before_[i].contains(key_);
  return unnamed && before_.size() == size_ ? std::move(before_[i]) : json(nullptr);
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
  ItemTaker taker(std::move(before), key, values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    json item = taker.Take(i, values[i]);
    if (!item.is_object()) item = json::object();
    item[std::string(key)] = values[i];
    list.push_back(std::move(item));
  }
  object_[field] = std::move(list);
}

}  // namespace muster::api
