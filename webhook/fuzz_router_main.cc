#include <cstddef>
#include <cstdint>

#include "webhook/fuzz_router.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  muster::webhook::AskWithFuzzedInput({reinterpret_cast<const char*>(data), size});
  return 0;
}
