// A Kubernetes API server that only lists, watches and gets, on loopback. Test-only.
#ifndef MUSTER_KUBE_CLIENT_FAKE_API_SERVER_H_
#define MUSTER_KUBE_CLIENT_FAKE_API_SERVER_H_

#include <httplib.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "kube/client/kubeconfig.h"
#include "webhook/tls/tls.h"

namespace muster::kube {

// Thread-safe.
class FakeApiServer {
 public:
  FakeApiServer();
  ~FakeApiServer();

  // How to reach it, with its CA and a token it takes.
  ApiEndpoint endpoint() const;

  // Collections by path ("/api/v1/namespaces"). Unknown ones are answered 404, and missing in discovery.
  void AddCollection(const std::string& path);
  void Put(const std::string& collection, const std::string& ns, const std::string& name,
           nlohmann::json object = nlohmann::json::object());
  void Delete(const std::string& collection, const std::string& ns, const std::string& name);
  // A path that is answered with a body, such as a discovery document or a single object.
  void PutPath(const std::string& path, nlohmann::json body);
  void DeletePath(const std::string& path);

  // From now on: watches from a version before now are answered 410 (as an event, or as a status); every watch that is
  // open ends; requests are answered with a status; requests take time; only this token is taken.
  void ExpireWatches(bool as_event);
  void EndWatches();
  void FailWith(int status);
  void SlowDown(absl::Duration delay);
  void TakeToken(const std::string& token);

  // Requests so far whose path starts so.
  int Requests(const std::string& prefix) const;
  std::vector<std::string> Queries(const std::string& path) const;

 private:
  struct Event {
    int version;
    std::string line;
  };
  struct Collection {
    std::map<std::string, nlohmann::json> objects;
    std::vector<Event> events;
  };
  void Handle(const httplib::Request& req, httplib::Response& res);
  void List(const httplib::Request& req, const Collection& collection, httplib::Response& res)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Watch(const httplib::Request& req, httplib::Response& res);
  // The document at a path, made of the collections there are; null when there is none.
  nlohmann::json Discovery(const std::string& path) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Record(const std::string& path, const char* type, nlohmann::json object) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  webhook::KeyPair pair_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Collection> collections_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, nlohmann::json> paths_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, std::string>> requests_ ABSL_GUARDED_BY(mutex_);  // path, query
  int version_ ABSL_GUARDED_BY(mutex_) = 100;
  int oldest_ ABSL_GUARDED_BY(mutex_) = 0;  // versions before it are expired
  bool expire_as_event_ ABSL_GUARDED_BY(mutex_) = false;
  int watch_generation_ ABSL_GUARDED_BY(mutex_) = 0;
  int fail_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Duration delay_ ABSL_GUARDED_BY(mutex_);
  std::string token_ ABSL_GUARDED_BY(mutex_) = "secret";
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::unique_ptr<httplib::SSLServer> server_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_FAKE_API_SERVER_H_
