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
  }
  return "";
}

}  // namespace muster::sim
