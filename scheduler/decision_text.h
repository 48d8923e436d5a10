// Decisions in words. All of it is in the decision: no engine is asked, and the words stay the same.
// Source of the sentences: Kueue, pkg/scheduler and pkg/scheduler/preemption. Thread-safety: any thread.
#ifndef MUSTER_SCHEDULER_DECISION_TEXT_H_
#define MUSTER_SCHEDULER_DECISION_TEXT_H_

#include <string>

#include "scheduler/decision.h"

namespace muster::scheduler {

// The message that Kueue would put into the Workload's QuotaReserved condition.
std::string Message(const Decision& decision);
// The flavors that were looked at before an admission and do not fit, or fit only by borrowing, as Kueue's event
// QuotaReserved lists them: "main: a(Fit;borrow=1), b(NoFit;flavor b not found) | workers: ..."; "" for none.
std::string FlavorsConsidered(const Decision& decision);
// The message of the conditions Evicted and Preempted of one of the decision's victims: for whom it goes, by which
// rule, and where both stood in the cohort tree.
std::string PreemptionMessage(const Decision& decision, const PreemptionTarget& target);
// The message of condition Evicted of the variant that the decision migrates away from.
std::string MigrationMessage(const Decision& decision);
// The message of condition Finished of the slice that the decision replaces.
std::string ReplacementMessage(const Decision& decision);

// One line for logs, Muster's own: "admitted ns/w in cq: main x2 cpu=default", "pending ns/w in cq, never: couldn't
// ...", "preempting ns/w in cq (ns/v): ...".
std::string Describe(const Decision& decision);

}  // namespace muster::scheduler

#endif  // MUSTER_SCHEDULER_DECISION_TEXT_H_
