// libFuzzer target: reading, defaulting and validating any text ends without a crash, and what was read survives being
// written and read again. The last byte chooses between YAML and JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "api/load.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace muster::api;
  if (size == 0) return 0;
  const absl::string_view text(reinterpret_cast<const char*>(data), size - 1);
  const char* const name = data[size - 1] % 2 == 0 ? "x.yaml" : "x.json";
  LoadText(text, name, {.set_defaults = true, .validate = true});
  for (const Decoded& object : LoadText(text, name).objects) {
    const std::string yaml = ToYamlText(object);
    const LoadResult from_yaml = LoadText(yaml, "y.yaml");
    const LoadResult from_json = LoadText(ToJsonText(object), "y.json");
    if (from_yaml.objects.size() != 1 || from_json.objects.size() != 1) std::abort();
    if (ToYamlText(from_yaml.objects[0]) != yaml || ToYamlText(from_json.objects[0]) != yaml) std::abort();
  }
  return 0;
}
