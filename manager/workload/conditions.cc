#include "manager/workload/conditions.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace muster::manager {

std::string Shorten(absl::string_view text, size_t most) {
  constexpr absl::string_view kMore = " ...";
  if (text.size() <= most) return std::string(text);
  size_t end = most - kMore.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return absl::StrCat(text.substr(0, end), kMore);
}

bool SetCondition(std::vector<api::Condition>* conditions, absl::string_view type, bool status,
                  absl::string_view reason, absl::string_view message, std::optional<int64_t> observed_generation,
                  absl::Time now) {
  const absl::string_view word = status ? "True" : "False";
  const std::string text = Shorten(message, kMaxConditionMessage);
  const auto it = std::find_if(conditions->begin(), conditions->end(),
                               [&](const api::Condition& condition) { return condition.type == type; });
  if (it == conditions->end()) {
    api::Condition& made = conditions->emplace_back();
    made.type = std::string(type);
    made.status = std::string(word);
    made.reason = std::string(reason);
    made.message = text;
    made.last_transition_time = now;
    made.observed_generation = observed_generation;
    return true;
  }
  const bool changed = it->status != word || it->reason != reason || it->message != text ||
                       it->observed_generation != observed_generation;
  if (it->status != word) it->last_transition_time = now;
  it->status = std::string(word);
  it->reason = std::string(reason);
  it->message = text;
  it->observed_generation = observed_generation;
  return changed;
}

bool RemoveCondition(std::vector<api::Condition>* conditions, absl::string_view type) {
  return std::erase_if(*conditions, [&](const api::Condition& condition) { return condition.type == type; }) > 0;
}

}  // namespace muster::manager
