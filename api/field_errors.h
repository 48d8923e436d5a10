// Collects field errors in Kubernetes' wording, and the checks that several kinds share.
#ifndef MUSTER_API_FIELD_ERRORS_H_
#define MUSTER_API_FIELD_ERRORS_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "api/core.h"
#include "api/json_path.h"
#include "api/meta.h"
#include "api/problem.h"
#include "api/quantity.h"

namespace muster::api {

// The text as Go's %q prints it: in double quotes, with what cannot be printed escaped. This is how Kubernetes shows a
// bad value that is a plain string; one of a named string type it shows as JSON.
std::string Quoted(absl::string_view text);
std::string JsonQuoted(absl::string_view text);

// A bad value that is a struct, or a list of such; see Problem::shown.
struct StructValue {
  ShownStruct type;
  std::string json;     // as it is printed where nobody knows the order of Go; may be "" when `at` is set
  std::string at = {};  // JSON pointer in the object
};

// Thread-compatible. Takes about a mebibyte of errors; one more says that there would be others.
class FieldErrors {
 public:
  // One per Kubernetes field error type. `value` is printed as it is: Quoted() for strings.
  void Invalid(const JsonPath& path, std::string value, absl::string_view message);
  void Invalid(const JsonPath& path, StructValue value, absl::string_view message);
  void Required(const JsonPath& path, absl::string_view message = "");
  void Forbidden(const JsonPath& path, absl::string_view message);
  void Duplicate(const JsonPath& path, std::string value, absl::string_view message = "");
  void Duplicate(const JsonPath& path, StructValue value, absl::string_view message = "");
  void NotFound(const JsonPath& path, absl::string_view value);
  // The supported values are printed in the order given.
  void NotSupported(const JsonPath& path, absl::string_view value, const std::vector<std::string>& supported);
  void TooMany(const JsonPath& path, size_t count, size_t max);
  void TooLong(const JsonPath& path, size_t max);

  // The checks of a CustomResourceDefinition, in its wording. An empty value is "not set" and passes.
  void CheckEnum(const JsonPath& path, absl::string_view value, std::initializer_list<const char*> supported);
  void CheckSubdomain(const JsonPath& path, absl::string_view value);
  void CheckLabel(const JsonPath& path, absl::string_view value, size_t max_length);
  void CheckItems(const JsonPath& path, size_t count, size_t min, size_t max);
  void CheckAtLeast(const JsonPath& path, int64_t value, int64_t min);

  // The checks of Kubernetes' own types.
  void CheckLabelKey(const JsonPath& path, absl::string_view key);
  void CheckLabels(const JsonPath& path, const StringMap& labels);
  void CheckAnnotations(const JsonPath& path, const StringMap& annotations);
  void CheckTolerationKeys(const JsonPath& path, const std::vector<Toleration>& tolerations);
  void CheckConditions(const JsonPath& path, const std::vector<Condition>& conditions);
  void CheckNonNegative(const JsonPath& path, const Quantity& quantity);
  // The object's own name.
  void CheckName(const ObjectMeta& metadata);

  // Takes over a problem that was found elsewhere.
  void Append(Problem problem);

  // Whether further errors are dropped: who makes long ones need not make them.
  bool full() const { return bytes_ > kMaxBytes; }
  bool empty() const { return problems_.empty(); }
  std::vector<Problem> Take() { return std::move(problems_); }

 private:
  static constexpr size_t kMaxBytes = size_t{1} << 20;

  void Add(const JsonPath& path, absl::string_view rule, std::string value, std::string message,
           ShownStruct shown = ShownStruct::kNone, std::string shown_at = {});
  void AddStruct(const JsonPath& path, absl::string_view rule, StructValue value, absl::string_view message);

  std::vector<Problem> problems_;
  size_t bytes_ = 0;
};

}  // namespace muster::api

#endif  // MUSTER_API_FIELD_ERRORS_H_
