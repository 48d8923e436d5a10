// Families of small worlds: a shape each, with every choice of quotas, limits, policies, priorities and amounts from a
// few values.
#ifndef MUSTER_SCHEDULER_TESTING_SMALL_WORLD_FAMILIES_H_
#define MUSTER_SCHEDULER_TESTING_SMALL_WORLD_FAMILIES_H_

#include <vector>

#include "scheduler/testing/small_world.h"

namespace muster::scheduler::small {

// Draws the choices that make up a world from its number. How many there are must not depend on what was drawn.
class Digits {
 public:
  explicit Digits(long code) : rest_(code) {}
  int Pick(int n) {
    total_ *= n;
    const int digit = static_cast<int>(rest_ % n);
    rest_ /= n;
    return digit;
  }
  long total() const { return total_; }

 private:
  long rest_, total_ = 1;
};

struct Family {
  const char* name;
  World (*make)(Digits&);
  // Every how-maniest world a test takes that has no time for all; coprime to all choices, so that each choice and
  // each pair of neighbouring choices is met.
  long stride;
};

const std::vector<Family>& Families();
long SizeOf(const Family& family);
World MakeWorld(const Family& family, long code);

}  // namespace muster::scheduler::small

#endif  // MUSTER_SCHEDULER_TESTING_SMALL_WORLD_FAMILIES_H_
