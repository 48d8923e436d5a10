#include "kube/client/fake_api_server.h"

#include <openssl/pem.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "webhook/tls/openssl_ptr.h"

namespace muster::kube {

using nlohmann::json;
using webhook::BioPtr;
using webhook::EvpKeyPtr;
using webhook::X509Ptr;

namespace {

json Status(int code, const std::string& reason, const std::string& message) {
  return {{"kind", "Status"}, {"apiVersion", "v1"}, {"status", "Failure"},
          {"code", code},     {"reason", reason},   {"message", message}};
}

// The kinds that tests put into collections, and anything else.
std::string KindOf(const std::string& plural) {
  static const auto& kinds =
      *new std::map<std::string, std::string>{{"namespaces", "Namespace"},
                                              {"localqueues", "LocalQueue"},
                                              {"clusterqueues", "ClusterQueue"},
                                              {"admissionchecks", "AdmissionCheck"},
                                              {"workloadpriorityclasses", "WorkloadPriorityClass"},
                                              {"trainingruntimes", "TrainingRuntime"},
                                              {"clustertrainingruntimes", "ClusterTrainingRuntime"}};
  const auto found = kinds.find(plural);
  return found == kinds.end() ? "Other" : found->second;
}

// "/apis/kueue.x-k8s.io/v1beta2/localqueues": {"/apis/kueue.x-k8s.io/v1beta2", "localqueues"}.
std::pair<std::string, std::string> Split(const std::string& path) {
  const size_t slash = path.rfind('/');
  return {path.substr(0, slash), path.substr(slash + 1)};
}

// "/apis/kueue.x-k8s.io/v1beta2": "kueue.x-k8s.io/v1beta2"; "/api/v1": "v1".
std::string ApiVersionOf(const std::string& group_path) {
  return group_path.substr(absl::StartsWith(group_path, "/apis/") ? 6 : 5);
}

void Reply(httplib::Response& res, int status, const json& body) {
  res.status = status;
  res.set_content(body.dump(), "application/json");
}

}  // namespace

FakeApiServer::FakeApiServer() {
  pair_ = *webhook::MakeSelfSigned({"127.0.0.1"}, absl::Now(), absl::Hours(1));
  BioPtr certificate_bio(BIO_new_mem_buf(pair_.certificate.data(), static_cast<int>(pair_.certificate.size())));
  BioPtr key_bio(BIO_new_mem_buf(pair_.key.data(), static_cast<int>(pair_.key.size())));
  X509Ptr certificate(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  EvpKeyPtr key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  server_ = std::make_unique<httplib::SSLServer>(certificate.get(), key.get());
  server_->new_task_queue = [] { return new httplib::ThreadPool(32); };  // each watch holds one
  server_->set_tcp_nodelay(true);
  server_->set_pre_routing_handler([this](const httplib::Request& req, httplib::Response& res) {
    Handle(req, res);
    return httplib::Server::HandlerResponse::Handled;
  });
  port_ = server_->bind_to_any_port("127.0.0.1");
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  while (!server_->is_running()) absl::SleepFor(absl::Milliseconds(1));
}

FakeApiServer::~FakeApiServer() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  server_->stop();
  thread_.join();
}

ApiEndpoint FakeApiServer::endpoint() const {
  ApiEndpoint endpoint;
  endpoint.host = "127.0.0.1";
  endpoint.port = port_;
  endpoint.ca = pair_.ca;
  absl::MutexLock lock(&mutex_);
  endpoint.token = token_;
  return endpoint;
}

void FakeApiServer::AddCollection(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  collections_[path];
}

void FakeApiServer::Record(const std::string& path, const char* type, json object) {
  collections_.at(path).events.push_back(
      {version_, json({{"type", type}, {"object", std::move(object)}}).dump() + "\n"});
}

void FakeApiServer::Put(const std::string& collection, const std::string& ns, const std::string& name, json object) {
  absl::MutexLock lock(&mutex_);
  object["metadata"]["name"] = name;
  if (!ns.empty()) object["metadata"]["namespace"] = ns;
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  auto& objects = collections_.at(collection).objects;
  const bool known = objects.contains(ns + "/" + name);
  objects[ns + "/" + name] = object;
  Record(collection, known ? "MODIFIED" : "ADDED", object);
}

void FakeApiServer::Delete(const std::string& collection, const std::string& ns, const std::string& name) {
  absl::MutexLock lock(&mutex_);
  auto& objects = collections_.at(collection).objects;
  json object = objects.at(ns + "/" + name);
  objects.erase(ns + "/" + name);
  object["metadata"]["resourceVersion"] = std::to_string(++version_);
  Record(collection, "DELETED", object);
}

void FakeApiServer::PutPath(const std::string& path, json body) {
  absl::MutexLock lock(&mutex_);
  paths_[path] = std::move(body);
}

void FakeApiServer::DeletePath(const std::string& path) {
  absl::MutexLock lock(&mutex_);
  paths_.erase(path);
}

void FakeApiServer::ExpireWatches(bool as_event) {
  absl::MutexLock lock(&mutex_);
  oldest_ = ++version_;
  expire_as_event_ = as_event;
  for (auto& [path, collection] : collections_) collection.events.clear();
  ++watch_generation_;
}

void FakeApiServer::EndWatches() {
  absl::MutexLock lock(&mutex_);
  ++watch_generation_;
}

void FakeApiServer::FailWith(int status) {
  absl::MutexLock lock(&mutex_);
  fail_ = status;
  ++watch_generation_;
}

void FakeApiServer::SlowDown(absl::Duration delay) {
  absl::MutexLock lock(&mutex_);
  delay_ = delay;
}

void FakeApiServer::TakeToken(const std::string& token) {
  absl::MutexLock lock(&mutex_);
  token_ = token;
}

int FakeApiServer::Requests(const std::string& prefix) const {
  absl::MutexLock lock(&mutex_);
  int count = 0;
  for (const auto& [path, query] : requests_) count += absl::StartsWith(path, prefix);
  return count;
}

std::vector<std::string> FakeApiServer::Queries(const std::string& path) const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> queries;
  for (const auto& [requested, query] : requests_) {
    if (requested == path) queries.push_back(query);
  }
  return queries;
}

void FakeApiServer::Handle(const httplib::Request& req, httplib::Response& res) {
  absl::Duration delay;
  {
    absl::MutexLock lock(&mutex_);
    std::string query;
    for (const auto& [key, value] : req.params) absl::StrAppend(&query, key, "=", value, "&");
    requests_.emplace_back(req.path, query);
    delay = delay_;
  }
  absl::SleepFor(delay);
  absl::ReleasableMutexLock lock(&mutex_);
  if (req.get_header_value("Authorization") != "Bearer " + token_) {
    return Reply(res, 401, Status(401, "Unauthorized", "Unauthorized"));
  }
  if (fail_ != 0) return Reply(res, fail_, Status(fail_, "InternalError", "the server is unwell"));
  if (const auto path = paths_.find(req.path); path != paths_.end()) return Reply(res, 200, path->second);
  const auto found = collections_.find(req.path);
  if (found == collections_.end()) {
    const json discovery = Discovery(req.path);
    return discovery.is_null() ? Reply(res, 404, Status(404, "NotFound", "not found")) : Reply(res, 200, discovery);
  }
  if (req.get_param_value("watch") != "true") return List(req, found->second, res);
  lock.Release();
  Watch(req, res);
}

json FakeApiServer::Discovery(const std::string& path) const {
  std::map<std::string, json> groups = {{"apps", {{{"version", "v1"}}}}};
  json resources = json::array();
  for (const auto& [collection, content] : collections_) {
    const auto [group_path, plural] = Split(collection);
    if (group_path == path) resources.push_back({{"name", plural}, {"kind", KindOf(plural)}});
    if (!absl::StartsWith(group_path, "/apis/")) continue;
    const auto [group, version] = Split(ApiVersionOf(group_path));
    groups[group] = {{{"version", version}}};
  }
  if (path == "/apis") {
    json list = json::array();
    for (const auto& [name, versions] : groups) list.push_back({{"name", name}, {"versions", versions}});
    return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", list}};
  }
  if (resources.empty()) return nullptr;
  return {{"kind", "APIResourceList"}, {"groupVersion", ApiVersionOf(path)}, {"resources", resources}};
}

void FakeApiServer::List(const httplib::Request& req, const Collection& collection, httplib::Response& res) {
  const size_t limit = std::strtoul(req.get_param_value("limit").c_str(), nullptr, 10);
  const size_t skip = std::strtoul(req.get_param_value("continue").c_str(), nullptr, 10);
  const auto [group_path, plural] = Split(req.path);
  json list = {{"apiVersion", ApiVersionOf(group_path)},
               {"kind", KindOf(plural) + "List"},
               {"metadata", {{"resourceVersion", std::to_string(version_)}}},
               {"items", json::array()}};
  size_t at = 0;
  for (const auto& [key, object] : collection.objects) {
    if (at++ < skip) continue;
    if (limit > 0 && list["items"].size() == limit) {
      list["metadata"]["continue"] = std::to_string(skip + limit);
      break;
    }
    list["items"].push_back(object);
  }
  Reply(res, 200, list);
}

void FakeApiServer::Watch(const httplib::Request& req, httplib::Response& res) {
  const int from = std::atoi(req.get_param_value("resourceVersion").c_str());
  int generation;
  bool expired, as_event;
  {
    absl::MutexLock lock(&mutex_);
    generation = watch_generation_;
    expired = from < oldest_;
    as_event = expire_as_event_;
  }
  const json gone = Status(410, "Expired", "too old resource version");
  if (expired && !as_event) return Reply(res, 410, gone);
  res.status = 200;
  res.set_chunked_content_provider("application/json", [this, path = req.path, last = from, generation, expired, gone](
                                                           size_t, httplib::DataSink& sink) mutable {
    if (expired) {
      const std::string line = json({{"type", "ERROR"}, {"object", gone}}).dump() + "\n";
      sink.write(line.data(), line.size());
      sink.done();
      return true;
    }
    std::string lines;
    bool end = false;
    {
      absl::MutexLock lock(&mutex_);
      const auto something = [&] {
        mutex_.AssertReaderHeld();
        const auto& events = collections_.at(path).events;
        return stopping_ || generation != watch_generation_ || (!events.empty() && events.back().version > last);
      };
      mutex_.AwaitWithTimeout(absl::Condition(&something), absl::Milliseconds(100));
      end = stopping_ || generation != watch_generation_;
      // What happened after the end is for the next watch to tell.
      for (const Event& event : collections_.at(path).events) {
        if (end || event.version <= last) continue;
        lines += event.line;
        last = event.version;
      }
    }
    if (!lines.empty()) sink.write(lines.data(), lines.size());
    if (end) sink.done();
    return true;
  });
}

}  // namespace muster::kube
