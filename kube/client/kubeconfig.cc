#include "kube/client/kubeconfig.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/yaml.h"

namespace muster::kube {
namespace {

using nlohmann::json;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad()) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return text;
}

std::string StringAt(const json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// The `field` of the entry named `name` in the list `list` ("clusters", "cluster").
absl::StatusOr<json> Named(const json& config, const char* list, const char* field, absl::string_view name) {
  if (const auto entries = config.find(list); entries != config.end() && entries->is_array()) {
    for (const json& entry : *entries) {
      if (StringAt(entry, "name") == name && entry.contains(field) && entry[field].is_object()) return entry[field];
    }
  }
  return absl::NotFoundError(absl::StrCat(list, ": has no entry \"", name, "\""));
}

// What is given inline (base64, key + "-data") or as the path of a file. "" when neither is.
absl::StatusOr<std::string> DataOrFile(const json& object, const std::string& key, const std::string& folder) {
  const std::string data = StringAt(object, (key + "-data").c_str());
  if (!data.empty()) {
    std::string text;
    if (!absl::Base64Unescape(data, &text))
      return absl::InvalidArgumentError(absl::StrCat(key, "-data: is not base64"));
    return text;
  }
  const std::string file = StringAt(object, key.c_str());
  if (file.empty()) return "";
  return ReadFile((std::filesystem::path(folder) / file).string());
}

// "https://10.0.0.1:6443/path".
absl::Status ParseServer(absl::string_view server, ApiEndpoint* endpoint) {
  const absl::Status bad =
      absl::InvalidArgumentError(absl::StrCat("server: \"", server, "\" is not of the form https://HOST:PORT"));
  endpoint->tls = absl::ConsumePrefix(&server, "https://");
  if (!endpoint->tls && !absl::ConsumePrefix(&server, "http://")) return bad;
  endpoint->port = endpoint->tls ? 443 : 80;
  const size_t slash = server.find('/');
  absl::string_view authority = server.substr(0, slash);
  if (slash != absl::string_view::npos) endpoint->base_path = std::string(absl::StripSuffix(server.substr(slash), "/"));
  absl::string_view port;
  if (absl::ConsumePrefix(&authority, "[")) {
    const size_t end = authority.find(']');
    if (end == absl::string_view::npos) return bad;
    endpoint->host = std::string(authority.substr(0, end));
    port = authority.substr(end + 1);
    if (!port.empty() && !absl::ConsumePrefix(&port, ":")) return bad;
  } else {
    const size_t colon = authority.find(':');
    endpoint->host = std::string(authority.substr(0, colon));
    if (colon != absl::string_view::npos) port = authority.substr(colon + 1);
  }
  if (endpoint->host.empty()) return bad;
  if (!port.empty() && (!absl::SimpleAtoi(port, &endpoint->port) || endpoint->port < 1 || endpoint->port > 65535)) {
    return bad;
  }
  return absl::OkStatus();
}

absl::Status ReadCluster(const json& cluster, const std::string& folder, ApiEndpoint* endpoint) {
  if (absl::Status status = ParseServer(StringAt(cluster, "server"), endpoint); !status.ok()) return status;
  for (const char* field : {"proxy-url", "tls-server-name"}) {
    if (!StringAt(cluster, field).empty()) {
      return absl::UnimplementedError(absl::StrCat(field, ": is not supported; connect to the server directly"));
    }
  }
  absl::StatusOr<std::string> ca = DataOrFile(cluster, "certificate-authority", folder);
  if (!ca.ok()) return ca.status();
  endpoint->ca = *std::move(ca);
  const auto skip = cluster.find("insecure-skip-tls-verify");
  endpoint->skip_verify = skip != cluster.end() && skip->is_boolean() && skip->get<bool>();
  return absl::OkStatus();
}

absl::Status ReadUser(const json& user, const std::string& folder, ApiEndpoint* endpoint) {
  for (const char* field : {"exec", "auth-provider"}) {
    if (user.contains(field)) {
      return absl::UnimplementedError(absl::StrCat(
          field,
          ": programs that fetch credentials are not run; use a service account's token (kubectl create token) or "
          "a client certificate"));
    }
  }
  if (user.contains("username")) return absl::UnimplementedError("username: API servers no longer take passwords");
  endpoint->token = StringAt(user, "token");
  if (const std::string file = StringAt(user, "tokenFile"); !file.empty()) {
    endpoint->token_file = (std::filesystem::path(folder) / file).string();
  }
  absl::StatusOr<std::string> certificate = DataOrFile(user, "client-certificate", folder);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> key = DataOrFile(user, "client-key", folder);
  if (!key.ok()) return key.status();
  if (certificate->empty() != key->empty()) {
    return absl::InvalidArgumentError("client-certificate and client-key: both are needed or none");
  }
  endpoint->client_certificate = *std::move(certificate);
  endpoint->client_key = *std::move(key);
  return absl::OkStatus();
}

absl::Status At(absl::string_view place, const absl::Status& status) {
  return status.ok() ? status : absl::Status(status.code(), absl::StrCat(place, ": ", status.message()));
}

}  // namespace

absl::StatusOr<ApiEndpoint> LoadKubeconfig(const std::string& path, absl::string_view context) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  const std::vector<api::YamlDocument> documents = api::ParseYaml(*text);
  if (documents.size() != 1 || !documents[0].error.empty() || !documents[0].value.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is no kubeconfig: ",
                     documents.size() == 1 && !documents[0].error.empty() ? documents[0].error : "not one object"));
  }
  const json& config = documents[0].value;
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const std::string name = context.empty() ? StringAt(config, "current-context") : std::string(context);
  if (name.empty()) return absl::InvalidArgumentError(absl::StrCat(path, ": has no current-context; name one"));
  absl::StatusOr<json> chosen = Named(config, "contexts", "context", name);
  if (!chosen.ok()) return At(path, chosen.status());
  ApiEndpoint endpoint;
  const std::string cluster_name = StringAt(*chosen, "cluster"), user_name = StringAt(*chosen, "user");
  absl::StatusOr<json> cluster = Named(config, "clusters", "cluster", cluster_name);
  if (!cluster.ok()) return At(path, cluster.status());
  if (absl::Status status = ReadCluster(*cluster, folder, &endpoint); !status.ok()) {
    return At(absl::StrCat(path, ": cluster ", cluster_name), status);
  }
  if (user_name.empty()) return endpoint;
  absl::StatusOr<json> user = Named(config, "users", "user", user_name);
  if (!user.ok()) return At(path, user.status());
  if (absl::Status status = ReadUser(*user, folder, &endpoint); !status.ok()) {
    return At(absl::StrCat(path, ": user ", user_name), status);
  }
  return endpoint;
}

absl::StatusOr<ApiEndpoint> InClusterEndpoint(const std::string& folder) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  ApiEndpoint endpoint;
  if (host == nullptr || port == nullptr || *host == '\0' || !absl::SimpleAtoi(port, &endpoint.port)) {
    return absl::NotFoundError(
        "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is not a pod of a cluster; give "
        "--kubeconfig FILE");
  }
  endpoint.host = host;
  endpoint.token_file = folder + "/token";
  if (absl::StatusOr<std::string> token = ReadFile(endpoint.token_file); !token.ok()) {
    return absl::NotFoundError(absl::StrCat(token.status().message(), "; the pod needs a service account"));
  }
  absl::StatusOr<std::string> ca = ReadFile(folder + "/ca.crt");
  if (!ca.ok()) return ca.status();
  endpoint.ca = *std::move(ca);
  return endpoint;
}

}  // namespace muster::kube
