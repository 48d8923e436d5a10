#include "manager/jobs/ancestors.h"

#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/job_kinds.h"
#include "api/vocabulary.h"
#include "manager/jobs/labels.h"

namespace muster::manager {
namespace {

constexpr size_t kMostOwners = 10;

bool IsExternal(const World& world, const kube::Owner& owner) {
  const absl::string_view group = kube::GroupOf(owner.api_version);
  const absl::string_view version = group.empty() ? absl::string_view(owner.api_version)
                                                  : absl::string_view(owner.api_version).substr(group.size() + 1);
  return world.options.webhook.external_frameworks.count(absl::StrCat(owner.kind, ".", version, ".", group)) > 0;
}

const api::JobKind* KindOf(const kube::Owner& owner) {
  const api::JobKind* kind = api::FindJobKind(kube::GroupOf(owner.api_version), owner.kind);
  if (kind == nullptr) return nullptr;
  const std::string own =
      kind->group.empty() ? std::string(kind->version) : absl::StrCat(kind->group, "/", kind->version);
  return own == owner.api_version ? kind : nullptr;
}

bool IsManaged(const World& world, const kube::Owner& owner) {
  const api::JobKind* kind = KindOf(owner);
  return (kind != nullptr && world.options.Manages(kind->framework)) || IsExternal(world, owner);
}

// Whether there may be a managed job above an owner of this kind. Kueue's kinds lead on whether they are enabled or not.
bool LeadsOn(const World& world, const kube::Owner& owner) {
  const api::JobKind* kind = KindOf(owner);
  return (kind != nullptr && !kind->Has(api::kBeyondKueue)) || IsManaged(world, owner) ||
         (owner.api_version == "apps/v1" && owner.kind == "ReplicaSet");
}

}  // namespace

absl::StatusOr<kube::ObjectPtr> FindManagedAncestor(const World& world, const kube::ObjectPtr& object) {
  kube::ObjectPtr top;
  std::set<std::string> seen;
  kube::ObjectPtr current = object;
  while (true) {
    if (!seen.insert(current->uid()).second) {
      return absl::FailedPreconditionError(absl::StrCat(object->key().Text(), ": cyclic ownership"));
    }
    const std::optional<kube::Owner> owner = ControllerOf(*current);
    if (!owner.has_value() || !LeadsOn(world, *owner)) return top;
    const kube::ResourceType* type = kube::FindByApiVersion(owner->api_version, owner->kind);
    const kube::ObjectPtr parent = type == nullptr ? nullptr : world.objects.Find(*type, object->ns(), owner->name);
    if (parent == nullptr) {
      return absl::NotFoundError(absl::StrCat(object->key().Text(), ": workload owner not found: ", owner->kind, " ",
                                              object->ns(), "/", owner->name));
    }
    // Another object of that name, made after the owner was deleted, is not the owner.
    if (parent->uid() != owner->uid) return top;
    if (IsManaged(world, *owner) &&
        (world.options.webhook.manage_jobs_without_queue_name || !QueueName(*parent).empty())) {
      top = parent;
    }
    current = parent;
    if (seen.size() > kMostOwners) {
      return absl::OutOfRangeError(absl::StrCat(object->key().Text(), ": more than ", kMostOwners, " owners"));
    }
  }
}

bool IsNamespaceManaged(const World& world, absl::string_view ns) {
  const kube::ObjectPtr object = world.objects.Find(NamespaceType(), "", ns);
  if (object == nullptr) return false;
  api::StringMap labels;
  if (const nlohmann::json* all = object->At("/metadata/labels"); all != nullptr && all->is_object()) {
    for (const auto& [key, value] : all->items()) {
      if (value.is_string()) labels[key] = value.get<std::string>();
    }
  }
  return api::Matches(world.options.webhook.managed_jobs_namespace_selector, labels);
}

absl::StatusOr<bool> ShouldBeManaged(const World& world, const kube::ObjectPtr& object) {
  const absl::StatusOr<kube::ObjectPtr> ancestor = FindManagedAncestor(world, object);
  if (!ancestor.ok()) return ancestor.status();
  if (*ancestor != nullptr) return false;
  if (!QueueName(*object).empty()) return true;
  return world.options.webhook.manage_jobs_without_queue_name && IsNamespaceManaged(world, object->ns());
}

}  // namespace muster::manager
