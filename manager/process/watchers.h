// Follows all types a manager needs, a thread each, and says what happens to the loop.
#ifndef MUSTER_MANAGER_PROCESS_WATCHERS_H_
#define MUSTER_MANAGER_PROCESS_WATCHERS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "kube/client/cache_figures.h"
#include "kube/client/kubeconfig.h"
#include "kube/client/object_sink.h"
#include "kube/client/reflector.h"
#include "manager/process/input_queue.h"
#include "manager/process/watched_types.h"

namespace muster::webhook {
class Log;
}  // namespace muster::webhook

namespace muster::manager {

// From construction to destruction. Thread-safe.
class Watchers {
 public:
  // `inputs` and `log` outlive this.
  Watchers(const kube::ApiEndpoint& endpoint, const std::vector<WatchedType>& types, kube::ReflectorOptions options,
           InputQueue* inputs, const webhook::Log* log);

  std::vector<kube::CacheFigures> figures() const;

 private:
  class Sink : public kube::ObjectSink {
   public:
    explicit Sink(InputQueue* inputs, const webhook::Log* log) : inputs_(*inputs), log_(*log) {}
    void Replace(const kube::ResourceType& type, std::vector<kube::ToldObject> objects, uint64_t version) override;
    absl::Status Put(const kube::ResourceType& type, kube::ToldObject object) override;
    void Remove(const kube::ResourceType& type, kube::ToldObject last) override;

   private:
    InputQueue& inputs_;
    const webhook::Log& log_;
  };

  Sink sink_;
  std::vector<std::unique_ptr<kube::Reflector>> reflectors_;  // last: they write here
};

// What is fit for a manager: whole objects, and clusters of many.
kube::ReflectorOptions ReflectorOptionsOfManager();

}  // namespace muster::manager

#endif  // MUSTER_MANAGER_PROCESS_WATCHERS_H_
