// Objects from and to JSON.
//
// Reading collects every problem instead of stopping at the first, converts older Kueue versions to v1beta2, and
// warns about fields it does not know. The JSON an object was read from is kept beside it, so that writing it back
// loses nothing. All functions are pure and never throw.
#ifndef MUSTER_API_CODEC_H_
#define MUSTER_API_CODEC_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "api/object.h"
#include "api/problem.h"

namespace muster::api {

// An object that was read.
struct Decoded {
  Object object;
  Source source;
  nlohmann::json raw;             // what it was read from, in the version Muster writes
  std::vector<Problem> warnings;  // unknown fields and the like
};

// An object of a kind Muster does not know: kept, not looked at.
struct Unsupported {
  std::string api_version;
  std::string kind;
  std::string ns;
  std::string name;
  Source source;
  nlohmann::json raw;
};

// What one document held. At most one of the two is set; neither when it is no Kubernetes object at all.
struct DecodeResult {
  std::optional<Decoded> decoded;  // with errors in `problems`: the part that could be read
  std::optional<Unsupported> unsupported;
  std::vector<Problem> problems;  // errors and warnings, in document order within an object
};

// Reads one object (not a List). Errors: not an object, no kind, fields of the wrong type, unreadable quantities and
// times, numbers out of range. Whether the values make sense is for validation.h. O(size of the document).
DecodeResult Decode(nlohmann::json document, const Source& source = {});

// The same for callers that want one object or an error: InvalidArgument with one line per problem, Unimplemented for
// a kind Muster does not know. Warnings are dropped.
absl::StatusOr<Object> DecodeObject(const nlohmann::json& document);

// Reads a part of an object. T: any kind of object.h, and PodSet, PodTemplateSpec, PodSpec, Container, Toleration,
// Taint, TopologyRequest, Admission, PodSetAssignment, TopologyAssignment, WorkloadSpec, WorkloadStatus, ResourceGroup,
// LabelSelector, Condition, ClusterQueuePreemption, FlavorFungibility. `name` starts the field paths of the errors.
template <class T>
absl::StatusOr<T> DecodePart(const nlohmann::json& value, absl::string_view name = "");

// Writes the object in the version of ApiVersion(object), over `raw` (of a Decoded) when given: fields Muster does not
// know are taken from there. Keys are sorted.
nlohmann::json Encode(const Object& object, nlohmann::json raw = nullptr);

// Writes a part of an object; the same T as DecodePart.
template <class T>
nlohmann::json EncodePart(const T& value, nlohmann::json raw = nullptr);

}  // namespace muster::api

#endif  // MUSTER_API_CODEC_H_
