// Plays a recorded flow against a simulated cluster and a subject, on a virtual clock.
#ifndef MUSTER_CONFORMANCE_FLOWS_REPLAY_H_
#define MUSTER_CONFORMANCE_FLOWS_REPLAY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "conformance/flows/recording.h"
#include "conformance/flows/subject.h"

namespace muster::conformance {

// What happened, in the form of a recording.
struct Outcome {
  std::vector<Sighting> seen;
  std::vector<Said> said;
  std::vector<Written> writes;         // of the subject, with what was answered
  std::vector<std::string> surprises;  // acts that were answered differently than in the recording
};

// The user's acts at their times; the world around the subject at its recorded pace (pace.h), or at once; the subject when
// it is due. Nothing waits for anything else. Until recording.end.
// Errors: Internal when the subject does not come to rest at some instant; it names the last writes.
absl::StatusOr<Outcome> Replay(const Recording& recording, Subject* subject, bool at_once = false);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_REPLAY_H_
