#ifndef TOOLS_MUTATION_EXAMPLE_CLAMP_H_
#define TOOLS_MUTATION_EXAMPLE_CLAMP_H_

// What tools/mutate is tried on: small enough to know which mutants survive.
namespace muster::mutation_example {

// `value`, or the end of [low, high] that it is beyond. REQUIRES: low <= high.
int Clamp(int value, int low, int high);

// Whether the values of [low, high) that are even outnumber the odd ones.
bool MoreEven(int low, int high);

// Never called by any test.
int Twice(int value);

}  // namespace muster::mutation_example

#endif  // TOOLS_MUTATION_EXAMPLE_CLAMP_H_
