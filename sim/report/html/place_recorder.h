// Where pods are, and how much of the cluster is in one piece: nodes (or whatever the lowest level of a topology is)
// that are whole and free. Knows nothing unless the policy has topology-aware flavors and nodes.
#ifndef MUSTER_SIM_REPORT_HTML_PLACE_RECORDER_H_
#define MUSTER_SIM_REPORT_HTML_PLACE_RECORDER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "sim/metrics/level_series.h"
#include "sim/replay/observer.h"

namespace muster::sim {

// Thread-safety: compatible.
class PlaceRecorder {
 public:
  enum Kind : size_t {
    kFreePlaces,       // places without any pod
    kFreePlaceAmount,  // what these have of the main resource
    kFreeAmount,       // what is free of it on all places
    kKinds
  };
  static constexpr size_t kMaxBuckets = 800;

  void OnBegin(const ReplaySetting& setting);
  void OnStart(const RunStart& event);
  void OnStop(const RunStop& event);
  void OnInstant(int64_t now_s);
  void OnEnd(int64_t now_s);

  // The places of a job that runs; empty if it has none. Valid until the next call.
  const std::vector<int>& Of(size_t job) const;

  bool any() const { return !names_.empty(); }
  const std::vector<std::string>& names() const { return names_; }  // by place
  size_t places() const { return known_; }                          // those of the policy's nodes
  double capacity() const { return capacity_; }                     // of these
  // The label of the level that places are of; "" if flavors differ.
  const std::string& level() const { return level_; }
  const LevelSeries& series() const { return *series_; }  // after OnEnd

 private:
  struct Place {
    double amount = 0;  // of its nodes
    int64_t pods = 0;
  };
  struct Run {
    std::vector<int> places;
    std::vector<int32_t> pods;
    double amount = 0;
  };
  int PlaceOf(const std::string& name);

  std::vector<std::string> names_;
  std::vector<Place> places_;
  absl::flat_hash_map<std::string, int> by_name_;
  absl::flat_hash_map<size_t, Run> runs_;  // by job
  std::optional<LevelSeries> series_;
  std::string level_;
  size_t known_ = 0;
  double capacity_ = 0, used_ = 0, free_places_ = 0, free_place_amount_ = 0;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPORT_HTML_PLACE_RECORDER_H_
