// libFuzzer target: the bytes of a connection. However they are cut, the same is read of them, within the limits.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "webhook/serving/request_reader.h"

namespace muster::webhook {
namespace {

constexpr FramingLimits kLimits = {.max_header_bytes = 512, .max_body_bytes = 1024};

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

std::string Read(absl::string_view bytes, size_t piece) {
  using State = RequestReader::State;
  RequestReader reader(kLimits);
  std::string said;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    reader.Push(bytes.substr(at, piece));
    while (true) {
      const State before = reader.state();
      const State state = reader.Advance();
      // One piece may be there besides what is kept; strings double.
      Require(reader.held() <= 2 * (kLimits.max_header_bytes + kLimits.max_body_bytes + piece) + 4096,
              "holds too much");
      if (state == State::kFailed) return absl::StrCat(said, reader.failure().status);
      if (state == State::kTooLarge) return absl::StrCat(said, "too large");
      if (state == State::kComplete) {
        const bool keep = reader.keep_alive();
        const HttpRequest request = reader.Take();
        Require(request.body.size() <= kLimits.max_body_bytes, "a body over the limit");
        Require(!request.path.empty() && !request.method.empty(), "a request without path or method");
        absl::StrAppend(&said, request.method, " ", request.path, " ", request.content_type, " ", request.body, keep,
                        "\n");
        reader.Next();
        continue;
      }
      if (state == before) break;
    }
  }
  return said;
}

}  // namespace
}  // namespace muster::webhook

// In the corpus a request is a line: \r\n stands for the line end.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes = absl::StrReplaceAll(absl::string_view(reinterpret_cast<const char*>(data), size),
                                                {{"\\r", "\r"}, {"\\n", "\n"}, {"\n", ""}});
  if (bytes.empty()) return 0;
  const std::string at_once = muster::webhook::Read(bytes, bytes.size());
  for (const size_t piece : {1, 3, 61}) {
    muster::webhook::Require(muster::webhook::Read(bytes, piece) == at_once, "it matters how bytes arrive");
  }
  return 0;
}
