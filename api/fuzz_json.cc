// libFuzzer target: the quick parser takes and refuses what the library's own does, and makes the same of it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "api/json_text.h"
#include "tools/fuzzing/json_mutator.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using nlohmann::json;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<json> quick = muster::api::ParseJson(text);
  const json slow = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!quick.ok()) {
    // Deep values are ours to refuse.
    if (!slow.is_discarded() && quick.status().message().find("nests deeper") == absl::string_view::npos) std::abort();
    return 0;
  }
  if (slow.is_discarded() || *quick != slow || quick->dump() != slow.dump()) std::abort();
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  return muster::fuzzing::MutateJsonText(data, size, max_size, seed);
}
