// What answers depend on besides the request: the objects of the cluster that Kueue's webhooks look at.
#ifndef MUSTER_WEBHOOK_STATE_CLUSTER_STATE_H_
#define MUSTER_WEBHOOK_STATE_CLUSTER_STATE_H_

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "api/meta.h"
#include "kube/api_error.h"

namespace muster::webhook {

// Names an object that a request refers to.
struct ObjectRef {
  absl::string_view group;
  absl::string_view version;
  absl::string_view kind;
  absl::string_view ns;  // "" for a cluster-scoped object
  absl::string_view name;
};

// The kinds whose objects are kept in memory; everything else is looked up.
enum class FollowedKind {
  kNamespace,
  kLocalQueue,
  kClusterQueue,
  kAdmissionCheck,
  kWorkloadPriorityClass,
  kTrainingRuntime,
  kClusterTrainingRuntime,
};
inline constexpr int kFollowedKinds = 7;

// What the API server answered instead of an object.
using kube::ApiError;
using kube::ApiErrorOf;
using kube::SetApiError;

// Thread-safe. All but Lookup answer from memory at once.
class ClusterState {
 public:
  virtual ~ClusterState() = default;

  // Whether the objects of a kind were read, all of them, at least once. Until then what is said below of objects of
  // the kind means nothing: no answer may be made of it.
  virtual bool Knows(FollowedKind kind) const = 0;

  // The labels of a namespace, or nullptr when there is no such namespace.
  virtual std::shared_ptr<const api::StringMap> NamespaceLabels(absl::string_view ns) const = 0;
  virtual bool HasLocalQueue(absl::string_view ns, absl::string_view name) const = 0;
  virtual bool HasWorkloadPriorityClass(absl::string_view name) const = 0;
  // Whether the ClusterQueue of the LocalQueue has an admission check of the MultiKueue controller.
  virtual bool UsesMultiKueue(absl::string_view ns, absl::string_view local_queue) const = 0;
  // A TrainingRuntime (with `ns`) or ClusterTrainingRuntime (without), or nullptr.
  virtual std::shared_ptr<const nlohmann::json> TrainingRuntime(absl::string_view ns, absl::string_view name) const = 0;

  // Any other object: owners of jobs and pods, Workloads. May ask the API server, with its own time limit. Of the
  // object only metadata need be there for owners; Workloads are complete. Errors: NotFound when the object does not
  // exist, else what went wrong (PermissionDenied, DeadlineExceeded, Unavailable), with the ApiError if there was one.
  virtual absl::StatusOr<std::shared_ptr<const nlohmann::json>> Lookup(const ObjectRef& ref) const = 0;
};

// Keeps objects in memory; the common part of the state read from files and of the one that follows an API server.
// Thread-safe.
class CachedClusterState : public ClusterState {
 public:
  // Adds or replaces an object by its apiVersion, kind, namespace and name. Older versions of Kueue's kinds are fine.
  // Errors: InvalidArgument for what is no object. O(size).
  absl::Status Upsert(nlohmann::json object);
  // Forgets an object; unknown ones are ignored.
  void Remove(const ObjectRef& ref);
  // Forgets all objects of a kind that are not in `objects`, and adds these: the result of a new list. Errors: those of
  // Upsert, and for objects of another kind; what is fine is kept.
  absl::Status ReplaceKind(absl::string_view group, absl::string_view kind, std::vector<nlohmann::json> objects);

  size_t size() const;

  // What was added is all there is.
  bool Knows(FollowedKind) const override { return true; }
  std::shared_ptr<const api::StringMap> NamespaceLabels(absl::string_view ns) const override;
  bool HasLocalQueue(absl::string_view ns, absl::string_view name) const override;
  bool HasWorkloadPriorityClass(absl::string_view name) const override;
  bool UsesMultiKueue(absl::string_view ns, absl::string_view local_queue) const override;
  std::shared_ptr<const nlohmann::json> TrainingRuntime(absl::string_view ns, absl::string_view name) const override;
  // From memory alone: NotFound for what was never added.
  absl::StatusOr<std::shared_ptr<const nlohmann::json>> Lookup(const ObjectRef& ref) const override;

 private:
  struct Entry {
    std::shared_ptr<const nlohmann::json> object;
    std::shared_ptr<const api::StringMap> labels;  // of a Namespace
  };
  using Objects = absl::flat_hash_map<std::string, Entry>;  // by "namespace/name"
  const Entry* EntryOf(absl::string_view group, absl::string_view kind, absl::string_view ns,
                       absl::string_view name) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  std::shared_ptr<const nlohmann::json> Find(absl::string_view group, absl::string_view kind, absl::string_view ns,
                                             absl::string_view name) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool IsMultiKueueCheck(absl::string_view name) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, Objects> kinds_ ABSL_GUARDED_BY(mutex_);  // by "group/kind"
};

// The objects of files and folders of manifests (as `--state` names them). Errors: InvalidArgument with one line per
// problem. Objects of kinds Muster does not know are kept: they may be owners.
absl::StatusOr<std::unique_ptr<CachedClusterState>> LoadClusterState(const std::vector<std::string>& paths);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_STATE_CLUSTER_STATE_H_
