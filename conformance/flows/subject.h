// Whoever manages jobs in a flow that is replayed: what the flow is compared with.
#ifndef MUSTER_CONFORMANCE_FLOWS_SUBJECT_H_
#define MUSTER_CONFORMANCE_FLOWS_SUBJECT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "conformance/flows/write_pace.h"
#include "kube/request.h"
#include "kube/watch_event.h"

namespace muster::conformance {

class Subject {
 public:
  // Sends a write and gives the answer. Events of Kubernetes are writes, too.
  using Write = std::function<kube::Response(const kube::Request&)>;

  virtual ~Subject() = default;

  // What the API server told since the last call, in order, starting with all there is.
  virtual void Observe(absl::Span<const kube::WatchEvent> events, absl::Time now) = 0;
  // Does what is due. Called at every instant until nothing is written any more; what one call writes is observed before
  // the next.
  virtual void Run(absl::Time now, const Write& write) = 0;
  // When something is due if nothing is observed before; InfinitePast: right away.
  virtual absl::Time NextTime() const = 0;
};

// A subject that is configured by a file (Kueue's Configuration), and sends each write when `pace` says; nullptr = at once.
// `pace` outlives the subject.
using SubjectFactory =
    std::function<absl::StatusOr<std::unique_ptr<Subject>>(const std::string& configuration, WritePace* pace)>;

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_SUBJECT_H_
