// UIDs and ends of names as a recording has them, so that whatever is made of them (names of Workloads, messages, who
// comes first among equals) is the same when the flow is replayed.
#ifndef MUSTER_CONFORMANCE_FLOWS_IDENTITIES_H_
#define MUSTER_CONFORMANCE_FLOWS_IDENTITIES_H_

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "conformance/flows/recording.h"
#include "kube/testing/identities.h"

namespace muster::conformance {

// The nth object of a name gets what the nth of that name had; one too many gets what the server would have counted.
// Thread-compatible.
class RecordedIdentities : public kube::testing::Identities {
 public:
  explicit RecordedIdentities(const Recording& recording);

  std::string Uid(const kube::ObjectKey& key) override;
  std::string Suffix(const kube::ObjectKey& key) override;

 private:
  std::map<kube::ObjectKey, std::deque<std::string>> uids_, suffixes_;
};

}  // namespace muster::conformance

#endif  // MUSTER_CONFORMANCE_FLOWS_IDENTITIES_H_
