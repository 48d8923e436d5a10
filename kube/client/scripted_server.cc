#include "kube/client/scripted_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace muster::kube {
namespace {

// The length of the body that the head promises.
size_t BodyLength(const std::string& head) {
  const std::string lower = absl::AsciiStrToLower(head);
  const size_t at = lower.find("content-length:");
  return at == std::string::npos ? 0 : std::strtoul(lower.c_str() + at + 15, nullptr, 10);
}

}  // namespace

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  (void)bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
  (void)listen(listener_, 128);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  accepting_.join();
  for (std::thread& connection : connections_) connection.join();
  close(listener_);
}

ApiEndpoint ScriptedServer::endpoint() const {
  ApiEndpoint endpoint;
  endpoint.tls = false;
  endpoint.host = "127.0.0.1";
  endpoint.port = port_;
  return endpoint;
}

std::vector<std::string> ScriptedServer::requests() const {
  absl::MutexLock lock(&mutex_);
  return requests_;
}

std::string ScriptedServer::Answer(int status, absl::string_view body, absl::string_view headers) {
  return absl::StrCat("HTTP/1.1 ", status, " Whatever\r\n", headers, "Content-Length: ", body.size(), "\r\n\r\n", body);
}

void ScriptedServer::Accept() {
  for (int number = 0; !stopping_;) {
    pollfd waiting = {listener_, POLLIN, 0};
    if (poll(&waiting, 1, 20) <= 0) continue;
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) continue;
    connections_.emplace_back([this, fd, number] { Serve(fd, number); });
    ++number;
  }
}

void ScriptedServer::Serve(int fd, int connection) {
  std::string pending;
  for (int number = 0; !stopping_;) {
    const size_t head = pending.find("\r\n\r\n");
    const size_t whole = head == std::string::npos ? 0 : head + 4 + BodyLength(pending.substr(0, head));
    if (whole > 0 && pending.size() >= whole) {
      const std::string request = pending.substr(0, whole);
      pending.erase(0, whole);
      {
        absl::MutexLock lock(&mutex_);
        requests_.push_back(request);
      }
      const Reaction reaction = script_(connection, number++, request);
      size_t sent = 0;
      while (sent < reaction.bytes.size()) {
        const ssize_t count = send(fd, reaction.bytes.data() + sent, reaction.bytes.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) break;
        sent += static_cast<size_t>(count);
      }
      if (reaction.close || sent < reaction.bytes.size()) break;
      continue;
    }
    pollfd waiting = {fd, POLLIN, 0};
    if (poll(&waiting, 1, 20) <= 0) continue;
    char bytes[16384];
    const ssize_t count = recv(fd, bytes, sizeof bytes, 0);
    if (count <= 0) break;
    pending.append(bytes, static_cast<size_t>(count));
  }
  close(fd);
}

}  // namespace muster::kube
