#include "webhook/serving/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace muster::webhook {
namespace {

constexpr int kSocketBuffer = 128 * 1024;  // the kernel doubles it

absl::Status Unavailable(const std::string& address, int port, absl::string_view what, int error) {
  return absl::UnavailableError(absl::StrCat("cannot listen on ", address.empty() ? "*" : address, ":", port, ": ",
                                             what, ": ", std::strerror(error)));
}

int Bound(int fd, const sockaddr* to, socklen_t size) {
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  // Connections inherit them. Without, the kernel would hold megabytes for each that is not read.
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kSocketBuffer, sizeof(kSocketBuffer));
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof(kSocketBuffer));
  return bind(fd, to, size) == 0 && listen(fd, 1024) == 0 ? 0 : errno;
}

}  // namespace

// On failure the error of the last address that was tried.
absl::StatusOr<int> ListenOn(const std::string& address, int port) {
  constexpr int kFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  if (address.empty()) {
    // IPv6 with IPv4 inside; machines without IPv6 get IPv4 alone.
    if (const int fd = socket(AF_INET6, kFlags, 0); fd >= 0) {
      const int off = 0;
      setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
      sockaddr_in6 any = {};
      any.sin6_family = AF_INET6;
      any.sin6_port = htons(static_cast<uint16_t>(port));
      const int error = Bound(fd, reinterpret_cast<sockaddr*>(&any), sizeof(any));
      if (error == 0) return fd;
      close(fd);
      if (error != EADDRNOTAVAIL && error != EAFNOSUPPORT) return Unavailable(address, port, "bind", error);
    }
  }
  addrinfo hints = {};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_family = address.empty() ? AF_INET : AF_UNSPEC;
  addrinfo* found = nullptr;
  const std::string service = absl::StrCat(port);
  const int failed = getaddrinfo(address.empty() ? nullptr : address.c_str(), service.c_str(), &hints, &found);
  if (failed != 0) {
    return absl::InvalidArgumentError(absl::StrCat(address, ": is no IP address to listen on"));
  }
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    const int fd = socket(a->ai_family, kFlags, 0);
    if (fd < 0) {
      error = errno;
      continue;
    }
    error = Bound(fd, a->ai_addr, a->ai_addrlen);
    if (error == 0) return fd;
    close(fd);
  }
  return Unavailable(address, port, "bind", error);
}

int BoundPort(int fd) {
  sockaddr_storage address = {};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                                             : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

}  // namespace muster::webhook
