// The rules that a job must keep, whatever its kind.
//
// Source of the rules: Kueue's jobframework (validation.go).
#ifndef MUSTER_WEBHOOK_JOBS_JOB_VALIDATION_H_
#define MUSTER_WEBHOOK_JOBS_JOB_VALIDATION_H_

#include <nlohmann/json_fwd.hpp>

#include "api/json_path.h"
#include "webhook/admission/handler.h"

namespace muster::webhook {

// The paths metadata.labels[key] and metadata.annotations[key].
class MetadataPath {
 public:
  MetadataPath(absl::string_view map, absl::string_view key)
      : metadata_(root_.Field("metadata")), map_(metadata_.Field(map)), path_(map_.Key(key)) {}
  MetadataPath(const MetadataPath&) = delete;
  MetadataPath& operator=(const MetadataPath&) = delete;
  operator const api::JsonPath&() const { return path_; }  // NOLINT: a path it is

 private:
  api::JsonPath root_;
  api::JsonPath metadata_;
  api::JsonPath map_;
  api::JsonPath path_;
};

// Whether the job is held back, by the field of its kind.
bool IsSuspended(const api::JobKind& kind, const nlohmann::json& job);

// A name that an annotation or, in older versions, a label gives.
struct Identifier {
  const std::string* name = nullptr;  // nullptr: none
  const char* map = "labels";         // where it is, or would be
};
// The annotation, if it is not empty and the gate WorkloadIdentifierAnnotations is on, else the label.
Identifier NamedBy(const Env& env, const nlohmann::json& object, absl::string_view key);
// The Workload that a job says it has.
Identifier PrebuiltWorkload(const Env& env, const nlohmann::json& job);

// The name must be that of an object.
void CheckName(const api::JsonPath& path, const std::string& name, api::FieldErrors& errors);
// The label, if there is one, must be the name of an object.
void CheckNameLabel(const nlohmann::json& object, absl::string_view label, api::FieldErrors& errors);

// The rules of a new job: queue, prebuilt workload, execution time, elasticity, admission gates.
void CheckNewJob(const Env& env, const api::JobKind& kind, const nlohmann::json& job, api::FieldErrors& errors);

// Of these: that the kind can be elastic if it says so, and the form of its admission gates.
void CheckElasticity(const Env& env, const api::JobKind& kind, const nlohmann::json& job, api::FieldErrors& errors);
void CheckGates(const Env& env, const nlohmann::json& job, api::FieldErrors& errors);
// Admission gates go and do not come.
void CheckGateChange(const Env& env, const nlohmann::json& job, const nlohmann::json& old, api::FieldErrors& errors);

// The rules of a change, on top of (not including) those of CheckNewJob. `suspended` and `was_suspended`: whether the
// job is, and was, held back.
void CheckChangedJob(const Env& env, const api::JobKind& kind, const nlohmann::json& job, const nlohmann::json& old,
                     bool suspended, bool was_suspended, api::FieldErrors& errors);

// WorkloadPriorityClasses come and go only while nothing runs.
void CheckPriorityClassChange(const nlohmann::json& job, const nlohmann::json& old, bool suspended,
                              api::FieldErrors& errors);

// metadata.labels[queue-name] must be what it was.
void CheckSameQueue(const nlohmann::json& job, const nlohmann::json& old, api::FieldErrors& errors);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_JOBS_JOB_VALIDATION_H_
