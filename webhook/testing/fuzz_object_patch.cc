// Sets, appends and removes at pointers taken from the input, and holds the result against the library's JSON Patch.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "api/json_text.h"
#include "webhook/patch/object_patch.h"

namespace {

// RFC 6901: "~" is followed by 0 or 1.
bool IsPointer(absl::string_view text) {
  for (size_t i = text.find('~'); i != absl::string_view::npos; i = text.find('~', i + 1)) {
    if (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using nlohmann::json;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  // The first line is the object, the others an operation each: a letter and a pointer.
  std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  absl::StatusOr<json> object = muster::api::ParseJson(lines[0]);
  if (!object.ok() || !object->is_object()) return 0;
  const json before = *object;
  muster::webhook::ObjectPatch patch(&*object);
  for (size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].size() < 2 || lines[i][1] != '/' || !muster::api::IsValidUtf8(lines[i])) continue;
    const absl::string_view pointer = lines[i].substr(1);
    if (!IsPointer(pointer)) continue;  // callers escape what they put into one
    if (lines[i][0] == 's') patch.Set(pointer, 1);
    if (lines[i][0] == 'a') patch.Append(pointer, 2);
    if (lines[i][0] == 'r') patch.Remove(pointer);
  }
  const json ops = patch.Take();
  try {
    if (!ops.is_null() && before.patch(ops) != *object) std::abort();
  } catch (const json::exception&) {
    std::abort();
  }
  return 0;
}
