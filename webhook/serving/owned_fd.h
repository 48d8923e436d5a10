// A file descriptor that is closed with its owner. Internal to webhook/serving/.
#ifndef MUSTER_WEBHOOK_SERVING_OWNED_FD_H_
#define MUSTER_WEBHOOK_SERVING_OWNED_FD_H_

#include <unistd.h>

#include <utility>

namespace muster::webhook {

// Thread-compatible.
class OwnedFd {
 public:
  explicit OwnedFd(int fd) : fd_(fd) {}
  ~OwnedFd() { Close(); }
  OwnedFd(OwnedFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OwnedFd(const OwnedFd&) = delete;
  OwnedFd& operator=(const OwnedFd&) = delete;

  int get() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_SERVING_OWNED_FD_H_
