// What a guard counts: the instructions that are carried out inside of Measured, and no others.
#ifndef MUSTER_BENCH_GUARDS_MEASURED_H_
#define MUSTER_BENCH_GUARDS_MEASURED_H_

#include "absl/functional/function_ref.h"

namespace muster::bench {

// Calls `work`. tools/guards has callgrind count from its beginning to its end, by its name.
[[gnu::noinline]] void Measured(absl::FunctionRef<void()> work);

// Ends the program with a message unless `holds`: a guard that did not do what it is there for has no count.
void Expect(bool holds, const char* what);

}  // namespace muster::bench

#endif  // MUSTER_BENCH_GUARDS_MEASURED_H_
