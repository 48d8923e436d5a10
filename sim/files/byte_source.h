// Where bytes come from: a file descriptor, or what decompresses another source. Internal to sim/files.
#ifndef MUSTER_SIM_FILES_BYTE_SOURCE_H_
#define MUSTER_SIM_FILES_BYTE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace muster::sim {

// Thread-safety: compatible.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Up to `n` bytes; 0 at the end. Throws std::runtime_error saying what is wrong, as a stream buffer's reader has to.
  // REQUIRES: n > 0.
  virtual size_t Read(char* to, size_t n) = 0;
};

// An open file, pipe or device, read once from where it stands. Closes it.
class FileSource : public ByteSource {
 public:
  explicit FileSource(int fd) : fd_(fd) {}
  ~FileSource() override;
  size_t Read(char* to, size_t n) override;
  // The next bytes, without taking them: fewer than `n` only at the end.
  const std::string& Peek(size_t n);
  // Bytes taken so far.
  int64_t taken() const { return taken_; }

 private:
  size_t ReadFile(char* to, size_t n);

  int fd_;
  std::string peeked_;
  int64_t taken_ = 0;
};

// What `compressed` decompresses to, all members or frames one after the other. One that breaks off throws.
std::unique_ptr<ByteSource> NewGzipSource(ByteSource* compressed);
std::unique_ptr<ByteSource> NewXzSource(ByteSource* compressed);
std::unique_ptr<ByteSource> NewZstdSource(ByteSource* compressed);

}  // namespace muster::sim

#endif  // MUSTER_SIM_FILES_BYTE_SOURCE_H_
