// What LocalQueues used lately, as admission fair sharing counts it: for those who write it down or show it.
#ifndef MUSTER_SCHEDULER_ENGINE_CONSUMPTION_H_
#define MUSTER_SCHEDULER_ENGINE_CONSUMPTION_H_

#include <map>
#include <string>

#include "absl/numeric/int128.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "scheduler/engine.h"

namespace muster::scheduler {

// Amounts in billionths of cores, bytes or devices, by resource name.
struct Consumption {
  std::map<std::string, absl::int128> consumed;  // up to `updated`
  std::map<std::string, absl::int128> penalty;   // charged in advance for what was let in since
  absl::Time updated = absl::InfinitePast();     // never, of a LocalQueue that nothing is known about
};

// O(resources + what was let in since).
Consumption ConsumptionOf(const Engine& engine, absl::string_view ns, absl::string_view local_queue);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_ENGINE_CONSUMPTION_H_
