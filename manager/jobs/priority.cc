#include "manager/jobs/priority.h"

#include "absl/strings/str_cat.h"
#include "api/vocabulary.h"
#include "manager/jobs/patch.h"
#include "manager/jobs/read.h"
#include "manager/workload/writes.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr char kKueue[] = "kueue.x-k8s.io";
constexpr char kScheduling[] = "scheduling.k8s.io";

const kube::ResourceType& PriorityClassType() {
  static const kube::ResourceType& type = kube::TypeOf(kScheduling, "PriorityClass");
  return type;
}

Priority Of(const kube::Object& object) {
  const kube::ResourceType& type = object.type();
  return {{{"group", std::string(type.group)}, {"kind", std::string(type.kind)}, {"name", object.name()}},
          static_cast<int32_t>(object.IntAt("/value"))};
}

absl::StatusOr<Priority> Lookup(const World& world, const kube::ResourceType& type, absl::string_view name) {
  const kube::ObjectPtr object = world.objects.Find(type, "", name);
  if (object == nullptr) {
    return absl::NotFoundError(absl::StrCat(type.plural, ".", type.group, " \"", name, "\" not found"));
  }
  return Of(*object);
}

// Of several defaults the lowest.
Priority Default(const World& world) {
  kube::ObjectPtr lowest;
  for (const kube::ObjectPtr& each : world.objects.List(PriorityClassType())) {
    if (!each->BoolAt("/globalDefault")) continue;
    if (lowest == nullptr || each->IntAt("/value") < lowest->IntAt("/value")) lowest = each;
  }
  return lowest == nullptr ? Priority() : Of(*lowest);
}

std::string ClassOfPods(const std::vector<json>& pod_sets) {
  for (const json& pod_set : pod_sets) {
    if (std::string name = TextAt(pod_set, "/template/spec/priorityClassName"); !name.empty()) return name;
  }
  return "";
}

}  // namespace

absl::StatusOr<Priority> PriorityOf(const World& world, const kube::Object& owner, absl::string_view recorder,
                                    const std::vector<json>& pod_sets, const std::optional<std::string>& own_class,
                                    Plan* plan) {
  if (const absl::string_view name = owner.label(api::kPriorityClassLabel); !name.empty()) {
    absl::StatusOr<Priority> found = Lookup(world, WorkloadPriorityClassType(), name);
    if (!found.ok()) {
      plan->events.push_back(Note(owner, recorder, /*warning=*/true, "WorkloadPriorityClassNotFound",
                                  absl::StrCat("WorkloadPriorityClass \"", name, "\" not found")));
    }
    return found;
  }
  const std::string name = own_class.has_value() ? *own_class : ClassOfPods(pod_sets);
  if (name.empty()) return Default(world);
  return Lookup(world, PriorityClassType(), name);
}

bool FollowsLabel(const kube::Object& workload, bool reserved) {
  const json* ref = workload.At("/spec/priorityClassRef");
  return ref == nullptr ? !reserved : TextAt(*ref, "/group") == kKueue;
}

absl::StatusOr<std::optional<Step>> FollowPriority(const World& world, const kube::Object& owner,
                                                   absl::string_view recorder, const kube::Object& workload,
                                                   bool reserved, const std::optional<std::string>& own_class,
                                                   Plan* plan) {
  if (!FollowsLabel(workload, reserved) ||
      workload.StringAt("/spec/priorityClassRef/name") == owner.label(api::kPriorityClassLabel)) {
    return std::optional<Step>();
  }
  const json& list = ListAt(workload.value(), "/spec/podSets");
  const absl::StatusOr<Priority> wanted =
      PriorityOf(world, owner, recorder, {list.begin(), list.end()}, own_class, plan);
  if (!wanted.ok()) return wanted.status();
  json after = workload.value();
  json& spec = Member(after, "spec");
  if (wanted->class_ref.is_null()) {
    spec.erase("priorityClassRef");
  } else {
    spec["priorityClassRef"] = wanted->class_ref;
  }
  spec["priority"] = wanted->value;
  if (after == workload.value()) return std::optional<Step>();
  Step step;
  step.request = Update(workload, std::move(after));
  step.events.push_back(Note(owner, recorder, /*warning=*/false, "UpdatedWorkload",
                             absl::StrCat("Updated workload priority class: ", workload.ns(), "/", workload.name())));
  return std::optional<Step>(std::move(step));
}

}  // namespace muster::manager
