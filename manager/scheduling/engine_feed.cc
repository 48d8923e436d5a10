#include "manager/scheduling/engine_feed.h"

#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "manager/names.h"

namespace muster::manager {
namespace {

std::string KeyOf(const kube::Object& object) { return absl::StrCat(object.ns(), "/", object.name()); }

// Tells the engine of any object that it may be told of; nothing happens for others.
struct Teller {
  scheduler::Engine& engine;
  absl::Time now;

  template <class T>
  void operator()(const T& object) const {
    if constexpr (requires { engine.Apply(object, now); }) engine.Apply(object, now);
  }
  // Workloads go another way.
  void operator()(const api::Workload&) const {}
};

struct GoneKind {
  const char* group;
  const char* kind;
  void (*forget)(scheduler::Engine& engine, const kube::Object& object, absl::Time now);
};

constexpr char kKueue[] = "kueue.x-k8s.io";
const GoneKind kGone[] = {
    {kKueue, "ResourceFlavor",
     [](auto& engine, const auto& o, auto now) { engine.DeleteResourceFlavor(o.name(), now); }},
    {kKueue, "Cohort", [](auto& engine, const auto& o, auto) { engine.DeleteCohort(o.name()); }},
    {kKueue, "ClusterQueue", [](auto& engine, const auto& o, auto) { engine.DeleteClusterQueue(o.name()); }},
    {kKueue, "LocalQueue",
     [](auto& engine, const auto& o, auto now) { engine.DeleteLocalQueue(o.ns(), o.name(), now); }},
    {kKueue, "AdmissionCheck",
     [](auto& engine, const auto& o, auto now) { engine.DeleteAdmissionCheck(o.name(), now); }},
    {kKueue, "Topology", [](auto& engine, const auto& o, auto) { engine.DeleteTopology(o.name()); }},
    {"", "Namespace", [](auto& engine, const auto& o, auto) { engine.DeleteNamespace(o.name()); }},
    {"", "LimitRange", [](auto& engine, const auto& o, auto) { engine.DeleteLimitRange(o.ns(), o.name()); }},
    {"node.k8s.io", "RuntimeClass", [](auto& engine, const auto& o, auto) { engine.DeleteRuntimeClass(o.name()); }},
    {"", "Node", [](auto& engine, const auto& o, auto now) { engine.DeleteNode(o.name(), now); }},
    {"", "Pod", [](auto& engine, const auto& o, auto now) { engine.DeletePod(o.ns(), o.name(), now); }},
};

const GoneKind* FindGone(const kube::ResourceType& type) {
  for (const GoneKind& kind : kGone) {
    if (type.group == kind.group && type.kind == kind.kind) return &kind;
  }
  return nullptr;
}

}  // namespace

absl::Status EngineFeed::Changed(const kube::ObjectPtr& object, absl::Time now) {
  if (&object->type() == &WorkloadType()) return WorkloadChanged(object, now);
  if (FindGone(object->type()) == nullptr) return absl::OkStatus();
  absl::StatusOr<api::Object> read = api::DecodeObject(object->value());
  if (!read.ok()) return read.status();
  std::visit(Teller{engine_, now}, *read);
  return absl::OkStatus();
}

void EngineFeed::Gone(const kube::Object& object, absl::Time now) {
  if (&object.type() == &WorkloadType()) {
    const std::string key = KeyOf(object);
    assumed_.erase(key);
    const std::optional<scheduler::WorkloadId> id = Find(object.ns(), object.name());
    if (id.has_value()) engine_.DeleteWorkload(*id, now);
    return;
  }
  if (const GoneKind* kind = FindGone(object.type()); kind != nullptr) kind->forget(engine_, object, now);
}

absl::Status EngineFeed::WorkloadChanged(const kube::ObjectPtr& object, absl::Time now) {
  absl::StatusOr<std::shared_ptr<const api::Workload>> typed = world_.Typed(object);
  if (!typed.ok()) return typed.status();
  const std::string key = KeyOf(*object);
  if (assumed_.contains(key)) {
    const api::WorkloadStatus& status = (*typed)->status;
    const bool reserved = api::IsConditionTrue(status.conditions, kQuotaReserved) && status.admission.has_value();
    const bool waits =
        !reserved && !api::IsConditionTrue(status.conditions, kFinished) && (*typed)->spec.active.value_or(true);
    // Another object under the same name was never admitted.
    const std::optional<scheduler::WorkloadId> id = Find(object->ns(), object->name());
    if (waits && id.has_value() && assumed_[key] == object->uid()) return absl::OkStatus();
    assumed_.erase(key);
  }
  engine_.Apply(**typed, now);
  return absl::OkStatus();
}

absl::Status EngineFeed::Retell(const std::string& key, absl::Time now) {
  assumed_.erase(key);
  const size_t slash = key.find('/');
  const kube::ObjectPtr object = world_.Workload(key.substr(0, slash), key.substr(slash + 1));
  return object == nullptr ? absl::OkStatus() : WorkloadChanged(object, now);
}

}  // namespace muster::manager
