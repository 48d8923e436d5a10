// The simulated API server behind sockets, on the clock of the machine: what speaks HTTP to a cluster can be run as it is.
//
//   HttpApiServer server({});
//   std::ofstream(path) << server.Kubeconfig();
//   server.Create(yaml);
//   …; server.Find(key)
//
// Lists with pages, watches with bookmarks, every write, status subresources and discovery. With `cluster`, the controllers
// of kube/testing run beside it. Test-only.
#ifndef MUSTER_KUBE_TESTING_HTTP_HTTP_API_SERVER_H_
#define MUSTER_KUBE_TESTING_HTTP_HTTP_API_SERVER_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "kube/client/kubeconfig.h"
#include "kube/object.h"
#include "kube/request.h"
#include "kube/testing/admission.h"
#include "kube/testing/api_server.h"
#include "kube/testing/cluster.h"
#include "kube/testing/http/access.h"

namespace muster::kube::testing {

struct HttpApiServerOptions {
  bool tls = true;
  bool cluster = true;  // with controllers and kubelets
  std::string token = "secret";
  absl::Duration bookmark_interval = absl::Seconds(1);
  // Reviews what is written; may be unset. Made with the server, which outlives it.
  std::function<std::unique_ptr<Admission>(const ApiServer*)> admission = {};
};

// Thread-safe.
class HttpApiServer {
 public:
  explicit HttpApiServer(HttpApiServerOptions options);
  ~HttpApiServer();

  // How to reach it, with its CA and a token it takes.
  ApiEndpoint endpoint() const;
  std::string Kubeconfig() const;

  // What somebody else does or sees, at once and not over HTTP. Do: a merge patch unless said otherwise.
  Response Handle(const Request& request, const std::string& who = "user");
  Response Do(absl::string_view method, absl::string_view path, nlohmann::json body = nullptr);
  // Objects from YAML, created with their status. Errors: InvalidArgument with what was refused.
  absl::Status Create(absl::string_view yaml);
  ObjectPtr Find(const ObjectKey& key) const;
  std::vector<ObjectPtr> List(const ResourceType& type, absl::string_view ns = "") const;

  // From now on: the type is not served, or is again; open watches end; what happened before now is forgotten, so that
  // watches from there are answered 410; requests over HTTP are answered with a status (0: as they should be), with
  // Retry-After if it is over 0; they take time; another token is needed; only what is allowed is done.
  void Uninstall(const ResourceType& type);
  void Install(const ResourceType& type);
  void EndWatches();
  void Expire();
  void FailWith(int status, int retry_after = 0);
  void SlowDown(absl::Duration delay);
  void TakeToken(const std::string& token);
  void Allow(std::function<bool(const Access&)> allowed);

  // What was asked for over HTTP so far, and how often, without namespaces and names.
  std::map<Access, int> asked() const;
  int64_t requests() const { return requests_; }

 private:
  struct Http;  // httplib's side
  struct Query;
  struct Snapshot {
    std::vector<ObjectPtr> objects;
    std::string version;
  };
  std::pair<int, std::string> Answer(const std::string& method, const std::string& path,
                                     const std::string& content_type, const std::string& body, const std::string& who,
                                     const Query& query);
  std::pair<int, std::string> ListPage(const Request& request, const Query& query)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string Version() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Null, or why the request is not even looked at.
  nlohmann::json Refused(const Access& access, const ResourceType& type) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunCluster();

  const HttpApiServerOptions options_;
  std::atomic<int64_t> requests_{0};
  mutable absl::Mutex mutex_;
  ApiServer server_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Cluster> cluster_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Admission> admission_ ABSL_GUARDED_BY(mutex_);
  std::set<const ResourceType*> not_installed_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Snapshot> snapshots_ ABSL_GUARDED_BY(mutex_);
  std::map<Access, int> asked_ ABSL_GUARDED_BY(mutex_);
  std::function<bool(const Access&)> allowed_ ABSL_GUARDED_BY(mutex_);
  std::string token_ ABSL_GUARDED_BY(mutex_);
  size_t oldest_ ABSL_GUARDED_BY(mutex_) = 0;   // changes before it are forgotten
  int generation_ ABSL_GUARDED_BY(mutex_) = 0;  // of watches
  int fail_ ABSL_GUARDED_BY(mutex_) = 0;
  int retry_after_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration delay_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::unique_ptr<Http> http_;
  std::thread running_;  // the cluster
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_HTTP_HTTP_API_SERVER_H_
