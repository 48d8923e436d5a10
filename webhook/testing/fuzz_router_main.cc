// libFuzzer target: a review, and a last byte that chooses the path. Changes keep it JSON most of the time.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "tools/fuzzing/json_mutator.h"
#include "webhook/testing/fuzz_router.h"

namespace {

using nlohmann::json;

// Reviews of updates, which the checks of what may change need: the old object is the new one before the next changes.
size_t MakeUpdate(uint8_t* data, size_t size, size_t max_size) {
  json review = json::parse(data, data + size, nullptr, /*allow_exceptions=*/false);
  if (!review.is_object() || !review["request"].is_object() || !review["request"]["object"].is_object()) return size;
  review["request"]["oldObject"] = review["request"]["object"];
  review["request"]["operation"] = "UPDATE";
  const std::string text = review.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > max_size) return size;
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  muster::webhook::AskWithFuzzedInput(data[size - 1], {reinterpret_cast<const char*>(data), size - 1});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  if (max_size < 2) return size;
  std::mt19937 random(seed);
  uint8_t path = size == 0 ? 0 : data[size - 1];
  size_t body = size == 0 ? 0 : size - 1;
  if (random() % 8 == 0) path = static_cast<uint8_t>(random());
  if (random() % 16 == 0) body = MakeUpdate(data, body, max_size - 1);
  body = muster::fuzzing::MutateJsonText(data, body, max_size - 1, random());
  data[body] = path;
  return body + 1;
}
