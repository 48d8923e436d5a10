// Beyond Kueue: a queue label that is on the job has to be on its pod templates.
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "api/field_errors.h"
#include "api/job_kinds.h"
#include "api/vocabulary.h"
#include "webhook/jobs/job_handlers.h"
#include "webhook/patch/json_access.h"

namespace muster::webhook {

using api::FieldErrors;
using api::JsonPath;
using api::Quoted;
using nlohmann::json;

void CheckQueueLabelOnTemplates(const api::JobKind& kind, const json& job, FieldErrors& errors) {
  const std::string& queue = ValueOrEmpty(Label(job, api::kQueueNameLabel));
  if (queue.empty()) return;
  const JsonPath root;
  for (const api::PodSetView& set : api::PodSetsOf(kind, job)) {
    // A pod is its own template.
    if (set.pod_template == nullptr || set.pod_template == &job) continue;
    if (!ValueOrEmpty(Label(*set.pod_template, api::kQueueNameLabel)).empty()) continue;
    const std::string at = set.rule == nullptr ? absl::StrCat("pod set ", set.name) : set.TemplatePath();
    const JsonPath path = root.Field(at);
    const JsonPath metadata = path.Field("metadata");
    const JsonPath labels = metadata.Field("labels");
    errors.Required(labels.Key(api::kQueueNameLabel),
                    absl::StrCat("the pods of ", Quoted(set.name), " would be refused and the job would hold quota ",
                                 "without ever running; add the label ", api::kQueueNameLabel, ": ", queue,
                                 " to this pod template as well as to the ", kind.kind));
  }
}

}  // namespace muster::webhook
