// What reading, validating or cross-checking objects found wrong, as values: where, what, and what to do.
#ifndef MUSTER_API_PROBLEM_H_
#define MUSTER_API_PROBLEM_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace muster::api {

enum class Severity { kError, kWarning };

// Where an object was read from.
struct Source {
  std::string file;   // "" when it did not come from a file
  int document = -1;  // counted from 0 within a file; -1 = not known
  int item = -1;      // index in a List document; -1 = the document is the object
  int line = 0;       // where the document starts, counted from 1; 0 = not known
};

// "queues.yaml, document 2 (line 14), items[3]", counted from 1 for a reader; "" when nothing is known.
std::string ToString(const Source& source);

// The structs of Kueue's API that a problem may show whole. JSON has no order of fields; whoever answers in Kueue's
// words prints such a value in the order of its Go type.
enum class ShownStruct {
  kNone,
  kPodSet,
  kAdmission,
  kPodSetUpdate,
  kPreemption,
  kConcurrentAdmissionPolicy,
  kTaint,
};

struct Problem {
  Source source;
  std::string object;   // "ClusterQueue/team-a", "LocalQueue/ns/team-a"; "" when the kind is not known
  std::string path;     // "spec.resourceGroups[0].flavors[1].name"; "" = the object as a whole
  std::string message;  // what is wrong, and where it helps what to do
  Severity severity = Severity::kError;
  // The rule that was broken. Kubernetes' field error types: Invalid, Required, Duplicate, NotSupported, Forbidden,
  // NotFound, TooMany, TooLong. Muster's own: TypeInvalid (not readable), UnknownField, NoEffect, UnknownKind,
  // Unreadable (the file or the document) and Reference.
  std::string rule;
  std::string value;  // the offending value as JSON; "" when there is none to show
  // The type of the value when it is a struct, or a list of such.
  ShownStruct shown = ShownStruct::kNone;
  std::string shown_at = {};  // JSON pointer of that struct in the object; "" = it is what `value` says
};

// One line: "file, document 1: ClusterQueue/a: spec.x: message".
std::string ToString(const Problem& problem);

// The line Kubernetes would print for the field: `spec.x: Invalid value: "v": message`. What is known of the source and
// the object is left out.
std::string ToFieldError(const Problem& problem);

bool HasErrors(const std::vector<Problem>& problems);

// OK when `problems` has no error, else InvalidArgument with one line per error, in order.
absl::Status ToStatus(const std::vector<Problem>& problems);

}  // namespace muster::api

#endif  // MUSTER_API_PROBLEM_H_
