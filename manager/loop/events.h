// Events about objects, as API servers keep them: repeats within six minutes become one event with a count.
// Source of the rules: kueue-manager.md, "Events"; client-go's tools/events.
#ifndef MUSTER_MANAGER_LOOP_EVENTS_H_
#define MUSTER_MANAGER_LOOP_EVENTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "absl/time/time.h"
#include "kube/request.h"
#include "manager/plan.h"

namespace muster::manager {

// Thread-compatible.
class EventRecorder {
 public:
  // `instance`: where this process runs, in reportingInstance.
  explicit EventRecorder(std::string instance) : instance_(std::move(instance)) {}

  // The write that records it: a new event, or a patch of the one it repeats; nullopt when that is counted here only.
  // Forgets what is older than six minutes. O(log events of six minutes).
  std::optional<kube::Request> Record(const EventNote& note, absl::Time now);

 private:
  // All but the message: a repeat in other words is a repeat.
  using Key = std::tuple<std::string, std::string, std::string, std::string, std::string, std::string, bool>;
  struct Series {
    kube::ObjectKey key;
    int count = 1;
    absl::Time last;
  };
  void DropOld(absl::Time now);

  const std::string instance_;
  std::map<Key, Series> series_;
  absl::Time dropped_ = absl::InfinitePast();
  int64_t last_name_ = 0;
};

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_LOOP_EVENTS_H_
