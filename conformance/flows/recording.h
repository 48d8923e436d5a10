// A recorded flow: what a user did to a cluster, what everybody saw of it, and what the manager wrote.
#ifndef MUSTER_CONFORMANCE_FLOWS_RECORDING_H_
#define MUSTER_CONFORMANCE_FLOWS_RECORDING_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kube/request.h"
#include "kube/watch_event.h"

namespace muster::conformance {

// An object as it was seen at some time.
struct Sighting {
  absl::Time time;
  kube::WatchEvent event;
};

// An event object of Kubernetes, as far as it is compared.
struct Said {
  std::string about;  // "Job g/a"
  std::string type, reason, message;
  std::string by;  // reportingController

  friend bool operator==(const Said&, const Said&) = default;
  friend auto operator<=>(const Said&, const Said&) = default;
};

struct Act {
  absl::Time time;
  kube::Request request;
  int code = 0;  // what was answered
  std::string message;
};

// A write of the manager.
struct Written {
  absl::Time time;
  kube::Request request;
  kube::Response response;  // without object
};

struct Recording {
  std::string name;           // of the flow: "job-fail", "rnd-3@classic"
  std::string configuration;  // path of the file
  absl::Time start, end;      // what comes later is not part of the flow
  std::vector<Act> acts;
  std::vector<Sighting> seen;  // all but events
  std::vector<Said> said;
  std::vector<Written> writes;
};

// Reads the flow in a folder. Its files may be compressed. Errors: those of files; InvalidArgument naming file and line.
absl::StatusOr<Recording> ReadRecording(const std::string& folder);

// The event in the form of either version of the API.
Said SaidBy(const nlohmann::json& event);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_RECORDING_H_
