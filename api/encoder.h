// Writes typed values to JSON by their field tables, over the JSON they were read from. Internal to api/.
//
// Every WriteValue takes the slot to write to, holding what was there before (null when nothing was): fields without
// a table entry stay, so that reading and writing back loses nothing.
#ifndef MUSTER_API_ENCODER_H_
#define MUSTER_API_ENCODER_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/kueue.h"
#include "api/meta.h"
#include "api/quantity.h"

namespace muster::api {

// "2026-01-31T12:00:00Z", with a fraction only when there is one.
std::string FormatTimestamp(absl::Time time);

inline void WriteValue(const std::string& value, nlohmann::json& slot) { slot = value; }
inline void WriteValue(bool value, nlohmann::json& slot) { slot = value; }
inline void WriteValue(int32_t value, nlohmann::json& slot) { slot = value; }
inline void WriteValue(int64_t value, nlohmann::json& slot) { slot = value; }
inline void WriteValue(double value, nlohmann::json& slot) { slot = value; }
inline void WriteValue(const Quantity& value, nlohmann::json& slot) { slot = value.ToString(); }
inline void WriteValue(absl::Time value, nlohmann::json& slot) { slot = FormatTimestamp(value); }
inline void WriteValue(absl::Duration value, nlohmann::json& slot) { slot = absl::FormatDuration(value); }
void WriteValue(const TopologyAssignment& value, nlohmann::json& slot);

// Whether the field may be left out. A struct never is by this rule; see EncodeVisitor::Field.
inline bool IsEmpty(const std::string& value) { return value.empty(); }
inline bool IsEmpty(bool value) { return !value; }
inline bool IsEmpty(int32_t value) { return value == 0; }
inline bool IsEmpty(int64_t value) { return value == 0; }
inline bool IsEmpty(absl::Time value) { return value == ZeroTime(); }
inline bool IsEmpty(absl::Duration value) { return value == absl::ZeroDuration(); }
template <class T>
bool IsEmpty(const std::optional<T>& value) {
  return !value.has_value();
}
template <class T>
bool IsEmpty(const std::vector<T>& value) {
  return value.empty();
}
template <class T>
bool IsEmpty(const std::map<std::string, T>& value) {
  return value.empty();
}
template <class T>
bool IsEmpty(const T&) {
  return false;
}

// Whether the JSON stands for "nothing": null, "", 0, false, [], {}.
bool IsEmptyJson(const nlohmann::json& value);

// Finds in the list a list was read from what its items came from. O(items) in all, if names are asked for in any order
// O(items * log(items)).
class ItemTaker {
 public:
  // `key`: the field that names an item; "" = it is its place. `size`: of the list that is written.
  ItemTaker(nlohmann::json before, absl::string_view key, size_t size)
      : before_(std::move(before)), key_(key), size_(size) {}

  // What the i-th written item, of that name, came from: the one of that name, at the same place if possible; null when
  // there is none.
  nlohmann::json Take(size_t i, absl::string_view name);

 private:
  bool Is(const nlohmann::json& item, absl::string_view name) const;

  nlohmann::json before_;
  const std::string key_;
  const size_t size_;
  bool indexed_ = false;
  std::multimap<std::string, size_t> places_;  // of the items, by name
};

template <class T>
void WriteValue(const std::optional<T>& value, nlohmann::json& slot);
template <class T>
void WriteValue(const std::map<std::string, T>& value, nlohmann::json& slot);
template <class T>
void WriteValue(const std::vector<T>& value, nlohmann::json& slot);
template <class T>
void WriteValue(const T& value, nlohmann::json& slot);

template <class T>
void WriteValue(const std::optional<T>& value, nlohmann::json& slot) {
  if (value.has_value()) {
    WriteValue(*value, slot);
  } else {
    slot = nullptr;
  }
}

template <class T>
void WriteValue(const std::map<std::string, T>& value, nlohmann::json& slot) {
  slot = nlohmann::json::object();
  for (const auto& [key, item] : value) WriteValue(item, slot[key]);
}

template <class T>
void WriteValue(const std::vector<T>& value, nlohmann::json& slot) {
  constexpr bool kNamed = requires(const T& t) { t.name; };
  constexpr bool kTyped = requires(const T& t) { t.type; };
  ItemTaker taker(std::exchange(slot, nlohmann::json::array()), kNamed ? "name" : kTyped ? "type" : "", value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    nlohmann::json item;
    if constexpr (kNamed) {
      item = taker.Take(i, value[i].name);
    } else if constexpr (kTyped) {
      item = taker.Take(i, value[i].type);
    } else if constexpr (std::is_class_v<T> && !std::is_same_v<T, std::string>) {
      item = taker.Take(i, "");
    }
    WriteValue(value[i], item);
    slot.push_back(std::move(item));
  }
}

// The writing visitor of one object; see fields_meta.h.
class EncodeVisitor {
 public:
  // REQUIRES: `object` is a JSON object that outlives the visitor.
  explicit EncodeVisitor(nlohmann::json& object) : object_(object) {}

  template <class T>
  void Field(absl::string_view name, T& value) {
    const std::string key(name);
    const auto before = object_.find(key);
    if (IsEmpty(value)) {
      // An empty list that was there says no more than an absent one, but it is not ours to drop.
      if (before != object_.end() && !IsEmptyJson(*before)) object_.erase(before);
      return;
    }
    const bool was_there = before != object_.end();
    WriteValue(value, object_[key]);
    if (!was_there && object_[key].is_object() && object_[key].empty() && IsPlainStruct<T>()) object_.erase(key);
  }

  template <class T>
  void Always(absl::string_view name, T& value) {
    const auto [slot, added] = object_.emplace(std::string(name), nullptr);
    // A null that was there says that there is nothing.
    if (!added && slot->is_null() && IsEmpty(value)) return;
    WriteValue(value, *slot);
  }

  template <class T>
  void Required(absl::string_view name, T& value) {
    Always(name, value);
  }

  template <class F>
  void Group(absl::string_view name, F fields) {
    const std::string key(name);
    const auto before = object_.find(key);
    const bool was_there = before != object_.end();
    nlohmann::json nested = was_there && before->is_object() ? std::move(*before) : nlohmann::json::object();
    EncodeVisitor visitor(nested);
    fields(visitor);
    if (was_there || !nested.empty()) object_[key] = std::move(nested);
  }

  template <class T, class F>
  void OptionalGroup(absl::string_view name, std::optional<T>& value, F fields) {
    if (value.has_value()) {
      Group(name, [&](EncodeVisitor& v) { fields(v, *value); });
    } else {
      object_.erase(std::string(name));
    }
  }

  void NameList(absl::string_view name, absl::string_view key, const std::vector<std::string>& values);

  void Ignored(std::initializer_list<absl::string_view>) {}
  void IgnoreOthers() {}
  void NoEffect(std::initializer_list<absl::string_view>) {}

 private:
  // Whether T is a struct held by value: such a field is left out when nothing was written into it.
  template <class T>
  static constexpr bool IsPlainStruct() {
    return requires(EncodeVisitor & v, T & t) { Fields(v, t); };
  }

  nlohmann::json& object_;
};

// Anything with a field table.
template <class T>
void WriteValue(const T& value, nlohmann::json& slot) {
  if (!slot.is_object()) slot = nlohmann::json::object();
  EncodeVisitor visitor(slot);
  Fields(visitor, const_cast<T&>(value));  // one table serves both directions; EncodeVisitor does not write
}

}  // namespace muster::api

#endif  // MUSTER_API_ENCODER_H_
