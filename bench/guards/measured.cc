#include "bench/guards/measured.h"

#include <cstdio>
#include <cstdlib>

namespace muster::bench {

void Measured(absl::FunctionRef<void()> work) {
  work();
  asm volatile("" ::: "memory");  // No tail call: what follows belongs to the caller.
}

void Expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "expected: %s\n", what);
  std::exit(1);
}

}  // namespace muster::bench
