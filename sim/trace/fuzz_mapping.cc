// libFuzzer target: reading a mapping file of any bytes ends without a crash, and a mapping that was accepted can be
// used to read a trace.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>

#include "absl/strings/string_view.h"
#include "sim/trace/trace.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace muster::sim;
  const absl::StatusOr<Mapping> mapping = Mapping::Parse(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!mapping.ok()) {
    if (mapping.status().message().empty()) std::abort();
    return 0;
  }
  for (const char* text : {"i,q,s,d,g\n1,a,2,3,4\n", "{\"i\":1,\"q\":\"a\",\"s\":2,\"d\":3,\"g\":4}\n",
                           "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\n"}) {
    std::istringstream in(text);
    ReadTrace(&in, "t", *mapping).IgnoreError();
  }
  return 0;
}
