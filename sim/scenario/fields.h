// Reads a scenario document field by field, collecting every mistake with its path instead of stopping at the first.
#ifndef MUSTER_SIM_SCENARIO_FIELDS_H_
#define MUSTER_SIM_SCENARIO_FIELDS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "api/problem.h"

namespace muster::sim {

// One JSON value with the path that leads to it. A value that is absent reads as "nothing", without a complaint; one of
// the wrong type is a problem, and reads as nothing too.
// Thread-safety: compatible. The JSON and the list of problems outlive the value.
class FieldValue {
 public:
  FieldValue(const nlohmann::json* value, std::string path, const api::Source* source,
             std::vector<api::Problem>* problems)
      : value_(value), path_(std::move(path)), source_(source), problems_(problems) {}

  bool present() const { return value_ != nullptr && !value_->is_null(); }
  bool is_object() const { return present() && value_->is_object(); }
  bool is_array() const { return present() && value_->is_array(); }
  bool is_string() const { return present() && value_->is_string(); }
  const nlohmann::json& json() const { return *value_; }
  const std::string& path() const { return path_; }
  const api::Source& source() const { return *source_; }

  // A field of an object. Field names asked for are what Done() knows.
  FieldValue Field(absl::string_view name);
  // The fields of an object, with their names, in order of name.
  std::vector<std::pair<std::string, FieldValue>> Entries();
  // The items of a list; the value itself where there is no list.
  std::vector<FieldValue> Items();

  // A string, or a number as it would be written.
  std::string String();
  std::vector<std::string> Strings();  // a list of strings or one
  int64_t Int(int64_t otherwise, int64_t min, int64_t max);
  bool Bool(bool otherwise);
  // "90s", "1h30m"; a plain number is seconds. Not negative.
  absl::Duration Duration(absl::Duration otherwise);

  // Reports fields that nobody asked for.
  void Done();
  void Problem(std::string message) const;

 private:
  const nlohmann::json* value_;
  std::string path_;
  const api::Source* source_;
  std::vector<api::Problem>* problems_;
  std::set<std::string> known_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_SCENARIO_FIELDS_H_
