#include "conformance/flows/pace.h"

#include <algorithm>

namespace muster::conformance {

RecordedPace::RecordedPace(const Recording& recording) {
  for (const Sighting& sighting : recording.seen) {
    const kube::Object& object = *sighting.event.object;
    const bool gone = sighting.event.type == kube::WatchEvent::Type::kDeleted;
    if (gone || object.deleting()) collected_.emplace(object.uid(), sighting.time);
    if (object.type().group.empty() && object.type().kind == "Pod") {
      Pod& pod = pods_[object.uid()];
      const absl::string_view phase = object.StringAt("/status/phase");
      if (phase != "Pending") pod.runs = std::min(pod.runs, sighting.time);
      if (phase == "Succeeded" || phase == "Failed") pod.ends = std::min(pod.ends, sighting.time);
      if (gone) pod.goes = std::min(pod.goes, sighting.time);
    }
  }
}

absl::Time RecordedPace::OfPod(const kube::Object& pod, PodEvent event, absl::Time due) const {
  const auto it = pods_.find(pod.uid());
  if (it == pods_.end()) return due;
  const absl::Time seen = event == PodEvent::kRuns   ? it->second.runs
                          : event == PodEvent::kEnds ? it->second.ends
                                                     : it->second.goes;
  // One that was on its way when the recording ended goes on; one that never ran does not.
  if (seen == absl::InfiniteFuture() && event != PodEvent::kRuns) return due;
  return event == PodEvent::kEnds ? seen : std::max(seen, due);
}

absl::Time RecordedPace::Collects(const kube::Object& object, absl::Time due) const {
  const auto it = collected_.find(object.uid());
  return it == collected_.end() ? due : std::max(it->second, due);
}

}  // namespace muster::conformance
