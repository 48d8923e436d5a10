#include "sim/files/byte_source.h"

#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <boost/iostreams/categories.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "absl/strings/str_cat.h"

namespace muster::sim {
namespace {

namespace io = boost::iostreams;

constexpr size_t kChunk = 1 << 16;

// Boost's view of a ByteSource.
struct Device {
  using char_type = char;
  using category = io::source_tag;
  std::streamsize read(char* to, std::streamsize n) {
    const size_t got = source->Read(to, static_cast<size_t>(n));
    return got == 0 ? -1 : static_cast<std::streamsize>(got);
  }
  ByteSource* source;
};

template <class Decompressor>
class BoostSource : public ByteSource {
 public:
  BoostSource(ByteSource* compressed, const char* name) : name_(name) {
    chain_.push(Decompressor());
    chain_.push(Device{compressed}, kChunk);
  }
  size_t Read(char* to, size_t n) override {
    try {
      return static_cast<size_t>(std::max<std::streamsize>(0, chain_.sgetn(to, static_cast<std::streamsize>(n))));
    } catch (const std::exception&) {  // its message names neither the kind nor the cause
      throw std::runtime_error(absl::StrCat("the ", name_, " data end early or are damaged"));
    }
  }

 private:
  const char* name_;
  io::filtering_istreambuf chain_;
};

// Boost's filter for zstd takes a file that breaks off for one that ends.
class ZstdSource : public ByteSource {
 public:
  explicit ZstdSource(ByteSource* compressed) : compressed_(compressed), state_(ZSTD_createDStream()), buffer_(kChunk) {
    if (state_ == nullptr) throw std::bad_alloc();
  }
  ~ZstdSource() override { ZSTD_freeDStream(state_); }
  size_t Read(char* to, size_t n) override {
    ZSTD_outBuffer out = {to, n, 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size && !more_inside_) {
        in_ = {buffer_.data(), compressed_->Read(buffer_.data(), buffer_.size()), 0};
        if (in_.size == 0) {
          if (!frame_ended_) throw std::runtime_error("the zstd data end early");
          return 0;
        }
      }
      const size_t left = ZSTD_decompressStream(state_, &out, &in_);
      if (ZSTD_isError(left) != 0) {
        throw std::runtime_error(absl::StrCat("the zstd data are damaged: ", ZSTD_getErrorName(left)));
      }
      frame_ended_ = left == 0;
      more_inside_ = out.pos == out.size;  // then there may be more without more input
    }
    return out.pos;
  }

 private:
  ByteSource* compressed_;
  ZSTD_DStream* state_;
  std::vector<char> buffer_;
  ZSTD_inBuffer in_ = {nullptr, 0, 0};
  bool frame_ended_ = false, more_inside_ = false;
};

}  // namespace

FileSource::~FileSource() { close(fd_); }

size_t FileSource::ReadFile(char* to, size_t n) {
  for (;;) {
    const ssize_t got = read(fd_, to, n);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) throw std::runtime_error(absl::StrCat("the file cannot be read: ", strerror(errno)));
  }
}

size_t FileSource::Read(char* to, size_t n) {
  size_t got = std::min(n, peeked_.size());
  if (got > 0) {
    std::copy_n(peeked_.begin(), got, to);
    peeked_.erase(0, got);
  } else {
    got = ReadFile(to, n);
  }
  taken_ += static_cast<int64_t>(got);
  return got;
}

const std::string& FileSource::Peek(size_t n) {
  while (peeked_.size() < n) {  // a pipe gives what it has, which may be a byte
    const size_t had = peeked_.size();
    peeked_.resize(n);
    const size_t got = ReadFile(peeked_.data() + had, n - had);
    peeked_.resize(had + got);
    if (got == 0) break;
  }
  return peeked_;
}

std::unique_ptr<ByteSource> NewGzipSource(ByteSource* compressed) {
  return std::make_unique<BoostSource<io::gzip_decompressor>>(compressed, "gzip");
}

std::unique_ptr<ByteSource> NewXzSource(ByteSource* compressed) {
  return std::make_unique<BoostSource<io::lzma_decompressor>>(compressed, "xz");
}

std::unique_ptr<ByteSource> NewZstdSource(ByteSource* compressed) { return std::make_unique<ZstdSource>(compressed); }

}  // namespace muster::sim
