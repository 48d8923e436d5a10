// A server on loopback that answers as a test says, byte for byte. Test-only.
#ifndef MUSTER_KUBE_CLIENT_SCRIPTED_SERVER_H_
#define MUSTER_KUBE_CLIENT_SCRIPTED_SERVER_H_

#include <atomic>
#include <functional>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "kube/client/kubeconfig.h"

namespace muster::kube {

// Without TLS. Thread-safe.
class ScriptedServer {
 public:
  struct Reaction {
    std::string bytes;   // sent as they are
    bool close = false;  // then the connection ends
  };
  // Called with every request, head and body; `connection` and `number` count from 0, the latter on its connection.
  // Several may be called at a time.
  using Script = std::function<Reaction(int connection, int number, const std::string& request)>;

  explicit ScriptedServer(Script script);
  ~ScriptedServer();

  ApiEndpoint endpoint() const;
  // All requests so far, in the order in which they came.
  std::vector<std::string> requests() const;

  // An answer with a length: "HTTP/1.1 200 OK…".
  static std::string Answer(int status, absl::string_view body, absl::string_view headers = "");

 private:
  void Accept();
  void Serve(int fd, int connection);

  const Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable absl::Mutex mutex_;
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  std::list<std::thread> connections_;  // the accepting thread's own
  std::thread accepting_;
};

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_SCRIPTED_SERVER_H_
