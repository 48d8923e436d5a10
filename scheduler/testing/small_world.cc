#include "scheduler/testing/small_world.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::scheduler::small {
namespace {

const char* PolicyName(Policy policy) {
  constexpr const char* kNames[] = {"Never", "LowerPriority", "LowerOrNewerEqualPriority", "Any"};
  return kNames[static_cast<int>(policy)];
}

}  // namespace

std::string ResourceName(int resource) { return resource == 0 ? "nvidia.com/gpu" : "example.com/nic"; }
std::string FlavorNameOf(int flavor) { return absl::StrCat("f", flavor); }

std::string ToString(const Job& j, const World& world) {
  std::string text = absl::StrCat("job ", j.name, " of ", world.nodes[j.queue].name, " asks");
  for (const Pods& p : j.pods) {
    absl::StrAppend(&text, " ", p.name, " ", p.count, " x ", absl::StrJoin(p.request, "/"));
    if (p.least >= 0) absl::StrAppend(&text, " (at least ", p.least, ")");
  }
  absl::StrAppend(&text, " priority ", j.priority, " created ", j.created);
  if (j.holds()) absl::StrAppend(&text, " holds ", absl::StrJoin(j.held, "/"), " since ", j.reserved);
  if (j.evicted) absl::StrAppend(&text, " evicted");
  return text;
}

std::string ToString(const World& world) {
  std::string text = absl::StrCat(world.flavors, " flavors, ", world.resources, " resources");
  if (world.fair) {
    absl::StrAppend(&text, ", fair sharing:");
    for (const bool final_share : world.final_share) absl::StrAppend(&text, final_share ? " final" : " initial");
  }
  for (const Node& n : world.nodes) {
    absl::StrAppend(&text, "\n", n.cohort ? "cohort " : "queue ", n.name);
    if (n.parent >= 0) absl::StrAppend(&text, " in ", world.nodes[n.parent].name);
    absl::StrAppend(&text, " weight ", n.weight, " quota");
    for (const Quota& q : n.quota) {
      absl::StrAppend(&text, " ", q.nominal);
      if (q.borrow) absl::StrAppend(&text, " borrow<=", *q.borrow);
      if (q.lend) absl::StrAppend(&text, " lend<=", *q.lend);
    }
    if (n.cohort) continue;
    absl::StrAppend(&text, "; within ", PolicyName(n.within), " reclaim ", PolicyName(n.reclaim));
    if (n.borrow_within) absl::StrAppend(&text, " borrowWithin");
    if (n.threshold) absl::StrAppend(&text, " threshold ", *n.threshold);
    if (n.borrow_next) absl::StrAppend(&text, " whenCanBorrow=Next");
    if (n.preempt_stop) absl::StrAppend(&text, " whenCanPreempt=Stop");
    if (n.prefer_preempt) absl::StrAppend(&text, " PreemptionOverBorrowing");
    if (n.strict) absl::StrAppend(&text, " StrictFIFO");
    if (n.stopped) absl::StrAppend(&text, " stopped");
  }
  for (const Job& j : world.jobs) absl::StrAppend(&text, "\n", ToString(j, world));
  return text;
}

std::string ToString(const Verdict& v) {
  return absl::StrCat(v.job, ": ", std::string(ToString(v.mode)), " ", std::string(ToString(v.status)), " ",
                      std::string(ToString(v.reason)), " borrowing ", v.borrowing, " ", absl::StrJoin(v.counts, "+"),
                      " [", absl::StrJoin(v.flavors, " "), "] <", absl::StrJoin(v.targets, ", "), ">");
}

std::string ToString(const Outcome& outcome) {
  std::string text;
  for (const Verdict& v : outcome.verdicts) absl::StrAppend(&text, ToString(v), "\n");
  return absl::StrCat(text, "usage ", absl::StrJoin(outcome.usage, " "));
}

}  // namespace muster::scheduler::small
