#include "api/cross_validation.h"

#include <map>
#include <string>

#include "absl/strings/str_cat.h"

namespace muster::api {
namespace {

class CrossValidator {
 public:
  explicit CrossValidator(const std::vector<Decoded>& objects) : objects_(objects) {}

  std::vector<Problem> Run() {
    for (const Decoded& object : objects_) {
      const std::string id = ObjectId(object.object);
      current_ = &object;
      const auto [first, is_first] = by_id_.emplace(id, &object);
      if (!is_first && !Metadata(object.object).name.empty()) {
        const std::string where = ToString(first->second->source);
        Add(Severity::kError, "Duplicate", "metadata.name",
            absl::StrCat("the same object is given before", where.empty() ? "" : absl::StrCat(", in ", where)));
      }
    }
    for (const Decoded& object : objects_) {
      current_ = &object;
      std::visit([this](const auto& o) { Check(o); }, object.object);
    }
    return std::move(problems_);
  }

 private:
  template <class T>
  void Check(const T&) {}

  void Check(const LocalQueue& queue) { Refer("ClusterQueue", "", queue.cluster_queue, "spec.clusterQueue"); }

  void Check(const ResourceFlavor& flavor) { Refer("Topology", "", flavor.topology_name, "spec.topologyName"); }

  void Check(const ClusterQueue& queue) {
    for (size_t g = 0; g < queue.resource_groups.size(); ++g) {
      const std::vector<FlavorQuotas>& flavors = queue.resource_groups[g].flavors;
      for (size_t f = 0; f < flavors.size(); ++f) {
        Refer("ResourceFlavor", "", flavors[f].name,
              absl::StrCat("spec.resourceGroups[", g, "].flavors[", f, "].name"));
      }
    }
    for (size_t c = 0; c < queue.admission_checks.size(); ++c) {
      Refer("AdmissionCheck", "", queue.admission_checks[c].name,
            absl::StrCat("spec.admissionChecksStrategy.admissionChecks[", c, "].name"));
    }
  }

  void Check(const Workload& workload) {
    Refer("LocalQueue", workload.metadata.ns, workload.spec.queue_name, "spec.queueName");
    if (workload.spec.priority_class_ref.has_value()) {
      Refer(workload.spec.priority_class_ref->kind, "", workload.spec.priority_class_ref->name,
            "spec.priorityClassRef.name");
    }
  }

  void Refer(absl::string_view kind, absl::string_view ns, const std::string& name, std::string path) {
    if (name.empty() || kind.empty()) return;
    const std::string id = absl::StrCat(kind, "/", ns, ns.empty() ? "" : "/", name);
    if (by_id_.count(id) != 0) return;
    Add(Severity::kWarning, "Reference", std::move(path), absl::StrCat("there is no ", id));
  }

  void Add(Severity severity, std::string rule, std::string path, std::string message) {
    problems_.push_back({.source = current_->source,
                         .object = ObjectId(current_->object),
                         .path = std::move(path),
                         .message = std::move(message),
                         .severity = severity,
                         .rule = std::move(rule),
                         .value = ""});
  }

  const std::vector<Decoded>& objects_;
  const Decoded* current_ = nullptr;
  std::map<std::string, const Decoded*> by_id_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> CrossValidate(const std::vector<Decoded>& objects) { return CrossValidator(objects).Run(); }

}  // namespace muster::api
