// For fuzz targets that read JSON: changes a document so that it stays one. Bytes changed at random seldom get past the
// parser.
#ifndef MUSTER_TOOLS_FUZZING_JSON_MUTATOR_H_
#define MUSTER_TOOLS_FUZZING_JSON_MUTATOR_H_

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>

namespace muster::fuzzing {

// One change: a value becomes another, of another type, or a copy of some other part; a member goes, is doubled, or
// gets the name of another.
void MutateJson(nlohmann::json* document, std::mt19937* random);

// For LLVMFuzzerCustomMutator of inputs that are one document: changes it in `data`, or the bytes when it is none (and
// now and then when it is). Returns the new size. REQUIRES: size <= max_size.
size_t MutateJsonText(uint8_t* data, size_t size, size_t max_size, unsigned int seed);

}  // namespace muster::fuzzing

#endif  // MUSTER_TOOLS_FUZZING_JSON_MUTATOR_H_
