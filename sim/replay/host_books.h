// What the pods of runs take of hosts, held against what the hosts have.
#ifndef MUSTER_SIM_REPLAY_HOST_BOOKS_H_
#define MUSTER_SIM_REPLAY_HOST_BOOKS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "api/core.h"
#include "api/kueue.h"

namespace muster::sim {

// Pods of one shape in one lowest-level domain of a topology: a host, or a group of nodes where the Topology ends above
// the host name.
struct PlacedPods {
  std::string domain;  // DomainName
  int32_t pods = 0;
  api::ResourceList requests;  // per pod
};

// The host name, or all values joined by ",".
std::string DomainName(const std::vector<std::string>& levels, const std::vector<std::string>& values);

// Thread-safety: compatible.
class HostBooks {
 public:
  // All nodes there are, as they are now. What is placed stays. O(nodes + domains).
  void SetNodes(const std::vector<api::Node>& nodes);
  // One of them is otherwise now. O(domains that are no hosts).
  void SetNode(const api::Node& node);

  // `levels` and `values` are those of the assignment's domain that `pods` are in.
  void Place(const std::vector<std::string>& levels, const std::vector<std::string>& values, const PlacedPods& pods);
  void Remove(const PlacedPods& pods);

  // Holds the domains touched since the last call against what they have. With `strict`, too much is an error; without
  // it is counted. Pods where no node is ready are always one. Errors: Internal. O(touched domains x resources).
  absl::Status Verify(bool strict);

  int64_t overcommitted() const { return overcommitted_; }
  const std::string& first_overcommitted() const { return first_; }

 private:
  struct Domain {
    std::vector<std::string> levels, values;  // a host: no levels, its name
    std::map<std::string, int64_t> capacity, used;
    int64_t ready_nodes = 0;
  };
  void Measure(Domain* domain) const;

  std::vector<api::Node> nodes_;
  std::map<std::string, size_t> by_name_;               // index in nodes_
  std::map<std::string, std::vector<size_t>> on_host_;  // by host name
  std::map<std::string, Domain> domains_;
  std::set<std::string> touched_;
  int64_t overcommitted_ = 0;
  std::string first_;
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_REPLAY_HOST_BOOKS_H_
