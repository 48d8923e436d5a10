#include "webhook/live/cluster_client_ca.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "api/json_text.h"
#include "webhook/base/log.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr char kNamespace[] = "kube-system";
constexpr char kName[] = "extension-apiserver-authentication";
constexpr char kKey[] = "client-ca-file";
constexpr char kPath[] = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
// What an API server keeps of one object.
constexpr size_t kMaxAnswer = size_t{2} << 20;

absl::Status Unreadable(absl::string_view why) {
  return absl::UnavailableError(absl::StrCat("ConfigMap ", kNamespace, "/", kName, ": ", why));
}

bool Says(const json& object, const char* field, const char* value) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() && found->get_ref<const std::string&>() == value;
}

}  // namespace

absl::StatusOr<std::string> ClientCaIn(const kube::ApiReply& reply) {
  if (reply.status == 401 || reply.status == 403) {
    return absl::PermissionDeniedError(absl::StrCat("ConfigMap ", kNamespace, "/", kName, ": ", kube::Explain(reply),
                                                    "; bind the Role extension-apiserver-authentication-reader of ",
                                                    kNamespace, " to the webhook's ServiceAccount"));
  }
  if (reply.status != 200) return Unreadable(kube::Explain(reply));
  absl::StatusOr<json> object = api::ParseJson(reply.body);
  if (!object.ok()) return Unreadable(object.status().message());
  if (!object->is_object() || !Says(*object, "kind", "ConfigMap") || !Says(*object, "apiVersion", "v1")) {
    return Unreadable("the answer is no ConfigMap");
  }
  const auto metadata = object->find("metadata");
  if (metadata == object->end() || !metadata->is_object() || !Says(*metadata, "name", kName) ||
      !Says(*metadata, "namespace", kNamespace)) {
    return Unreadable("the answer is another ConfigMap");
  }
  const auto data = object->find("data");
  const auto bundle = data == object->end() || !data->is_object() ? json::iterator() : data->find(kKey);
  if (data == object->end() || !data->is_object() || bundle == data->end() || !bundle->is_string()) {
    return Unreadable(absl::StrCat("has no data.", kKey, "; kube-apiserver writes it when it has --client-ca-file"));
  }
  std::string pem = std::move(bundle->get_ref<std::string&>());
  if (absl::Status status = CheckCaBundle(pem, absl::StrCat("data.", kKey)); !status.ok()) {
    return Unreadable(status.message());
  }
  return pem;
}

absl::StatusOr<std::unique_ptr<ClusterClientCa>> ClusterClientCa::Start(const kube::ApiEndpoint& endpoint,
                                                                        ClusterClientCaOptions options,
                                                                        const Log* log) {
  kube::ApiLimits limits;
  limits.answer = kMaxAnswer;
  absl::StatusOr<std::unique_ptr<kube::ApiClient>> client = kube::ApiClient::New(endpoint, limits);
  if (!client.ok()) return client.status();
  return std::unique_ptr<ClusterClientCa>(new ClusterClientCa(*std::move(client), options, log));
}

ClusterClientCa::ClusterClientCa(std::unique_ptr<kube::ApiClient> client, ClusterClientCaOptions options,
                                 const Log* log)
    : options_(options),
      log_(log),
      client_(std::move(client)),
      backoff_(options.min_backoff, options.max_backoff, options.seed) {
  {
    absl::MutexLock lock(&mutex_);
    figures_.resource = absl::StrCat("configmaps/", kName);
  }
  thread_ = std::thread([this] { Run(); });
}

ClusterClientCa::~ClusterClientCa() {
  stop_.Set();
  client_->Stop();
  thread_.join();
}

void ClusterClientCa::Run() {
  while (!stop_.is_set()) {
    const kube::SteadyTime asked = kube::SteadyNow();
    const absl::StatusOr<kube::ApiReply> reply = client_->Get(kPath, options_.timeout);
    if (stop_.is_set()) return;
    const absl::StatusOr<std::string> read = reply.ok() ? ClientCaIn(*reply) : reply.status();
    Take(read, asked);
    if (read.ok()) backoff_.Reset();
    if (!stop_.Sleep(read.ok() ? options_.interval : backoff_.Next())) return;
  }
}

void ClusterClientCa::Take(const absl::StatusOr<std::string>& read, kube::SteadyTime asked) {
  const std::string problem(read.status().message());
  {
    absl::MutexLock lock(&mutex_);
    problem_ = problem;
    if (read.ok()) {
      bundle_ = *read;
      contact_ = asked;
      figures_.synced = true;
      figures_.objects = 1;
      figures_.bytes = static_cast<int64_t>(bundle_.size());
      ++figures_.lists;
    } else {
      ++figures_.failures;
    }
  }
  if (problem == last_problem_) return;  // said once, not every time
  last_problem_ = problem;
  if (read.ok()) {
    log_->Write(LogLevel::kInfo, "the CAs of clients are read again", {});
  } else {
    log_->Write(LogLevel::kWarn, "the CAs of clients cannot be read; those known stay in use for a while",
                {{"error", problem}});
  }
}

bool ClusterClientCa::Stale() const { return kube::Since(contact_) > options_.max_staleness; }

absl::StatusOr<std::string> ClusterClientCa::Bundle() const {
  absl::MutexLock lock(&mutex_);
  if (figures_.synced && !Stale()) return bundle_;
  return absl::PermissionDeniedError(absl::StrCat("nobody is answered while the CAs of clients are not known: ",
                                                  problem_.empty() ? "what is known is too old" : problem_));
}

kube::CacheFigures ClusterClientCa::figures() const {
  absl::MutexLock lock(&mutex_);
  kube::CacheFigures figures = figures_;
  // The clock on the wall is for people alone.
  figures.last_contact = figures.synced ? absl::Now() - kube::Since(contact_) : absl::InfinitePast();
  figures.stale = figures.synced && Stale();
  return figures;
}

}  // namespace muster::webhook
