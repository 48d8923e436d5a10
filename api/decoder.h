// Reads typed values from JSON by their field tables, collecting every problem. Internal to api/.
#ifndef MUSTER_API_DECODER_H_
#define MUSTER_API_DECODER_H_

#include <cstdint>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/json_path.h"
#include "api/kueue.h"
#include "api/problem.h"
#include "api/quantity.h"

namespace muster::api {

// Collects the problems of one document.
class DecodeContext {
 public:
  void Error(const JsonPath& path, absl::string_view rule, std::string message, std::string value = "");
  void Warning(const JsonPath& path, absl::string_view rule, std::string message);
  std::vector<Problem> TakeProblems() { return std::move(problems_); }
  // Whether there is time to look for what was meant: for so many unknown fields of a document.
  bool TakeHint() { return hints_left_ > 0 && hints_left_-- > 0; }

 private:
  std::vector<Problem> problems_;
  int hints_left_ = 20;
};

// Scalars. On a mismatch the problem is reported and `out` stays as it was.
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, std::string& out);
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, bool& out);
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, int32_t& out);
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, int64_t& out);
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, double& out);
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, Quantity& out);
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, absl::Time& out);
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, absl::Duration& out);
// Both wire forms, v1beta2's slices and v1beta1's domains; see topology_assignment.cc.
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, TopologyAssignment& out);

// Reports what `value` is instead of `expected` ("an object").
void ReportTypeMismatch(DecodeContext& context, const JsonPath& path, const nlohmann::json& value,
                        absl::string_view expected);

// Reports the fields of `object` that are not in `known`, with the known name that was probably meant.
void ReportUnknownFields(DecodeContext& context, const JsonPath& path, const nlohmann::json& object,
                         const absl::string_view* known, size_t known_count);

template <class T>
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, std::optional<T>& out) {
  if (value.is_null()) return;
  ReadValue(context, path, value, out.emplace());
}

template <class T>
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, std::vector<T>& out) {
  if (!value.is_array()) return ReportTypeMismatch(context, path, value, "a list");
  out.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    ReadValue(context, path.Item(static_cast<int>(i)), value[i], out.emplace_back());
  }
}

template <class T>
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value,
               std::map<std::string, T>& out) {
  if (!value.is_object()) return ReportTypeMismatch(context, path, value, "an object");
  for (const auto& [key, item] : value.items()) {
    // JSON objects iterate in key order, so that every insertion is at the end.
    ReadValue(context, path.Key(key), item, out.emplace_hint(out.end(), key, T())->second);
  }
}

// The reading visitor of one object; see fields_meta.h.
class DecodeVisitor {
 public:
  // REQUIRES: `object` is a JSON object. All arguments outlive the visitor.
  DecodeVisitor(DecodeContext& context, const JsonPath& path, const nlohmann::json& object)
      : context_(context), path_(path), object_(object) {}
  ~DecodeVisitor() {
    if (!ignore_others_) ReportUnknownFields(context_, path_, object_, known_.data(), known_.size());
  }
  DecodeVisitor(const DecodeVisitor&) = delete;
  DecodeVisitor& operator=(const DecodeVisitor&) = delete;

  template <class T>
  void Field(absl::string_view name, T& out) {
    if (const nlohmann::json* value = Find(name)) ReadValue(context_, path_.Field(name), *value, out);
  }

  template <class T>
  void Always(absl::string_view name, T& out) {
    Field(name, out);
  }

  template <class T>
  void Required(absl::string_view name, T& out) {
    if (const nlohmann::json* value = Find(name)) {
      ReadValue(context_, path_.Field(name), *value, out);
    } else {
      context_.Error(path_.Field(name), "Required", "");
    }
  }

  template <class F>
  void Group(absl::string_view name, F fields) {
    const nlohmann::json* value = Find(name);
    if (value == nullptr) return;
    const JsonPath path = path_.Field(name);
    if (!value->is_object()) return ReportTypeMismatch(context_, path, *value, "an object");
    DecodeVisitor nested(context_, path, *value);
    fields(nested);
  }

  template <class T, class F>
  void OptionalGroup(absl::string_view name, std::optional<T>& out, F fields) {
    Group(name, [&](DecodeVisitor& v) { fields(v, out.emplace()); });
  }

  void NameList(absl::string_view name, absl::string_view key, std::vector<std::string>& out) {
    const nlohmann::json* value = Find(name);
    if (value == nullptr) return;
    const JsonPath list = path_.Field(name);
    if (!value->is_array()) return ReportTypeMismatch(context_, list, *value, "a list");
    for (size_t i = 0; i < value->size(); ++i) {
      const JsonPath path = list.Item(static_cast<int>(i));
      out.emplace_back();
      if (!(*value)[i].is_object()) {
        ReportTypeMismatch(context_, path, (*value)[i], "an object");
        continue;
      }
      DecodeVisitor item(context_, path, (*value)[i]);
      item.Field(key, out.back());
    }
  }

  void Ignored(std::initializer_list<absl::string_view> names) { known_.insert(known_.end(), names); }
  void IgnoreOthers() { ignore_others_ = true; }
  void NoEffect(std::initializer_list<absl::string_view> names);

 private:
  // The value of the field, or nullptr when it is absent or null (which means the same in Kubernetes).
  const nlohmann::json* Find(absl::string_view name) {
    known_.push_back(name);
    const auto it = object_.find(std::string(name));
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }

  DecodeContext& context_;
  const JsonPath& path_;
  const nlohmann::json& object_;
  absl::InlinedVector<absl::string_view, 48> known_;
  bool ignore_others_ = false;
};

// Anything with a field table.
template <class T>
void ReadValue(DecodeContext& context, const JsonPath& path, const nlohmann::json& value, T& out) {
  if (!value.is_object()) return ReportTypeMismatch(context, path, value, "an object");
  DecodeVisitor visitor(context, path, value);
  Fields(visitor, out);
}

}  // namespace muster::api

#endif  // MUSTER_API_DECODER_H_
