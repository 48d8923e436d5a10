// `muster manager` as a process, against a simulated cluster over sockets, allowed what deploy/manager allows it: teams
// share a quota, a leader dies and another takes over, and the end is orderly.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "api/yaml.h"
#include "kube/object.h"
#include "kube/resource_type.h"
#include "kube/testing/api_server.h"
#include "kube/testing/http/access.h"
#include "kube/testing/http/http_api_server.h"
#include "kube/testing/webhook_admission.h"
#include "webhook/state/config.h"

extern char** environ;

namespace muster {
namespace {

using kube::testing::Access;
using kube::testing::HttpApiServer;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Folder() {
  static const std::string& folder = *new std::string(absl::StrCat(::testing::TempDir(), "/manager-end-", getpid()));
  std::filesystem::create_directories(folder);
  return folder;
}

std::string Read(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool Eventually(const std::function<bool()>& condition, absl::Duration patience = absl::Seconds(60)) {
  const absl::Time end = absl::Now() + patience;
  while (!condition()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return true;
}

// A manager that runs.
class Process {
 public:
  Process(const std::string& name, std::vector<std::string> more) : log_(absl::StrCat(Folder(), "/", name, ".log")) {
    std::vector<std::string> args = {"cli/muster", "manager"};
    args.insert(args.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Process() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (::testing::Test::HasFailure()) printf("%s:\n%s\n", log_.c_str(), Read(log_).c_str());
  }
  void Signal(int number) const { kill(pid_, number); }
  bool Running() {
    if (pid_ > 0 && waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
    return pid_ > 0;
  }
  bool Ended() {
    return Eventually([this] { return !Running(); });
  }
  // Of a process that ended by itself.
  int exit_code() const { return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }
  std::string log() const { return Read(log_); }

 private:
  const std::string log_;
  pid_t pid_ = -1;
  int status_ = -1;
};

constexpr char kTeams[] = R"(
apiVersion: v1
kind: Namespace
metadata: {name: ns, labels: {kubernetes.io/metadata.name: ns}}
---
apiVersion: v1
kind: Node
metadata: {name: n1, labels: {kubernetes.io/hostname: n1}}
status: {capacity: {cpu: "4", memory: 8Gi, pods: "110"}, allocatable: {cpu: "4", memory: 8Gi, pods: "110"}, conditions: [{type: Ready, status: "True"}]}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ResourceFlavor
metadata: {name: f}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: WorkloadPriorityClass
metadata: {name: high}
value: 100
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: a}
spec:
  cohortName: c
  namespaceSelector: {}
  preemption: {reclaimWithinCohort: Any, withinClusterQueue: LowerPriority}
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: "2"}]}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: ClusterQueue
metadata: {name: b}
spec:
  cohortName: c
  namespaceSelector: {}
  preemption: {reclaimWithinCohort: Any, withinClusterQueue: LowerPriority}
  resourceGroups: [{coveredResources: [cpu], flavors: [{name: f, resources: [{name: cpu, nominalQuota: "2"}]}]}]
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: a, namespace: ns}
spec: {clusterQueue: a}
---
apiVersion: kueue.x-k8s.io/v1beta2
kind: LocalQueue
metadata: {name: b, namespace: ns}
spec: {clusterQueue: b}
)";

json Job(const std::string& name, const std::string& queue, int pods, bool high = false) {
  json labels = {{"kueue.x-k8s.io/queue-name", queue}};
  if (high) labels["kueue.x-k8s.io/priority-class"] = "high";
  const json container = {{"name", "c"}, {"image", "x"}, {"resources", {{"requests", {{"cpu", "1"}}}}}};
  const json pod = {{"metadata", {{"labels", {{"e2e/run-seconds", "3600"}}}}},
                    {"spec", {{"restartPolicy", "Never"}, {"containers", json::array({container})}}}};
  return {{"apiVersion", "batch/v1"},
          {"kind", "Job"},
          {"metadata", {{"name", name}, {"namespace", "ns"}, {"labels", labels}}},
          {"spec", {{"parallelism", pods}, {"completions", pods}, {"template", pod}}}};
}

constexpr char kJobs[] = "/apis/batch/v1/namespaces/ns/jobs";

// What the roles in deploy/manager allow; leases in the namespace of the manager alone.
std::function<bool(const Access&)> RolesInDeploy() {
  std::set<Access> cluster, lease;
  for (const api::YamlDocument& document : api::ParseYaml(Read("deploy/manager/rbac.yaml"))) {
    const bool in_cluster = document.value["kind"] == "ClusterRole";
    if (!in_cluster && document.value["kind"] != "Role") continue;
    for (const json& rule : document.value["rules"]) {
      for (const std::string group : rule["apiGroups"]) {
        for (const std::string resource : rule["resources"]) {
          for (const std::string verb : rule["verbs"]) (in_cluster ? cluster : lease).insert({verb, group, resource});
        }
      }
    }
  }
  EXPECT_FALSE(cluster.empty());
  EXPECT_FALSE(lease.empty());
  return [cluster, lease](const Access& access) {
    const Access plain{access.verb, access.group, access.resource};
    return cluster.contains(plain) || (access.ns == "kueue-system" && lease.contains(plain));
  };
}

class ManagerEndTest : public ::testing::Test {
 protected:
  ManagerEndTest()
      : server_({.admission = [](const kube::testing::ApiServer* server) {
          return std::make_unique<kube::testing::WebhookAdmission>(webhook::DefaultWebhookConfig(), server);
        }}) {
    server_.Allow(RolesInDeploy());
    EXPECT_TRUE(server_.Create(kTeams).ok());
    std::ofstream(Kubeconfig()) << server_.Kubeconfig();
  }
  static std::string Kubeconfig() { return Folder() + "/kubeconfig"; }
  std::unique_ptr<Process> Start(const std::string& name, std::vector<std::string> more = {}) const {
    std::vector<std::string> args = {"--no-webhook",
                                     "--kubeconfig=" + Kubeconfig(),
                                     "--metrics-bind-address=127.0.0.1:0",
                                     "--health-probe-bind-address=127.0.0.1:0",
                                     "--leader-elect-identity=" + name,
                                     "--leader-elect-lease-duration=6s",
                                     "--leader-elect-renew-deadline=5s",
                                     "--leader-elect-retry-period=200ms"};
    args.insert(args.end(), more.begin(), more.end());
    return std::make_unique<Process>(name, args);
  }
  bool Runs(const std::string& job, int pods) const {
    const kube::ObjectPtr object = server_.Find({&kube::TypeOf("batch", "Job"), "ns", job});
    return object != nullptr && !object->BoolAt("/spec/suspend") && object->IntAt("/status/active") == pods;
  }
  bool IsSuspended(const std::string& job) const {
    const kube::ObjectPtr object = server_.Find({&kube::TypeOf("batch", "Job"), "ns", job});
    return object != nullptr && object->BoolAt("/spec/suspend") && object->IntAt("/status/active") == 0;
  }
  std::string Holder() const {
    const kube::ObjectPtr lease =
        server_.Find({&kube::TypeOf("coordination.k8s.io", "Lease"), "kueue-system", "c1f6bfd2.kueue.x-k8s.io"});
    return lease == nullptr ? "" : std::string(lease->StringAt("/spec/holderIdentity"));
  }

  HttpApiServer server_;
};

TEST_F(ManagerEndTest, ATeamBorrowsIsPreemptedAndResumes) {
  const auto manager = Start("only");
  ASSERT_TRUE(server_.Do("POST", kJobs, Job("borrower", "a", 4)).ok());
  ASSERT_TRUE(Eventually([&] { return Runs("borrower", 4); })) << "all four cpus are idle";
  ASSERT_TRUE(server_.Do("POST", kJobs, Job("owner", "b", 2, /*high=*/true)).ok());
  ASSERT_TRUE(Eventually([&] { return Runs("owner", 2); }));
  EXPECT_TRUE(IsSuspended("borrower")) << "the owner took its two back";
  ASSERT_TRUE(server_.Do("DELETE", absl::StrCat(kJobs, "/owner")).ok());
  EXPECT_TRUE(Eventually([&] { return Runs("borrower", 4); })) << "they are idle again";

  manager->Signal(SIGTERM);
  EXPECT_TRUE(manager->Ended());
  EXPECT_EQ(manager->exit_code(), 0);
  EXPECT_EQ(Holder(), "") << "the lease is given up";
  EXPECT_THAT(manager->log(), Not(HasSubstr("Forbidden")));
}

TEST_F(ManagerEndTest, AnotherReplicaTakesOverFromALeaderThatDies) {
  auto first = Start("first");
  ASSERT_TRUE(Eventually([&] { return Holder() == "first"; }));
  auto second = Start("second");
  ASSERT_TRUE(server_.Do("POST", kJobs, Job("one", "a", 2)).ok());
  ASSERT_TRUE(Eventually([&] { return Runs("one", 2); }));
  ASSERT_TRUE(Eventually([&] { return second->log().find("all objects are known") != std::string::npos; }));
  first->Signal(SIGKILL);
  ASSERT_TRUE(first->Ended());
  ASSERT_TRUE(server_.Do("POST", kJobs, Job("two", "b", 2)).ok());
  EXPECT_TRUE(Eventually([&] { return Runs("two", 2); }));
  EXPECT_EQ(Holder(), "second");
  EXPECT_TRUE(Runs("one", 2)) << "what ran goes on";
  ASSERT_TRUE(server_.Do("POST", kJobs, Job("three", "a", 1)).ok());
  absl::SleepFor(absl::Seconds(2));
  EXPECT_TRUE(IsSuspended("three")) << "what the first let in is still counted";
}

TEST_F(ManagerEndTest, WhoLosesTheLeaseEndsWithAnError) {
  auto manager = Start("only");
  ASSERT_TRUE(Eventually([&] { return Holder() == "only"; }));
  ASSERT_TRUE(server_
                  .Do("PATCH", "/apis/coordination.k8s.io/v1/namespaces/kueue-system/leases/c1f6bfd2.kueue.x-k8s.io",
                      {{"spec", {{"holderIdentity", "other"}, {"leaseDurationSeconds", 60}}}})
                  .ok());
  EXPECT_TRUE(manager->Ended());
  EXPECT_EQ(manager->exit_code(), 1);
  EXPECT_THAT(manager->log(), HasSubstr("leader election lost"));
}

TEST_F(ManagerEndTest, AConfigurationThatIsWrongDoesNotStart) {
  const std::string path = Folder() + "/config.yaml";
  std::ofstream(path) << "apiVersion: config.kueue.x-k8s.io/v1beta2\nkind: Configuration\nleaderElected: {}\n"
                         "integrations: {frameworks: [sagemaker.amazonaws.com/hyperpodpytorchjob]}\n";
  auto manager = Start("only", {"--config=" + path});
  EXPECT_TRUE(manager->Ended());
  EXPECT_EQ(manager->exit_code(), 1);
  EXPECT_THAT(manager->log(), HasSubstr("leaderElected: unknown field"));
  EXPECT_THAT(manager->log(), HasSubstr("HyperPodPyTorchJob are not managed"));
  EXPECT_EQ(server_.requests(), 0);
}

TEST_F(ManagerEndTest, SaysWhatIsNotThere) {
  auto manager = Start("only");
  EXPECT_TRUE(Eventually([&] { return manager->log().find("MultiKueue") != std::string::npos; }));
  EXPECT_THAT(manager->log(), HasSubstr("dynamic resource allocation"));
}

}  // namespace
}  // namespace muster
