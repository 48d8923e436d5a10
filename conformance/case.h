// One recorded case, and the record of where a run of it first parted from what was recorded.
#ifndef MUSTER_CONFORMANCE_CASE_H_
#define MUSTER_CONFORMANCE_CASE_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace muster::conformance {

using Json = nlohmann::json;

// How much has to agree. Each level includes the ones before it.
enum class Level { kDecisions, kReasons, kMessages };

struct Case {
  std::string name;
  Json doc;

  const Json& operator[](const char* key) const;  // a null value when absent
};

// Errors: NotFound or InvalidArgument naming the file.
absl::StatusOr<Case> LoadCase(const std::string& path);

// The member, or an empty (null) value: recorded cases leave out what is empty.
const Json& Get(const Json& object, const char* key);
std::string GetString(const Json& object, const char* key);
bool GetBool(const Json& object, const char* key);

// Collects the divergences of one case; keeps the first for printing.
class Verdict {
 public:
  // `ignored`: JSON paths that the recorded run did not determine.
  explicit Verdict(std::set<std::string> ignored = {}) : ignored_(std::move(ignored)) {}

  // Values have to be equal. Returns whether they are.
  bool Equal(absl::string_view path, const Json& expected, const Json& got);
  void Fail(absl::string_view path, absl::string_view expected, absl::string_view got);
  // The library offers no way to ask this question.
  void Unsupported(absl::string_view what);

  bool agreed() const { return !first_.has_value(); }
  // "path: expected X, got Y". REQUIRES: !agreed().
  const std::string& first_divergence() const { return *first_; }

 private:
  std::set<std::string> ignored_;
  std::optional<std::string> first_;
};

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_CASE_H_
