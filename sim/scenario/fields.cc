#include "sim/scenario/fields.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::sim {

using nlohmann::json;

namespace {

std::string TypeName(const json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_string()) return "a string";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  return "nothing";
}

}  // namespace

void FieldValue::Problem(std::string message) const {
  problems_->push_back({.source = *source_,
                        .object = "",
                        .path = path_,
                        .message = std::move(message),
                        .severity = api::Severity::kError,
                        .rule = "TypeInvalid",
                        .value = ""});
}

FieldValue FieldValue::Field(absl::string_view name) {
  const std::string key(name);
  known_.insert(key);
  const nlohmann::json* found = nullptr;
  if (present()) {
    if (value_->is_object()) {
      const auto it = value_->find(key);
      if (it != value_->end()) found = &*it;
    }
  }
  return FieldValue(found, path_.empty() ? key : absl::StrCat(path_, ".", key), source_, problems_);
}

std::vector<std::pair<std::string, FieldValue>> FieldValue::Entries() {
  std::vector<std::pair<std::string, FieldValue>> out;
  if (!present()) return out;
  if (!value_->is_object()) {
    Problem(absl::StrCat("must be an object, is ", TypeName(*value_)));
    return out;
  }
  for (const auto& [key, value] : value_->items()) {
    known_.insert(key);
    out.emplace_back(key, FieldValue(&value, absl::StrCat(path_, "[", key, "]"), source_, problems_));
  }
  return out;
}

std::vector<FieldValue> FieldValue::Items() {
  std::vector<FieldValue> out;
  if (!present()) return out;
  if (!value_->is_array()) {
    out.push_back(*this);
    return out;
  }
  for (size_t i = 0; i < value_->size(); ++i) {
    out.emplace_back(&(*value_)[i], absl::StrCat(path_, "[", i, "]"), source_, problems_);
  }
  return out;
}

std::string FieldValue::String() {
  if (!present()) return "";
  if (value_->is_string()) return value_->get<std::string>();
  if (value_->is_number() || value_->is_boolean()) return value_->dump();
  Problem(absl::StrCat("must be a string, is ", TypeName(*value_)));
  return "";
}

std::vector<std::string> FieldValue::Strings() {
  std::vector<std::string> out;
  for (FieldValue& item : Items()) out.push_back(item.String());
  return out;
}

int64_t FieldValue::Int(int64_t otherwise, int64_t min, int64_t max) {
  if (!present()) return otherwise;
  if (!value_->is_number_integer()) {
    Problem(absl::StrCat("must be a whole number, is ", TypeName(*value_)));
    return otherwise;
  }
  // Past int64, JSON keeps an unsigned number: too large in any case.
  const bool huge = value_->is_number_unsigned() && value_->get<uint64_t>() > static_cast<uint64_t>(max);
  const int64_t value = huge ? max : value_->get<int64_t>();
  if (huge || value < min || value > max) {
    Problem(absl::StrCat("must be from ", min, " to ", max, ", is ", value_->dump()));
    return otherwise;
  }
  return value;
}

bool FieldValue::Bool(bool otherwise) {
  if (!present()) return otherwise;
  if (value_->is_boolean()) return value_->get<bool>();
  Problem(absl::StrCat("must be true or false, is ", TypeName(*value_)));
  return otherwise;
}

absl::Duration FieldValue::Duration(absl::Duration otherwise) {
  if (!present()) return otherwise;
  absl::Duration out;
  if (value_->is_number_integer()) {
    out = absl::Seconds(Int(0, 0, int64_t{1} << 40));
  } else if (!value_->is_string() || !absl::ParseDuration(value_->get<std::string>(), &out) ||
             out < absl::ZeroDuration() || out > absl::Hours(24 * 366 * 100)) {
    Problem("must be a duration such as 90s, 10m or 1h30m");
    return otherwise;
  }
  return out;
}

void FieldValue::Done() {
  if (!present()) return;
  if (!value_->is_object()) return Problem(absl::StrCat("must be an object, is ", TypeName(*value_)));
  for (const auto& [key, value] : value_->items()) {
    if (known_.contains(key)) continue;
    FieldValue(&value, path_.empty() ? key : absl::StrCat(path_, ".", key), source_, problems_)
        .Problem(absl::StrCat("is not a field here; known are ", absl::StrJoin(known_, ", ")));
  }
}

}  // namespace muster::sim
