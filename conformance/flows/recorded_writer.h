// The recorded manager as a subject: it writes what was written, when it was. What comes of it shows how far the simulated
// cluster can be trusted.
#ifndef MUSTER_CONFORMANCE_FLOWS_RECORDED_WRITER_H_
#define MUSTER_CONFORMANCE_FLOWS_RECORDED_WRITER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "conformance/flows/recording.h"
#include "conformance/flows/subject.h"

namespace muster::conformance {

class RecordedWriter : public Subject {
 public:
  // REQUIRES: `recording` outlives the writer.
  explicit RecordedWriter(const Recording* recording) : recording_(*recording) {}

  void Observe(absl::Span<const kube::WatchEvent>, absl::Time) override {}
  void Run(absl::Time now, const Write& write) override;
  absl::Time NextTime() const override;

  // Writes that succeeded when they were recorded, and did not now.
  const std::vector<std::string>& refusals() const { return refusals_; }

 private:
  const Recording& recording_;
  size_t next_ = 0;
  std::vector<std::string> refusals_;
};

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_RECORDED_WRITER_H_
