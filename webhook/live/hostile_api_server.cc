#include "webhook/live/hostile_api_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

// What a patient client would wait for; a client of ours has given up long before.
constexpr absl::Duration kForever = absl::Seconds(20);
constexpr absl::Duration kStep = absl::Milliseconds(20);

std::string KindOf(const std::string& path) {
  static const auto& kinds =
      *new std::map<std::string, std::string>{{"namespaces", "Namespace"},
                                              {"localqueues", "LocalQueue"},
                                              {"clusterqueues", "ClusterQueue"},
                                              {"admissionchecks", "AdmissionCheck"},
                                              {"workloadpriorityclasses", "WorkloadPriorityClass"}};
  const auto found = kinds.find(path.substr(path.rfind('/') + 1));
  return found == kinds.end() ? "Other" : found->second;
}

// "/apis/kueue.x-k8s.io/v1beta2/localqueues": "kueue.x-k8s.io/v1beta2".
std::string ApiVersionOf(const std::string& path) {
  const size_t start = absl::StartsWith(path, "/apis/") ? 6 : 5;
  return path.substr(start, path.rfind('/') - start);
}

std::string StatusText(int code, const std::string& reason, const std::string& message) {
  return json({{"kind", "Status"}, {"code", code}, {"reason", reason}, {"message", message}}).dump();
}

std::string Line(const std::string& type, const json& object) {
  return json({{"type", type}, {"object", object}}).dump() + "\n";
}

std::string Chunk(const std::string& bytes) { return absl::StrFormat("%x\r\n%s\r\n", bytes.size(), bytes); }

std::string Unescaped(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      plain += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      plain.push_back(text[i]);
    }
  }
  return plain;
}

uint64_t NumberOr(const std::string& text, uint64_t otherwise) {
  uint64_t number = 0;
  return absl::SimpleAtoi(text, &number) ? number : otherwise;
}

// The same for the same seed on every machine.
uint64_t Mix(uint64_t seed, const std::string& text, uint64_t number) {
  uint64_t hash = seed * 0x9e3779b97f4a7c15u + number;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  hash ^= hash >> 31;
  hash *= 0xbf58476d1ce4e5b9u;
  return hash ^ (hash >> 29);
}

}  // namespace

HostileApiServer::HostileApiServer(ClusterHistory* history, uint64_t seed, int faults)
    : history_(history), seed_(seed), faults_(faults) {
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

HostileApiServer::~HostileApiServer() {
  stopping_ = true;
  accepting_.join();
  for (Connection& connection : connections_) connection.thread.join();
  close(listener_);
}

kube::ApiEndpoint HostileApiServer::endpoint() const {
  kube::ApiEndpoint endpoint;
  endpoint.tls = false;
  endpoint.host = "127.0.0.1";
  endpoint.port = port_;
  return endpoint;
}

void HostileApiServer::Always(const std::string& prefix, Fault fault) {
  absl::MutexLock lock(&mutex_);
  if (fault == Fault::kNone) {
    always_.erase(prefix);
  } else {
    always_[prefix] = fault;
  }
}

int HostileApiServer::Requests(const std::string& prefix) const {
  absl::MutexLock lock(&mutex_);
  int count = 0;
  for (const auto& [path, times] : asked_) count += absl::StartsWith(path, prefix) ? times : 0;
  return count;
}

std::map<Fault, int> HostileApiServer::faults_met() const {
  absl::MutexLock lock(&mutex_);
  return met_;
}

Fault HostileApiServer::FaultFor(const std::string& path, bool in_watch) {
  absl::MutexLock lock(&mutex_);
  const int number = in_watch ? ++asked_["watching " + path] : ++asked_[path];
  Fault fault = Fault::kNone;
  const uint64_t chance = Mix(seed_, path, static_cast<uint64_t>(number) * 2 + (in_watch ? 1 : 0));
  if (static_cast<int>(chance % 100) < faults_) {
    const int first = in_watch ? static_cast<int>(Fault::kErrorEvent) : 1;
    const int end = static_cast<int>(in_watch ? Fault::kCount : Fault::kErrorEvent);
    fault = static_cast<Fault>(first + static_cast<int>(chance / 100 % static_cast<uint64_t>(end - first)));
  }
  for (const auto& [prefix, always] : always_) {
    const bool of_watch = always >= Fault::kErrorEvent;
    if (absl::StartsWith(path, prefix) && of_watch == in_watch) fault = always;
  }
  if (fault != Fault::kNone) ++met_[fault];
  return fault;
}

void HostileApiServer::Accept() {
  while (!stopping_) {
    pollfd waiting = {listener_, POLLIN, 0};
    if (poll(&waiting, 1, 20) <= 0) continue;
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) continue;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval patience = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    connections_.remove_if([](Connection& connection) {
      if (!connection.over) return false;
      connection.thread.join();
      return true;
    });
    Connection& connection = connections_.emplace_back();
    connection.thread = std::thread([this, fd, &connection] {
      Serve(fd);
      connection.over = true;
    });
  }
}

void HostileApiServer::Serve(int fd) {
  std::string pending;
  Request request;
  const int kept_closed = kept_closed_;
  while (ReadRequest(fd, &pending, &request) && kept_closed == kept_closed_ && Answer(fd, request)) {
  }
  close(fd);
}

bool HostileApiServer::ReadRequest(int fd, std::string* pending, Request* request) {
  const int idle_closed = idle_closed_;
  while (pending->find("\r\n\r\n") == std::string::npos) {
    pollfd waiting = {fd, POLLIN, 0};
    if (stopping_ || (idle_closed != idle_closed_ && pending->empty())) return false;
    if (poll(&waiting, 1, 20) == 0) continue;
    char bytes[4096];
    const ssize_t count = recv(fd, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    pending->append(bytes, static_cast<size_t>(count));
  }
  const std::vector<std::string> line = absl::StrSplit(pending->substr(0, pending->find("\r\n")), ' ');
  pending->erase(0, pending->find("\r\n\r\n") + 4);
  if (line.size() != 3 || line[0] != "GET") return false;
  const std::vector<std::string> target = absl::StrSplit(line[1], absl::MaxSplits('?', 1));
  *request = {target[0], {}};
  if (target.size() < 2) return true;
  for (absl::string_view pair : absl::StrSplit(target[1], '&')) {
    const std::pair<std::string, std::string> split = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    request->query[split.first] = Unescaped(split.second);
  }
  return true;
}

bool HostileApiServer::Send(int fd, const std::string& bytes) const {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<size_t>(count);
  }
  return true;
}

bool HostileApiServer::SendAnswer(int fd, int status, const std::string& body, const std::string& headers) const {
  return Send(fd, absl::StrCat("HTTP/1.1 ", status, " Whatever\r\n", headers, "Content-Length: ", body.size(),
                               "\r\n\r\n", body));
}

// A byte each step, until the client has enough of it.
void HostileApiServer::Drip(int fd, const std::string& bytes) const {
  const kube::SteadyTime end = kube::After(kForever);
  for (size_t i = 0; !stopping_ && kube::SteadyNow() < end; ++i) {
    if (!Send(fd, std::string(1, i < bytes.size() ? bytes[i] : 'x'))) return;
    absl::SleepFor(kStep);
  }
}

bool HostileApiServer::Misbehave(int fd, Fault fault, const std::string& kind) {
  constexpr char kPage[] = "<html><body>404: no such backend</body></html>";
  const auto list_of = [](const std::string& of, const json& items) {
    return json({{"kind", of + "List"},
                 {"apiVersion", "kueue.x-k8s.io/v1beta2"},
                 {"metadata", {{"resourceVersion", "1000001"}}},
                 {"items", items}})
        .dump();
  };
  switch (fault) {
    case Fault::kNotFound:
      return SendAnswer(fd, 404, StatusText(404, "NotFound", "the server could not find the requested resource"));
    case Fault::kHtmlNotFound:
      return SendAnswer(fd, 404, kPage);
    case Fault::kHtml:
      return SendAnswer(fd, 200, kPage);
    case Fault::kGone:
      return SendAnswer(fd, 410, StatusText(410, "Expired", "too old resource version"));
    case Fault::kBusy:
      return SendAnswer(fd, 429, StatusText(429, "TooManyRequests", "try later"), "Retry-After: 0\r\n");
    case Fault::kBroken:
      return SendAnswer(fd, 500, StatusText(500, "InternalError", "etcdserver: leader changed"));
    case Fault::kTooLarge:
      return SendAnswer(fd, 504, StatusText(504, "Timeout", "Too large resource version: 7, current: 3"));
    case Fault::kGarbage:
      Send(fd, "\x16\x03\x01\x02 0xdeadbeef\r\n\r\n");
      return false;
    case Fault::kTruncated:
      Send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{\"kind\":\"NamespaceList\",\"items\":[");
      return false;
    case Fault::kDripHead:
      Drip(fd, "HTTP/1.1 200 OK\r\nX-Drip: ");
      return false;
    case Fault::kDripBody:
      Drip(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n{\"kind\":\"");
      return false;
    case Fault::kSilent:
      for (const kube::SteadyTime end = kube::After(kForever); !stopping_ && kube::SteadyNow() < end;) {
        pollfd closed = {fd, POLLIN, 0};
        if (poll(&closed, 1, 20) > 0) break;
      }
      return false;
    case Fault::kEndlessHead:
      Send(fd, "HTTP/1.1 200 OK\r\n");
      for (int i = 0; i < 4000 && Send(fd, absl::StrCat("X-", i, ": ", std::string(100, 'x'), "\r\n")); ++i) {
      }
      return false;
    case Fault::kEndlessChunk:
      Send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
      for (int i = 0; i < 4000 && Send(fd, std::string(1000, 'x')); ++i) {
      }
      return false;
    case Fault::kWrongKind:
      return SendAnswer(fd, 200, list_of("Secret", json::array()));
    case Fault::kNamesMissing:
      return SendAnswer(fd, 200, list_of(kind, {{{"metadata", {{"resourceVersion", "1000001"}}}}}));
    case Fault::kWrongTypes:
      return SendAnswer(
          fd, 200,
          list_of(kind, {{{"metadata", {{"name", 7}, {"labels", {"a", "b"}}, {"resourceVersion", "1000001"}}}}}));
    case Fault::kTooDeep:
      return SendAnswer(fd, 200, std::string(100'000, '[') + std::string(100'000, ']'));
    default:  // kClosed
      return false;
  }
}

std::string HostileApiServer::Discovery(const std::string& path) const {
  json groups = {{{"name", "apps"}, {"versions", {{{"version", "v1"}}}}}};
  std::set<std::string> seen;
  json resources = json::array();
  for (const std::string& collection : history_->installed()) {
    const std::string version = ApiVersionOf(collection);
    const size_t slash = version.find('/');
    if (slash != std::string::npos && seen.insert(version).second) {
      groups.push_back({{"name", version.substr(0, slash)}, {"versions", {{{"version", version.substr(slash + 1)}}}}});
    }
    if (collection.substr(0, collection.rfind('/')) == path) {
      resources.push_back({{"name", collection.substr(collection.rfind('/') + 1)}, {"kind", KindOf(collection)}});
    }
  }
  if (path == "/apis") return json({{"kind", "APIGroupList"}, {"groups", groups}}).dump();
  if (resources.empty()) return "";
  return json({{"kind", "APIResourceList"}, {"groupVersion", ApiVersionOf(path + "/")}, {"resources", resources}})
      .dump();
}

bool HostileApiServer::Answer(int fd, const Request& request) {
  const Fault fault = FaultFor(request.path, false);
  if (fault != Fault::kNone) return Misbehave(fd, fault, KindOf(request.path));
  if (const std::string discovery = Discovery(request.path); !discovery.empty()) {
    return SendAnswer(fd, 200, discovery);
  }
  if (absl::StrContains(request.path, "/namespaces/")) return Get(fd, request);
  if (!history_->installed().contains(request.path)) return SendAnswer(fd, 404, "404 page not found\n");
  return request.query.contains("watch") ? Watch(fd, request) : List(fd, request);
}

// "/apis/batch/v1/namespaces/team-a/jobs/j"
bool HostileApiServer::Get(int fd, const Request& request) {
  const std::pair<std::string, std::string> split = absl::StrSplit(request.path, absl::MaxSplits("/namespaces/", 1));
  const std::vector<std::string> parts = absl::StrSplit(split.second, '/');
  uint64_t version = 0;
  const auto objects =
      parts.size() == 3 ? history_->At(absl::StrCat(split.first, "/", parts[1]), 0, &version) : std::nullopt;
  if (objects.has_value()) {
    const auto found = objects->find(absl::StrCat(parts[0], "/", parts[2]));
    if (found != objects->end()) return SendAnswer(fd, 200, found->second.dump());
  }
  return SendAnswer(fd, 404, StatusText(404, "NotFound", "not found"));
}

bool HostileApiServer::List(int fd, const Request& request) {
  const auto value = [&](const char* key) {
    const auto found = request.query.find(key);
    return found == request.query.end() ? std::string() : found->second;
  };
  // "version/=+ last name": a token with everything that has to be escaped.
  const std::vector<std::string> token = absl::StrSplit(value("continue"), "/=+ ");
  uint64_t version = 0;
  const auto objects = history_->At(request.path, NumberOr(token[0], 0), &version);
  if (!objects.has_value()) return SendAnswer(fd, 410, StatusText(410, "Expired", "the continue token is too old"));
  const std::string after = token.size() > 1 ? token[1] : "";
  const size_t limit = NumberOr(value("limit"), 500);
  json list = {{"kind", KindOf(request.path) + "List"},
               {"apiVersion", ApiVersionOf(request.path)},
               {"metadata", {{"resourceVersion", std::to_string(version)}}},
               {"items", json::array()}};
  for (const auto& [name, object] : *objects) {
    if (name <= after) continue;
    if (list["items"].size() == limit) {
      const json& last = list["items"].back()["metadata"];
      list["metadata"]["continue"] =
          absl::StrCat(version, "/=+ ", last.value("namespace", ""), "/", last.value("name", ""));
      break;
    }
    list["items"].push_back(object);
  }
  return SendAnswer(fd, 200, list.dump());
}

bool HostileApiServer::Watch(int fd, const Request& request) {
  const auto from = request.query.find("resourceVersion");
  uint64_t last = from == request.query.end() ? 0 : NumberOr(from->second, 0);
  const uint64_t generation = history_->generation();
  const int watches_ended = watches_ended_;
  const ClusterHistory::Answer now = history_->After(request.path, last, generation + 1, absl::ZeroDuration());
  if (last < now.oldest) return SendAnswer(fd, 410, StatusText(410, "Expired", "too old resource version"));
  if (last > now.version) return SendAnswer(fd, 504, StatusText(504, "Timeout", "Too large resource version"));
  if (!Send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")) return false;
  const std::string kind = KindOf(request.path);
  std::string before;  // the last event that was sent
  const auto bookmark = [&](uint64_t version) {
    return Line("BOOKMARK", {{"kind", kind}, {"metadata", {{"resourceVersion", std::to_string(version)}}}});
  };
  while (!stopping_) {
    ClusterHistory::Answer next = history_->After(request.path, last, generation, kStep);
    if (next.generation != generation || watches_ended != watches_ended_) return Send(fd, "0\r\n\r\n");
    if (next.oldest > last) {  // what happened in between is forgotten
      Send(fd, Chunk(Line("ERROR", json::parse(StatusText(410, "Expired", "too old resource version")))));
      return Send(fd, "0\r\n\r\n");
    }
    std::vector<std::string> lines;
    for (const ClusterHistory::Event& event : next.events) lines.push_back(Line(event.type, event.object));
    if (lines.empty()) lines.push_back(bookmark(next.version));
    const uint64_t version = next.version;
    switch (FaultFor(request.path, true)) {
      case Fault::kErrorEvent:
        Send(fd, Chunk(Line("ERROR", json::parse(StatusText(410, "Expired", "too old resource version")))));
        return Send(fd, "0\r\n\r\n");
      case Fault::kGarbageEvent:
        lines.insert(lines.begin(), "{\"type\":\"ADDED\",\"object\":\x01\xff}\n");
        break;
      case Fault::kHalfEvent:
        Send(fd, Chunk(lines[0].substr(0, lines[0].size() / 2)));
        return Send(fd, "0\r\n\r\n");
      case Fault::kWrongEvent:
        lines.insert(lines.begin(), Line("MODIFIED", {{"metadata", {{"labels", "none"}}}}));
        break;
      case Fault::kTwice:
        if (!before.empty()) lines.insert(lines.begin(), before);
        break;
      case Fault::kSwapped:
        if (lines.size() > 1) std::swap(lines[0], lines[1]);
        break;
      case Fault::kCutOff:
        Send(fd, Chunk(lines[0]));
        return false;
      case Fault::kShortWatch:
        return Send(fd, "0\r\n\r\n");
      default:
        break;
    }
    for (const std::string& line : lines) {
      if (!Send(fd, Chunk(line))) return false;
    }
    if (!next.events.empty()) before = lines.back();
    last = version;
  }
  return false;
}

}  // namespace muster::webhook
