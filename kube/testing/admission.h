// Who may change or refuse what is written, before it is.
#ifndef MUSTER_KUBE_TESTING_ADMISSION_H_
#define MUSTER_KUBE_TESTING_ADMISSION_H_

#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/string_view.h"
#include "kube/object.h"
#include "kube/request.h"

namespace muster::kube::testing {

// A write that is under review. `old` is nullptr for what is new.
struct Review {
  const ObjectKey& key;
  absl::string_view subresource;
  const nlohmann::json* old = nullptr;
  bool dry_run = false;
};

class Admission {
 public:
  virtual ~Admission() = default;

  // Both give the refusal, if they refuse.
  virtual std::optional<Response> Mutate(const Review& review, nlohmann::json* object) = 0;
  virtual std::optional<Response> Validate(const Review& review, const nlohmann::json& object) = 0;
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_ADMISSION_H_
