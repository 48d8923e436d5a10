#include "sim/replay/observer.h"

namespace muster::sim {

absl::string_view ToString(StopCause cause) {
  switch (cause) {
    case StopCause::kFinished:
      return "Finished";
    case StopCause::kInClusterQueue:
      return "InClusterQueue";
    case StopCause::kInCohortReclamation:
      return "InCohortReclamation";
    case StopCause::kInCohortFairSharing:
      return "InCohortFairSharing";
    case StopCause::kInCohortReclaimWhileBorrowing:
      return "InCohortReclaimWhileBorrowing";
    case StopCause::kMigrated:
      return "FlavorMigration";
    case StopCause::kLivelock:
      return "Livelock";
    case StopCause::kNodeFailed:
      return "NodeFailed";
    case StopCause::kMaintenance:
      return "Maintenance";
    case StopCause::kFailed:
      return "Failed";
    case StopCause::kGaveUp:
      return "GaveUp";
    case StopCause::kTimeLimit:
      return "TimeLimit";
    case StopCause::kStopped:
      return "ClusterQueueStopped";
  }
  return "";
}

bool IsLast(StopCause cause) {
  return cause == StopCause::kFinished || cause == StopCause::kGaveUp || cause == StopCause::kTimeLimit;
}

bool IsPreemption(StopCause cause) { return cause >= StopCause::kInClusterQueue && cause <= StopCause::kMigrated; }

}  // namespace muster::sim
