// What a reconciler wants written, as a value: nothing here talks to anybody.
//
// A reconciler reads caches and gives back a Plan. Whoever carries it out sends the steps one after the other and stops at
// the first that fails; then the object is looked at again later. So a rule is a table test: objects in, plan out.
#ifndef MUSTER_MANAGER_PLAN_H_
#define MUSTER_MANAGER_PLAN_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kube/object.h"
#include "kube/request.h"

namespace muster::manager {

// An event to record about an object.
struct EventNote {
  kube::ObjectKey regarding;
  std::string uid, resource_version;  // of the object, as it was read
  bool warning = false;               // type Warning, else Normal
  std::string reason;
  std::string action;  // "" = the reason
  std::string message;
  std::string recorder;  // reportingController: "kueue-admission"

  friend bool operator==(const EventNote&, const EventNote&) = default;
};

// What is said, and written, when a write is refused. The API server's words are put behind `message`.
struct Refusal {
  std::string message;          // "Error creating ProvisioningRequest \"a\": "
  EventNote event;              // its message is that one
  kube::Request request;        // says it in its body, too
  std::string message_at = {};  // where: a JSON pointer into the body

  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// One write, and what is said once it succeeded.
struct Step {
  kube::Request request;
  std::vector<EventNote> events = {};
  bool gone_is_fine = false;            // 404 counts as success, without the events
  bool exists_is_fine = false;          // so does 409 AlreadyExists
  std::optional<Refusal> refusal = {};  // nothing but looking again

  friend bool operator==(const Step&, const Step&) = default;
};

struct Plan {
  std::vector<Step> steps;
  std::vector<EventNote> events;             // said whether or not anything is written
  std::optional<absl::Duration> look_again;  // after this time
  absl::Status error;                        // look again after a back-off that grows

  bool empty() const { return steps.empty() && events.empty() && !look_again.has_value() && error.ok(); }
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PLAN_H_
