// What is set and checked on each kind of job. A kind is added here, in api/job_kinds.cc, in the tables of Go types,
// and in router_test.cc's table.
#ifndef MUSTER_WEBHOOK_JOBS_JOB_HANDLERS_H_
#define MUSTER_WEBHOOK_JOBS_JOB_HANDLERS_H_

#include <nlohmann/json_fwd.hpp>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "webhook/admission/handler.h"

namespace muster::webhook {

struct JobHandlers {
  absl::string_view framework;
  MutateFn mutate;
  ValidateFn validate;
  bool mutates_updates = false;  // `mutate` also looks at changes, not only at what is new
};

// One per framework, in the order in which their paths are listed. Static storage.
absl::Span<const JobHandlers> AllJobHandlers();

// Beyond Kueue: a queue label on the job that a pod template lacks. HyperPod's admission policy refuses such pods
// forever, so that the job would hold its quota and never run; it is refused at once, saying what to add.
void CheckQueueLabelOnTemplates(const api::JobKind& kind, const nlohmann::json& job, api::FieldErrors& errors);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_JOBS_JOB_HANDLERS_H_
