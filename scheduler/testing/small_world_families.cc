#include "scheduler/testing/small_world_families.h"

#include <ostream>

namespace muster::scheduler::small {
namespace {

constexpr std::optional<long> kNoLimit;

Node Cohort(const char* name, int parent) {
  Node n;
  n.name = name;
  n.cohort = true;
  n.parent = parent;
  return n;
}

Node Queue(const char* name, int parent, std::vector<Quota> quota) {
  Node n;
  n.name = name;
  n.parent = parent;
  n.quota = std::move(quota);
  return n;
}

Job Holder(const char* name, int queue, std::vector<long> request, int priority, int flavor, long reserved) {
  std::vector<long> held(flavor * request.size());
  held.insert(held.end(), request.begin(), request.end());
  return {name, queue, priority, reserved, {{"main", 1, -1, std::move(request)}}, std::move(held), reserved, false};
}
Job Head(const char* name, int queue, std::vector<long> request, int priority, long created) {
  return {name, queue, priority, created, {{"main", 1, -1, std::move(request)}}, {}, 0, false};
}

std::optional<long> Limit(Digits& d, int values) {
  const int v = d.Pick(values);
  return v == 0 ? kNoLimit : std::optional<long>(v - 1);
}

// The ways to take from others.
void Reclaim(Digits& d, Node* node) {
  constexpr struct {
    Policy reclaim;
    bool borrow_within;
    int threshold;
  } kWays[] = {{Policy::kNever, false, -1}, {Policy::kLower, false, -1}, {Policy::kAny, false, -1},
               {Policy::kLower, true, -1},  {Policy::kAny, true, -1},    {Policy::kAny, true, 0}};
  const auto& way = kWays[d.Pick(6)];
  node->reclaim = way.reclaim;
  node->borrow_within = way.borrow_within;
  if (way.threshold >= 0) node->threshold = way.threshold;
}

Policy Within(Digits& d) {
  constexpr Policy kPolicies[] = {Policy::kNever, Policy::kLower, Policy::kLowerOrNewer};
  return kPolicies[d.Pick(3)];
}

// One queue alone: priorities, ages, giving back.
World Alone(Digits& d) {
  World w;
  w.nodes = {Queue("a", -1, {{d.Pick(5), {}, {}}})};
  w.nodes[0].within = Within(d);
  for (const char* name : {"h1", "h2", "h3"}) {
    w.jobs.push_back(Holder(name, 0, {1 + d.Pick(2)}, d.Pick(2), 0, 10 * static_cast<long>(w.jobs.size())));
  }
  w.jobs[2].evicted = d.Pick(2) == 1;
  w.jobs.push_back(Head("n1", 0, {1 + d.Pick(3)}, d.Pick(2), 15));
  return w;
}

// Two queues of a cohort: who borrows, who may take it back, within which limits.
World Neighbours(Digits& d) {
  World w;
  w.nodes = {Cohort("root", -1), Queue("a", 0, {{d.Pick(3), Limit(d, 3), {}}}),
             Queue("b", 0, {{d.Pick(3), {}, Limit(d, 2)}})};
  w.nodes[1].within = Within(d);
  Reclaim(d, &w.nodes[1]);
  w.jobs = {Holder("h1", 2, {1}, d.Pick(2), 0, 1), Holder("h2", 2, {1 + d.Pick(2)}, d.Pick(2), 0, 2),
            Holder("h3", 1, {d.Pick(2)}, d.Pick(2), 0, 3), Head("n1", 1, {1 + d.Pick(2)}, d.Pick(2), 0)};
  return w;
}

// Three queues, two heads that want the same room or the same victims.
World Rivals(Digits& d) {
  World w;
  w.nodes = {Cohort("root", -1), Queue("a", 0, {{d.Pick(3), {}, {}}}), Queue("b", 0, {{d.Pick(3), Limit(d, 2), {}}}),
             Queue("c", 0, {{d.Pick(3), {}, {}}})};
  Reclaim(d, &w.nodes[1]);
  Reclaim(d, &w.nodes[2]);
  w.nodes[1].within = w.nodes[2].within = Policy::kLower;
  w.jobs = {Holder("h1", 3, {1}, d.Pick(2), 0, 1), Holder("h2", 3, {1 + d.Pick(2)}, 0, 0, 2),
            Head("n1", 1, {1 + d.Pick(2)}, d.Pick(2), 5), Head("n2", 2, {1 + d.Pick(2)}, d.Pick(2), 4 + 2 * d.Pick(2))};
  return w;
}

// A cohort in a cohort: lending upwards, advantage of the hierarchy, heights.
World Hierarchy(Digits& d) {
  World w;
  w.nodes = {Cohort("root", -1), Cohort("mid", 0), Queue("a", 1, {{d.Pick(3), {}, {}}}),
             Queue("b", 1, {{d.Pick(2), {}, Limit(d, 2)}}), Queue("c", 0, {{d.Pick(3), {}, {}}})};
  w.nodes[0].quota = {{d.Pick(2), {}, {}}};
  w.nodes[1].quota = {{d.Pick(2), Limit(d, 3), Limit(d, 2)}};
  Reclaim(d, &w.nodes[2]);
  w.jobs = {Holder("h1", 3, {1}, d.Pick(2), 0, 1), Holder("h2", 4, {1 + d.Pick(2)}, d.Pick(2), 0, 2),
            Head("n1", 2, {1 + d.Pick(2)}, d.Pick(2), 5), Head("n2", 4, {1}, 0, d.Pick(2) == 1 ? 4 : 6)};
  return w;
}

// Three cohorts deep: what is kept on the way up, and from how high one borrows.
World Deep(Digits& d) {
  World w;
  w.flavors = 2;
  w.nodes = {Cohort("root", -1),
             Cohort("mid", 0),
             Cohort("low", 1),
             Queue("a", 2, {{d.Pick(2), {}, {}}, {d.Pick(2), {}, {}}}),
             Queue("b", 1, {{1, {}, {}}, {1, {}, {}}}),
             Queue("c", 0, {{2, {}, {}}, {2, {}, {}}})};
  w.nodes[1].quota = {{d.Pick(3), {}, Limit(d, 2)}, {1, Limit(d, 2), Limit(d, 2)}};
  w.nodes[2].quota = {{1 + d.Pick(2), {}, Limit(d, 3)}, {d.Pick(2), Limit(d, 2), {}}};
  Reclaim(d, &w.nodes[3]);
  w.nodes[3].borrow_next = d.Pick(2) == 1;
  w.jobs = {Holder("h1", 4, {d.Pick(3)}, 0, 0, 1), Holder("h2", 5, {1 + d.Pick(2)}, 0, d.Pick(2), 2),
            Head("n1", 3, {1 + d.Pick(4)}, 1, 5), Head("n2", 5, {2}, 0, 6)};
  return w;
}

// Two flavors: which to take, when to stop looking, what a victim costs.
World Flavors(Digits& d) {
  World w;
  w.flavors = 2;
  w.nodes = {Cohort("root", -1), Queue("a", 0, {{d.Pick(3), {}, {}}, {d.Pick(3), Limit(d, 2), {}}}),
             Queue("b", 0, {{d.Pick(2), {}, {}}, {2L * d.Pick(2), {}, {}}})};
  w.nodes[1].within = Policy::kLower;
  Reclaim(d, &w.nodes[1]);
  w.nodes[1].borrow_next = d.Pick(2) == 1;
  w.nodes[1].preempt_stop = d.Pick(2) == 1;
  w.nodes[1].prefer_preempt = d.Pick(2) == 1;
  w.jobs = {Holder("h1", 2, {1}, d.Pick(2), 0, 1), Holder("h2", 2, {1}, d.Pick(2), 1, 2),
            Holder("h3", 1, {d.Pick(2)}, d.Pick(2), 0, 3), Head("n1", 1, {1 + d.Pick(3)}, d.Pick(2), 5)};
  return w;
}

// Two resources of one flavor: one may fit while the other needs a victim.
World Resources(Digits& d) {
  World w;
  w.flavors = w.resources = 2;
  w.nodes = {Cohort("root", -1),
             Queue("a", 0, {{d.Pick(2), {}, {}}, {d.Pick(3), {}, {}}, {d.Pick(2), {}, {}}, {2, Limit(d, 2), {}}}),
             Queue("b", 0, {{1, {}, {}}, {1, {}, {}}, {d.Pick(2), {}, {}}, {1, {}, {}}})};
  w.nodes[1].within = Policy::kLower;
  Reclaim(d, &w.nodes[1]);
  w.nodes[1].borrow_next = d.Pick(2) == 1;
  w.nodes[1].preempt_stop = d.Pick(2) == 1;
  w.jobs = {Holder("h1", 2, {1, d.Pick(2)}, d.Pick(2), 0, 1), Holder("h2", 2, {d.Pick(2), 1}, d.Pick(2), 1, 2),
            Holder("h3", 1, {1, 1}, 0, d.Pick(2), 3), Head("n1", 1, {1 + d.Pick(2), d.Pick(3)}, d.Pick(2), 5)};
  return w;
}

void FairRules(Digits& d, World* w) {
  const std::vector<bool> kStrategies[] = {{true, false}, {true}, {false}};
  w->fair = true;
  w->final_share = kStrategies[d.Pick(3)];
}

double Weight(Digits& d) { return d.Pick(3); }

// Three queues that share fairly, two heads.
World Shares(Digits& d) {
  World w;
  FairRules(d, &w);
  w.nodes = {Cohort("root", -1), Queue("a", 0, {{d.Pick(3), {}, {}}}), Queue("b", 0, {{d.Pick(2), {}, {}}}),
             Queue("c", 0, {{1, {}, {}}})};
  for (int n : {1, 2, 3}) w.nodes[n].weight = Weight(d);
  constexpr Policy kReclaim[] = {Policy::kNever, Policy::kLower, Policy::kAny};
  w.nodes[1].reclaim = kReclaim[d.Pick(3)];
  w.nodes[2].reclaim = Policy::kAny;
  w.nodes[1].within = Policy::kLower;
  w.jobs = {Holder("h1", 3, {1}, d.Pick(2), 0, 1), Holder("h2", 3, {1 + d.Pick(2)}, 0, 0, 2),
            Holder("h3", 1, {d.Pick(2)}, d.Pick(2), 0, 3), Head("n1", 1, {1 + d.Pick(2)}, 1, 5),
            Head("n2", 2, {1 + d.Pick(2)}, d.Pick(2), 4)};
  return w;
}

// The same in a tree: shares of cohorts, the lowest common cohort.
World FairTree(Digits& d) {
  World w;
  FairRules(d, &w);
  w.nodes = {Cohort("root", -1), Cohort("mid", 0), Queue("a", 1, {{d.Pick(2), {}, {}}}),
             Queue("b", 1, {{d.Pick(2), {}, {}}}), Queue("c", 0, {{d.Pick(2), {}, {}}})};
  w.nodes[0].quota = {{1, {}, {}}};
  w.nodes[1].quota = {{d.Pick(2), Limit(d, 2), Limit(d, 2)}};
  w.nodes[1].weight = Weight(d);
  w.nodes[4].weight = Weight(d);
  w.nodes[2].reclaim = w.nodes[4].reclaim = Policy::kAny;
  w.nodes[2].within = Policy::kLowerOrNewer;
  w.jobs = {Holder("h1", 3, {1}, d.Pick(2), 0, 1), Holder("h2", 4, {1}, d.Pick(2), 0, 2),
            Holder("h3", 4, {d.Pick(2)}, 0, 0, 3), Head("n1", 2, {1 + d.Pick(2)}, d.Pick(2), 2),
            Head("n2", 4, {1}, d.Pick(2), 6)};
  return w;
}

}  // namespace

const std::vector<Family>& Families() {
  static const auto* const families = new std::vector<Family>({{"alone", Alone, 1},
                                                               {"neighbours", Neighbours, 7},
                                                               {"rivals", Rivals, 11},
                                                               {"hierarchy", Hierarchy, 13},
                                                               {"deep", Deep, 47},
                                                               {"flavors", Flavors, 17},
                                                               {"resources", Resources, 19},
                                                               {"shares", Shares, 13},
                                                               {"fair_tree", FairTree, 11}});
  return *families;
}

long SizeOf(const Family& family) {
  Digits digits(0);
  family.make(digits);
  return digits.total();
}

World MakeWorld(const Family& family, long code) {
  Digits digits(code);
  return family.make(digits);
}

void PrintTo(const Family& family, std::ostream* out) { *out << family.name; }

}  // namespace muster::scheduler::small
