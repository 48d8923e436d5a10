// Kubernetes objects from the short form that testdata/histories is written in (README.md there).
#ifndef MUSTER_CONFORMANCE_SHORT_OBJECTS_H_
#define MUSTER_CONFORMANCE_SHORT_OBJECTS_H_

#include <initializer_list>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "conformance/case.h"

namespace muster::conformance {

// Keeps the first complaint, so that a mistake anywhere in a file is an error and never a rule that goes untested.
class Complaints {
 public:
  void Add(absl::string_view where, absl::string_view what);
  // Complains unless `value` is a map with no other keys than `allowed`.
  void CheckKeys(const Json& value, absl::string_view where, std::initializer_list<absl::string_view> allowed);
  const std::string& first() const { return first_; }

 private:
  std::string first_;
};

// Each takes a name and what the file says under it, and returns the object as the API server would hold it.
Json NamespaceObject(const std::string& name, const Json& labels);
Json TopologyObject(const std::string& name, const Json& levels);
Json NodeObject(const std::string& name, const Json& node, Complaints& complaints);
Json FlavorObject(const std::string& name, const Json& flavor, Complaints& complaints);
Json CohortObject(const std::string& name, const Json& cohort, Complaints& complaints);
Json ClusterQueueObject(const std::string& name, const Json& queue, Complaints& complaints);
Json LocalQueueObject(const std::string& ns, const std::string& name, const std::string& queue);
// One entry of a workload's `pods`.
Json PodSetObject(const Json& pods, Complaints& complaints);

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_SHORT_OBJECTS_H_
