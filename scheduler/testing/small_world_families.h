// Families of small worlds: a shape each, with every choice of quotas, limits, policies, priorities and amounts from a
// few values.
#ifndef MUSTER_SCHEDULER_TESTING_SMALL_WORLD_FAMILIES_H_
#define MUSTER_SCHEDULER_TESTING_SMALL_WORLD_FAMILIES_H_

#include <iosfwd>
#include <vector>

#include "scheduler/testing/small_world.h"

namespace muster::scheduler::small {

// Draws the choices that make up a world from its number. How many there are must not depend on what was drawn.
class Digits {
 public:
  explicit Digits(long code) : rest_(code) {}
  int Pick(int n) {
    const int digit = static_cast<int>(rest_ % n);
    rest_ /= n;
    choices_.push_back({n, digit});
    return digit;
  }

  struct Choice {
    int among, taken;
  };
  const std::vector<Choice>& choices() const { return choices_; }  // in the order in which they were made
  long total() const {
    long total = 1;
    for (const Choice& c : choices_) total *= c.among;
    return total;
  }

 private:
  long rest_;
  std::vector<Choice> choices_;
};

struct Family {
  const char* name;
  World (*make)(Digits&);
  // A test that has no time for all worlds takes one in so many. Coprime to all choices, so that each choice and each
  // pair of neighbouring choices is met.
  long stride;
};
void PrintTo(const Family& family, std::ostream* out);  // for failing tests

const std::vector<Family>& Families();
long SizeOf(const Family& family);
World MakeWorld(const Family& family, long code);

}  // namespace muster::scheduler::small

#endif  // MUSTER_SCHEDULER_TESTING_SMALL_WORLD_FAMILIES_H_
