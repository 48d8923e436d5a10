#include "kube/testing/http/http_api_server.h"

#include <httplib.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "api/yaml.h"
#include "kube/testing/answers.h"
#include "kube/testing/http/discovery_documents.h"
#include "webhook/tls/openssl_ptr.h"
#include "webhook/tls/tls.h"

namespace muster::kube::testing {
namespace {

using nlohmann::json;

constexpr int kThreads = 256;  // a watch holds one, and so does a connection that is kept
constexpr size_t kMaxSnapshots = 64;
constexpr int kMaxWatchSeconds = 600;

json StatusOf(const Response& response) {
  return {{"kind", "Status"},     {"apiVersion", "v1"},          {"metadata", json::object()},
          {"status", "Failure"},  {"message", response.message}, {"reason", response.reason},
          {"code", response.code}};
}

json ServerCannotFind() {
  return StatusOf(Refusal(404, "NotFound", "the server could not find the requested resource"));
}

uint64_t VersionOf(const std::string& text) {
  uint64_t version = 0;
  return absl::SimpleAtoi(text, &version) ? version : 0;
}

std::string Line(const char* type, const json& object) {
  return json({{"type", type}, {"object", object}}).dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

const char* TypeText(WatchEvent::Type type) {
  switch (type) {
    case WatchEvent::Type::kAdded:
      return "ADDED";
    case WatchEvent::Type::kModified:
      return "MODIFIED";
    case WatchEvent::Type::kDeleted:
      break;
  }
  return "DELETED";
}

}  // namespace

struct HttpApiServer::Query {
  bool watch = false;
  std::string version;  // resourceVersion
  std::string token;    // continue
  size_t limit = 0;
  int seconds = 0;  // timeoutSeconds
};

struct HttpApiServer::Http {
  webhook::KeyPair pair;
  std::unique_ptr<httplib::Server> server;
  int port = 0;
  std::thread thread;

  explicit Http(HttpApiServer* face, bool tls) {
    if (tls) {
      pair = *webhook::MakeSelfSigned({"127.0.0.1"}, absl::Now(), absl::Hours(24));
      webhook::BioPtr certificate_bio(
          BIO_new_mem_buf(pair.certificate.data(), static_cast<int>(pair.certificate.size())));
      webhook::BioPtr key_bio(BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size())));
      webhook::X509Ptr certificate(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
      webhook::EvpKeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
      server = std::make_unique<httplib::SSLServer>(certificate.get(), key.get());
    } else {
      server = std::make_unique<httplib::Server>();
    }
    server->new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server->set_tcp_nodelay(true);
    server->set_keep_alive_max_count(1'000'000);
    const auto handle = [face, this](const httplib::Request& req, httplib::Response& res) { Handle(face, req, res); };
    server->Get(".*", handle).Post(".*", handle).Put(".*", handle).Patch(".*", handle).Delete(".*", handle);
    port = server->bind_to_any_port("127.0.0.1");
    thread = std::thread([this] { server->listen_after_bind(); });
    while (!server->is_running()) absl::SleepFor(absl::Milliseconds(1));
  }
  ~Http() {
    server->stop();
    thread.join();
  }

  static void Reply(httplib::Response& res, int status, const json& body) {
    res.status = status;
    res.set_content(body.dump(), "application/json");
  }
  void Handle(HttpApiServer* face, const httplib::Request& req, httplib::Response& res);
  void Watch(HttpApiServer* face, const Request& request, const Query& query, httplib::Response& res);
};

HttpApiServer::HttpApiServer(HttpApiServerOptions options) : options_(std::move(options)) {
  {
    absl::MutexLock lock(&mutex_);
    token_ = options_.token;
    if (options_.admission) {
      admission_ = options_.admission(&server_);
      server_.set_admission(admission_.get());
    }
    if (options_.cluster) cluster_ = std::make_unique<Cluster>(&server_);
  }
  for (const char* name : {"default", "kube-system", "kueue-system"}) {
    Do("POST", "/api/v1/namespaces",
       {{"apiVersion", "v1"},
        {"kind", "Namespace"},
        {"metadata", {{"name", name}, {"labels", {{"kubernetes.io/metadata.name", name}}}}}});
  }
  http_ = std::make_unique<Http>(this, options_.tls);
  if (options_.cluster) running_ = std::thread([this] { RunCluster(); });
}

HttpApiServer::~HttpApiServer() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (running_.joinable()) running_.join();
  http_.reset();
}

ApiEndpoint HttpApiServer::endpoint() const {
  ApiEndpoint endpoint;
  endpoint.tls = options_.tls;
  endpoint.host = "127.0.0.1";
  endpoint.port = http_->port;
  endpoint.ca = http_->pair.ca;
  absl::MutexLock lock(&mutex_);
  endpoint.token = token_;
  return endpoint;
}

std::string HttpApiServer::Kubeconfig() const {
  const ApiEndpoint at = endpoint();
  json cluster = {{"server", absl::StrCat(at.tls ? "https" : "http", "://", at.host, ":", at.port)}};
  if (at.tls) cluster["certificate-authority-data"] = absl::Base64Escape(at.ca);
  return json({{"apiVersion", "v1"},
               {"kind", "Config"},
               {"current-context", "test"},
               {"contexts", {{{"name", "test"}, {"context", {{"cluster", "test"}, {"user", "test"}}}}}},
               {"clusters", {{{"name", "test"}, {"cluster", cluster}}}},
               {"users", {{{"name", "test"}, {"user", {{"token", at.token}}}}}}})
      .dump(2);
}

void HttpApiServer::RunCluster() {
  constexpr absl::Duration kMost = absl::Milliseconds(100);
  for (;;) {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return;
    cluster_->Step(absl::Now());
    const size_t seen = server_.changes().size();
    const auto woken = [&] {
      mutex_.AssertReaderHeld();
      return stopping_ || server_.changes().size() != seen;
    };
    const absl::Duration next = cluster_->NextTime() - absl::Now();
    mutex_.AwaitWithTimeout(absl::Condition(&woken), std::clamp(next, absl::ZeroDuration(), kMost));
  }
}

Response HttpApiServer::Handle(const Request& request, const std::string& who) {
  absl::MutexLock lock(&mutex_);
  return server_.Handle(request, {who}, absl::Now());
}

Response HttpApiServer::Do(absl::string_view method, absl::string_view path, json body) {
  const absl::string_view type = method == "PATCH" ? "application/merge-patch+json" : "";
  const absl::StatusOr<Request> request = FromHttp(method, path, type, body.is_null() ? "" : body.dump());
  if (!request.ok()) return BadRequest(std::string(request.status().message()));
  return Handle(*request);
}

absl::Status HttpApiServer::Create(absl::string_view yaml) {
  for (api::YamlDocument& document : api::ParseYaml(yaml)) {
    if (!document.error.empty()) return absl::InvalidArgumentError(document.error);
    const json& object = document.value;
    Request request;
    request.verb = Verb::kCreate;
    request.key.type = FindByApiVersion(object.value("apiVersion", ""), object.value("kind", ""));
    if (request.key.type == nullptr) return absl::InvalidArgumentError(absl::StrCat("no such type: ", object.dump()));
    request.key.ns = object["metadata"].value("namespace", "");
    request.body = object;
    Response response = Handle(request);
    const json status = object.value("status", json());
    if (response.ok() && !status.is_null() && request.key.type->has_status) {
      request.verb = Verb::kMergePatch;
      request.key.name = object["metadata"].value("name", "");
      request.subresource = "status";
      request.body = {{"status", status}};
      response = Handle(request);
    }
    if (!response.ok()) return absl::InvalidArgumentError(absl::StrCat(Summary(request), ": ", response.message));
  }
  return absl::OkStatus();
}

ObjectPtr HttpApiServer::Find(const ObjectKey& key) const {
  absl::MutexLock lock(&mutex_);
  return server_.Find(key);
}

std::vector<ObjectPtr> HttpApiServer::List(const ResourceType& type, absl::string_view ns) const {
  absl::MutexLock lock(&mutex_);
  return server_.List(type, ns);
}

void HttpApiServer::Uninstall(const ResourceType& type) {
  absl::MutexLock lock(&mutex_);
  not_installed_.insert(&type);
  ++generation_;
}

void HttpApiServer::Install(const ResourceType& type) {
  absl::MutexLock lock(&mutex_);
  not_installed_.erase(&type);
}

void HttpApiServer::EndWatches() {
  absl::MutexLock lock(&mutex_);
  ++generation_;
}

void HttpApiServer::Expire() {
  absl::MutexLock lock(&mutex_);
  oldest_ = server_.changes().size();
  snapshots_.clear();
  ++generation_;
}

void HttpApiServer::FailWith(int status, int retry_after) {
  absl::MutexLock lock(&mutex_);
  fail_ = status;
  retry_after_ = retry_after;
  if (status != 0) ++generation_;
}

void HttpApiServer::SlowDown(absl::Duration delay) {
  absl::MutexLock lock(&mutex_);
  delay_ = delay;
}

void HttpApiServer::TakeToken(const std::string& token) {
  absl::MutexLock lock(&mutex_);
  token_ = token;
}

void HttpApiServer::Allow(std::function<bool(const Access&)> allowed) {
  absl::MutexLock lock(&mutex_);
  allowed_ = std::move(allowed);
}

std::map<Access, int> HttpApiServer::asked() const {
  absl::MutexLock lock(&mutex_);
  return asked_;
}

std::string HttpApiServer::Version() const {
  return server_.changes().empty() ? "1000" : server_.changes().back().object->resource_version();
}

json HttpApiServer::Refused(const Access& access, const ResourceType& type) {
  ++asked_[{access.verb, access.group, access.resource}];
  if (allowed_ && !allowed_(access)) {
    return StatusOf(Refusal(403, "Forbidden",
                            absl::StrCat(Resource(type), " is forbidden: cannot ", access.verb, " resource \"",
                                         access.resource, "\" in API group \"", access.group, "\"")));
  }
  if (not_installed_.contains(&type)) return ServerCannotFind();
  return nullptr;
}

std::pair<int, std::string> HttpApiServer::ListPage(const Request& request, const Query& query) {
  Snapshot whole;
  size_t at = 0;
  std::string id;
  if (query.token.empty()) {
    whole = {server_.List(*request.key.type, request.key.ns), Version()};
    id = absl::StrCat("s", requests_.load());
  } else {
    const std::pair<std::string, std::string> parts = absl::StrSplit(query.token, absl::MaxSplits('/', 1));
    const auto found = snapshots_.find(parts.first);
    if (found == snapshots_.end() || !absl::SimpleAtoi(parts.second, &at)) {
      return {410, StatusOf(Refusal(410, "Expired", "the provided continue parameter is too old")).dump()};
    }
    id = parts.first;
    whole = found->second;
  }
  const size_t end = query.limit == 0 ? whole.objects.size() : std::min(whole.objects.size(), at + query.limit);
  json list = {{"kind", absl::StrCat(request.key.type->kind, "List")},
               {"apiVersion", request.key.type->ApiVersion()},
               {"metadata", {{"resourceVersion", whole.version}}},
               {"items", json::array()}};
  for (; at < end; ++at) list["items"].push_back(whole.objects[at]->value());
  if (at < whole.objects.size()) {
    list["metadata"]["continue"] = absl::StrCat(id, "/", at);
    if (snapshots_.size() >= kMaxSnapshots) snapshots_.erase(snapshots_.begin());
    snapshots_[id] = std::move(whole);
  } else {
    snapshots_.erase(id);
  }
  return {200, list.dump()};
}

std::pair<int, std::string> HttpApiServer::Answer(const std::string& method, const std::string& path,
                                                  const std::string& content_type, const std::string& body,
                                                  const std::string& who, const Query& query) {
  absl::MutexLock lock(&mutex_);
  const std::string plain = path.substr(0, path.find('?'));
  if (method == "GET") {
    if (const json document = DiscoveryDocument(plain, not_installed_); !document.is_null()) {
      return {200, document.dump()};
    }
  }
  const absl::StatusOr<Request> request = FromHttp(method, method == "GET" ? plain : path, content_type, body);
  if (!request.ok()) {
    if (method == "GET") return {404, ServerCannotFind().dump()};
    return {400, StatusOf(BadRequest(std::string(request.status().message()))).dump()};
  }
  const ResourceType& type = *request->key.type;
  const bool list = request->verb == Verb::kGet && request->key.name.empty();
  Access access = AccessOf(*request);
  if (list) access.verb = "list";
  if (const json refusal = Refused(access, type); !refusal.is_null()) return {refusal["code"], refusal.dump()};
  if (list) return ListPage(*request, query);
  const Response response = server_.Handle(*request, {who}, absl::Now());
  return {response.code, (response.ok() ? response.object : StatusOf(response)).dump()};
}

void HttpApiServer::Http::Handle(HttpApiServer* face, const httplib::Request& req, httplib::Response& res) {
  ++face->requests_;
  Query query;
  query.watch = req.get_param_value("watch") == "true";
  query.version = req.get_param_value("resourceVersion");
  query.token = req.get_param_value("continue");
  query.limit = std::strtoul(req.get_param_value("limit").c_str(), nullptr, 10);
  query.seconds = std::atoi(req.get_param_value("timeoutSeconds").c_str());
  absl::Duration delay;
  {
    absl::MutexLock lock(&face->mutex_);
    delay = face->delay_;
    if (req.get_header_value("Authorization") != "Bearer " + face->token_) {
      return Reply(res, 401, StatusOf(Refusal(401, "Unauthorized", "Unauthorized")));
    }
    if (face->fail_ != 0) {
      if (face->retry_after_ > 0) res.set_header("Retry-After", std::to_string(face->retry_after_));
      return Reply(res, face->fail_, StatusOf(Refusal(face->fail_, "Unwell", "the server is unwell")));
    }
  }
  absl::SleepFor(delay);
  if (query.watch) {
    const absl::StatusOr<Request> request = FromHttp("GET", req.path, "", "");
    if (!request.ok() || !request->key.name.empty()) return Reply(res, 404, ServerCannotFind());
    return Watch(face, *request, query, res);
  }
  std::string who = req.get_header_value("User-Agent");
  who = who.substr(0, who.find('/'));
  const auto [status, body] = face->Answer(req.method, req.target, req.get_header_value("Content-Type"), req.body,
                                           who.empty() ? "unknown" : who, query);
  res.status = status;
  res.set_content(body, "application/json");
}

void HttpApiServer::Http::Watch(HttpApiServer* face, const Request& request, const Query& query,
                                httplib::Response& res) {
  const ResourceType& type = *request.key.type;
  size_t cursor = 0;
  int generation = 0;
  {
    absl::MutexLock lock(&face->mutex_);
    Access access = AccessOf(request);
    access.verb = "watch";
    if (const json refusal = face->Refused(access, type); !refusal.is_null()) {
      return Reply(res, refusal["code"], refusal);
    }
    const std::vector<WatchEvent>& changes = face->server_.changes();
    const auto after = std::upper_bound(
        changes.begin(), changes.end(), VersionOf(query.version),
        [](uint64_t version, const WatchEvent& e) { return version < VersionOf(e.object->resource_version()); });
    cursor = static_cast<size_t>(after - changes.begin());
    generation = face->generation_;
    if (cursor < face->oldest_) {
      return Reply(res, 410,
                   StatusOf(Refusal(410, "Expired", absl::StrCat("too old resource version: ", query.version))));
    }
  }
  const int seconds = query.seconds > 0 ? std::min(query.seconds, kMaxWatchSeconds) : kMaxWatchSeconds;
  const absl::Time end_time = absl::Now() + absl::Seconds(seconds);
  absl::Time bookmark = absl::Now() + face->options_.bookmark_interval;
  res.status = 200;
  res.set_chunked_content_provider("application/json", [face, &type, ns = request.key.ns, cursor, generation, end_time,
                                                        bookmark](size_t, httplib::DataSink& sink) mutable {
    std::string lines;
    bool end = false;
    {
      absl::MutexLock lock(&face->mutex_);
      const auto something = [&] {
        face->mutex_.AssertReaderHeld();
        return face->stopping_ || generation != face->generation_ || face->server_.changes().size() > cursor;
      };
      face->mutex_.AwaitWithTimeout(absl::Condition(&something), absl::Milliseconds(100));
      end = face->stopping_ || generation != face->generation_ || absl::Now() >= end_time;
      // What happened after the end is for the next watch to tell.
      for (; !end && cursor < face->server_.changes().size(); ++cursor) {
        const WatchEvent& event = face->server_.changes()[cursor];
        if (&event.object->type() != &type || (!ns.empty() && event.object->ns() != ns)) continue;
        lines += Line(TypeText(event.type), event.object->value());
      }
      if (!end && absl::Now() >= bookmark) {
        bookmark = absl::Now() + face->options_.bookmark_interval;
        lines += Line("BOOKMARK", {{"kind", std::string(type.kind)},
                                   {"apiVersion", type.ApiVersion()},
                                   {"metadata", {{"resourceVersion", face->Version()}}}});
      }
    }
    if (!lines.empty() && !sink.write(lines.data(), lines.size())) return false;
    if (end) sink.done();
    return true;
  });
}

}  // namespace muster::kube::testing
