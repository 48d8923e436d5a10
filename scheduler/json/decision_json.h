// A Decision as JSON, for logs and programs. All of it is in the decision. Stable: fields may be added.
//
//   {"outcome": "preempting", "workload": "ns/name", "uid": "...", "queue": "cq", "path": "/cohort/cq",
//    "retry": "not now" | "never",                      pending and refused only
//    "mode": "Preempt", "status": "", "requeue": "PendingPreemption", "reason": "WaitingForPreemptedWorkloads",
//    "message": "...",                                  Kueue's sentence; not if admitted
//    "borrowing": 1,                                    height of the subtree that lends; only if it borrows
//    "pod_sets": [{"name": "main", "count": 2, "flavors": {"cpu": "default"},
//                  "reasons": [{"code": "InsufficientUnusedQuota", "flavor": "default", "resource": "cpu",
//                               "missing": 2000}],       amounts in base units, cpu in milli
//                  "attempts": [{"flavor": "spot", "mode": "Preempt", "preemption": "NoCandidates", "borrow": 1,
//                                "reasons": [...]}],     of one that fits: flavors that do not, or only by borrowing
//                  "domains": [{"values": ["rack1", "host1"], "count": 2}]}],
//    "targets": [{"workload": "ns/victim", "queue": "cq2", "reason": "InCohortReclamation", "newly": true}],
//    "migrates": "ns/sibling", "replaces": "ns/slice"}   only if there is one
//
// Bytes that are no UTF-8 are replaced when the JSON is printed with a replacing error handler. Thread-safety: any
// thread.
#ifndef MUSTER_SCHEDULER_JSON_DECISION_JSON_H_
#define MUSTER_SCHEDULER_JSON_DECISION_JSON_H_

#include <nlohmann/json.hpp>

#include "scheduler/decision.h"

namespace muster::scheduler {

nlohmann::ordered_json ToJson(const Decision& decision);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_JSON_DECISION_JSON_H_
