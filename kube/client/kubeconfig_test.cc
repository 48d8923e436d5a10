#include "kube/client/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace muster::kube {
namespace {

using ::testing::HasSubstr;

std::string Write(const std::string& name, const std::string& text) {
  const std::string path = absl::StrCat(::testing::TempDir(), "/", name);
  std::ofstream(path) << text;
  return path;
}

std::string Config(const std::string& cluster, const std::string& user) {
  return absl::StrCat("apiVersion: v1\nkind: Config\ncurrent-context: here\ncontexts:\n",
                      "- {name: here, context: {cluster: c, user: u}}\n- {name: there, context: {cluster: d}}\n",
                      "clusters:\n- {name: c, cluster: {", cluster,
                      "}}\n- {name: d, cluster: {server: 'https://[fd00::1]:6443/base/'}}\nusers:\n- {name: u, user: {",
                      user, "}}\n");
}

TEST(KubeconfigTest, ReadsClusterAndUser) {
  Write("ca.pem", "CA");
  const auto endpoint =
      LoadKubeconfig(Write("config", Config("server: 'https://10.0.0.1:6443', certificate-authority: ca.pem",
                                            "client-certificate-data: Y2VydA==, client-key-data: a2V5")));
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  EXPECT_EQ(endpoint->host, "10.0.0.1");
  EXPECT_EQ(endpoint->port, 6443);
  EXPECT_EQ(endpoint->ca, "CA");
  EXPECT_EQ(endpoint->client_certificate, "cert");
  EXPECT_EQ(endpoint->client_key, "key");
  EXPECT_FALSE(endpoint->skip_verify);
}

TEST(KubeconfigTest, AnotherContextCanBeNamed) {
  const auto endpoint = LoadKubeconfig(Write("config", Config("server: 'https://a'", "token: t")), "there");
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  EXPECT_EQ(endpoint->host, "fd00::1");
  EXPECT_EQ(endpoint->port, 6443);
  EXPECT_EQ(endpoint->base_path, "/base");
  EXPECT_EQ(endpoint->token, "");
}

TEST(KubeconfigTest, SaysWhatIsWrong) {
  const struct {
    const char* about;
    std::string text;
    const char* error;
  } cases[] = {
      {"no YAML", "a: [", "is no kubeconfig"},
      {"a list", "- a\n", "is no kubeconfig"},
      {"nothing chosen", "apiVersion: v1\n", "has no current-context"},
      {"a context that is not there", "current-context: x\n", "contexts: has no entry \"x\""},
      {"no server", Config("", "token: t"), "server: \"\" is not of the form https://HOST:PORT"},
      {"a port that is none", Config("server: 'https://a:99999'", ""), "is not of the form"},
      {"no base64", Config("server: 'https://a', certificate-authority-data: '***'", ""), "is not base64"},
      {"a CA file that is not there", Config("server: 'https://a', certificate-authority: nope.pem", ""),
       "cannot be read"},
      {"half a client certificate", Config("server: 'https://a'", "client-key-data: a2V5"), "both are needed"},
      {"a program", Config("server: 'https://a'", "exec: {command: aws}"), "use a service account's token"},
      {"a proxy", Config("server: 'https://a', proxy-url: 'http://p'", ""), "proxy-url: is not supported"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.about);
    EXPECT_THAT(LoadKubeconfig(Write("config", c.text)).status().ToString(), HasSubstr(c.error));
  }
  EXPECT_EQ(LoadKubeconfig("/nowhere/config").status().code(), absl::StatusCode::kNotFound);
}

TEST(KubeconfigTest, InAPodTheServiceAccountIsUsed) {
  unsetenv("KUBERNETES_SERVICE_HOST");
  EXPECT_THAT(InClusterEndpoint(::testing::TempDir()).status().ToString(), HasSubstr("--kubeconfig FILE"));
  setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
  setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  Write("token", "t\n");
  Write("ca.crt", "CA");
  const auto endpoint = InClusterEndpoint(::testing::TempDir());
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  EXPECT_EQ(endpoint->host, "10.96.0.1");
  EXPECT_EQ(endpoint->port, 443);
  EXPECT_THAT(endpoint->token_file, HasSubstr("/token"));
  EXPECT_EQ(endpoint->ca, "CA");
}

}  // namespace
}  // namespace muster::kube
