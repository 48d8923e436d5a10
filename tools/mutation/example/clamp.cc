#include "tools/mutation/example/clamp.h"

namespace muster::mutation_example {

int Clamp(int value, int low, int high) {
  if (value < low) return low;
  // `>=` instead of `>` changes nothing: such a mutant is equivalent.
  if (value > high) return high;
  return value;
}

bool MoreEven(int low, int high) {
  int even = 0;
  while (low != high) {
    if (low % 2 == 0) {
      ++even;
    } else {
      --even;
    }
    ++low;  // Without this it would never end.
  }
  return even > 0;
}

int Twice(int value) { return value + value; }

}  // namespace muster::mutation_example
