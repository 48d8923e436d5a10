// A Kubernetes API server and its store, in memory and on whatever clock the caller has.
//
// It answers as the real one does where a manager of jobs relies on it: versions, generations, the status subresource,
// patches, server-side apply and who owns which field, defaults, finalizers and graceful deletion, and the log of
// changes that watches are made of. What it leaves out: pruning and schemas (wrong fields are kept), access control,
// conversion of versions, and the rules that nothing here runs into (rules.h has those that are held).
//
//   ApiServer server;
//   Response response = server.Handle(request, {"kueue"}, now);
//   while (cursor < server.changes().size()) Use(server.changes()[cursor++]);
#ifndef MUSTER_KUBE_TESTING_API_SERVER_H_
#define MUSTER_KUBE_TESTING_API_SERVER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kube/object.h"
#include "kube/request.h"
#include "kube/testing/admission.h"
#include "kube/testing/identities.h"
#include "kube/testing/managed_fields.h"
#include "kube/watch_event.h"

namespace muster::kube::testing {

// Who asks. The name is the field manager of requests that name none.
struct Client {
  std::string name = "unknown";
};

// Deterministic: the same requests give the same answers and the same log. Thread-compatible.
class ApiServer {
 public:
  // `identities` outlives the server; nullptr = the server counts.
  explicit ApiServer(Identities* identities = nullptr);
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  // Who reviews writes, besides the server itself; nullptr = nobody. Outlives the server.
  void set_admission(Admission* admission) { admission_ = admission; }

  // Answers a request. Besides the verbs of Request: a kCreate of subresource "binding" binds a Pod to the node that
  // body.target.name names. O(size of the object), and O(objects of the type) for none but lists.
  Response Handle(const Request& request, const Client& who, absl::Time now);

  // Everything that changed, in order; resourceVersions rise along it.
  const std::vector<WatchEvent>& changes() const { return changes_; }

  // Also for controllers that make up names of their own.
  Identities& identities() { return *identities_; }

  // nullptr when there is none.
  ObjectPtr Find(const ObjectKey& key) const;
  // By namespace and name; "" = of all namespaces.
  std::vector<ObjectPtr> List(const ResourceType& type, absl::string_view ns = "") const;
  const std::map<ObjectKey, ObjectPtr>& objects() const { return objects_; }

 private:
  // A write that is on its way.
  struct Write {
    ObjectKey key;
    std::string subresource;
    FieldWriter writer;
    absl::Time now;
    bool dry_run = false;
    // By server-side apply: who owns what was settled with it.
    std::optional<ManagedFields> owners;
  };
  Response Create(const Request& request, Write write);
  Response Bind(const Request& request, const Write& write);
  Response Change(const Request& request, Write write);
  Response Delete(const Request& request, const Write& write);
  Response Commit(Write write, const ObjectPtr& old, nlohmann::json fresh);
  Response CommitNew(Write write, nlohmann::json fresh);
  std::optional<Response> Conditions(const Request& request, const ObjectPtr& live) const;
  ObjectPtr Put(WatchEvent::Type type, nlohmann::json object);
  void Remove(const ObjectKey& key, nlohmann::json last);
  std::string NextVersion() { return std::to_string(++version_); }

  Identities counting_;
  Identities* const identities_;
  Admission* admission_ = nullptr;
  std::map<ObjectKey, ObjectPtr> objects_;
  std::vector<WatchEvent> changes_;
  int64_t version_ = 1000;
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_API_SERVER_H_
