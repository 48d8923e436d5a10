// libFuzzer target: opening and reading any bytes, as they are and as what gzip, xz and zstd write, ends without a crash,
// within a bounded size; what is not compressed comes out as it went in, a look ahead takes nothing, and two readings
// agree.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <istream>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sim/files/input.h"

namespace {

using namespace muster::sim;

constexpr size_t kMaxBytes = size_t{1} << 20;

void Require(bool condition) {
  if (!condition) std::abort();
}

// A file in memory.
class MemoryFile {
 public:
  explicit MemoryFile(absl::string_view bytes) : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
    Require(fd_ >= 0);
    while (!bytes.empty()) {
      const ssize_t written = write(fd_, bytes.data(), bytes.size());
      Require(written > 0);
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  ~MemoryFile() { close(fd_); }
  std::string path() const { return absl::StrCat("/proc/self/fd/", fd_); }

 private:
  int fd_;
};

bool IsCompressed(absl::string_view bytes) {
  return absl::StartsWith(bytes, "\x1f\x8b") ||
         absl::StartsWith(bytes, absl::string_view("\xfd"
                                                   "7zXZ\0",
                                                   6)) ||
         absl::StartsWith(bytes, "\x28\xb5\x2f\xfd");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const MemoryFile file(bytes);
  const absl::StatusOr<std::string> read = ReadInput(file.path(), kMaxBytes);
  if (!IsCompressed(bytes)) Require(size > kMaxBytes || (read.ok() && *read == bytes));
  if (!read.ok()) {
    const bool cut = absl::IsResourceExhausted(read.status());
    Require((cut || absl::IsDataLoss(read.status())) && !read.status().message().empty());
    return 0;
  }
  Require(read->size() <= kMaxBytes);
  const absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(file.path());
  Require(in.ok());
  const absl::StatusOr<std::string> head = PeekInput(in->get(), 100);
  Require(head.ok() && *head == read->substr(0, 100));
  std::string again(read->size() + 1, '\0');
  again.resize(static_cast<size_t>((*in)->rdbuf()->sgetn(again.data(), static_cast<std::streamsize>(again.size()))));
  Require(again == *read);
  return 0;
}
