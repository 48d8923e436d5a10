#include "sim/files/input.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <streambuf>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sim/files/byte_source.h"

namespace muster::sim {
namespace {

constexpr absl::string_view kGzip("\x1f\x8b", 2);
constexpr absl::string_view kXz(
    "\xfd"
    "7zXZ\0",
    6);
constexpr absl::string_view kZstd("\x28\xb5\x2f\xfd", 4);

// Bytes of a file, decompressed, with room to look ahead.
class InputBuffer : public std::streambuf {
 public:
  InputBuffer(int fd, std::function<void(absl::string_view)> on_bytes)
      : file_(fd), on_bytes_(std::move(on_bytes)), buffer_(kMaxPeek) {
    const absl::string_view head = file_.Peek(kXz.size());
    if (absl::StartsWith(head, kGzip)) decompressor_ = NewGzipSource(&file_);
    if (absl::StartsWith(head, kXz)) decompressor_ = NewXzSource(&file_);
    if (absl::StartsWith(head, kZstd)) decompressor_ = NewZstdSource(&file_);
    setg(buffer_.data(), buffer_.data(), buffer_.data());
  }

  // REQUIRES: nothing was read.
  std::string Peek(size_t n) {
    while (static_cast<size_t>(egptr() - gptr()) < n && Fill()) continue;
    return std::string(gptr(), std::min(n, static_cast<size_t>(egptr() - gptr())));
  }

 protected:
  int_type underflow() override {
    if (gptr() == egptr()) setg(buffer_.data(), buffer_.data(), buffer_.data());
    return Fill() ? traits_type::to_int_type(*gptr()) : traits_type::eof();
  }

 private:
  // Adds bytes behind those that are there; false at the end.
  bool Fill() {
    char* const end = buffer_.data() + buffer_.size();
    if (egptr() == end) return false;
    ByteSource* source = decompressor_ != nullptr ? decompressor_.get() : &file_;
    const size_t got = source->Read(egptr(), static_cast<size_t>(end - egptr()));
    total_ += static_cast<int64_t>(got);
    if (decompressor_ != nullptr && total_ > kFreeExpansion && total_ / kMaxExpansion > file_.taken()) {
      throw std::runtime_error(absl::StrCat("it expands more than ", kMaxExpansion,
                                            "-fold, which no trace does; decompress it first if it is meant so"));
    }
    if (on_bytes_ && got > 0) on_bytes_(absl::string_view(egptr(), got));
    setg(buffer_.data(), gptr(), egptr() + got);
    return got > 0;
  }

  FileSource file_;
  const std::function<void(absl::string_view)> on_bytes_;
  std::unique_ptr<ByteSource> decompressor_;
  std::vector<char> buffer_;
  int64_t total_ = 0;
};

class InputStream : public std::istream {
 public:
  InputStream(int fd, std::function<void(absl::string_view)> on_bytes)
      : std::istream(nullptr), buffer_(fd, std::move(on_bytes)) {
    rdbuf(&buffer_);
  }

 private:
  InputBuffer buffer_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<std::istream>> OpenInput(const std::string& path,
                                                        std::function<void(absl::string_view)> on_bytes) {
  std::error_code error;
  if (path != "-" && std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is a folder; name a file"));
  }
  const int fd = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT || errno == EACCES) {
      return absl::NotFoundError(absl::StrCat("cannot open ", path, "; check the path and its permissions"));
    }
    return absl::NotFoundError(absl::StrCat("cannot open ", path, ": ", strerror(errno)));
  }
  try {
    return std::unique_ptr<std::istream>(std::make_unique<InputStream>(fd, std::move(on_bytes)));
  } catch (const std::exception& e) {
    return absl::DataLossError(absl::StrCat(path, ": ", e.what()));
  }
}

absl::StatusOr<std::string> PeekInput(std::istream* in, size_t n) {
  try {
    if (auto* const buffer = dynamic_cast<InputBuffer*>(in->rdbuf())) return buffer->Peek(n);
    std::string head(n, '\0');
    head.resize(static_cast<size_t>(
        std::max<std::streamsize>(0, in->rdbuf()->sgetn(head.data(), static_cast<std::streamsize>(n)))));
    in->rdbuf()->pubseekpos(0, std::ios::in);
    return head;
  } catch (const std::exception& e) {  // what the stream buffer throws
    return absl::DataLossError(e.what());
  }
}

absl::StatusOr<std::string> ReadInput(const std::string& path, size_t max_bytes) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(path);
  if (!in.ok()) return in.status();
  std::string text;
  char chunk[4096];
  try {
    while (const std::streamsize got = (*in)->rdbuf()->sgetn(chunk, sizeof(chunk))) {
      if (text.size() + static_cast<size_t>(got) > max_bytes) {
        return absl::ResourceExhaustedError(absl::StrCat(path, ": has more than ", max_bytes, " bytes"));
      }
      text.append(chunk, static_cast<size_t>(got));
    }
  } catch (const std::exception& e) {
    return absl::DataLossError(absl::StrCat(path, ": ", e.what(), "; fetch it again"));
  }
  return text;
}

}  // namespace muster::sim
