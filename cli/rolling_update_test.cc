// Two replicas of `muster webhook` as a cluster runs them: certificates that change under load, and the end of one
// replica behind a Service. No request may fail.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "webhook/serving/raw_client.h"
#include "webhook/tls/tls.h"

extern char** environ;

namespace muster {
namespace {

using ::testing::HasSubstr;
using webhook::RawClient;

constexpr int kRequests = 10'000;
constexpr int kReplacements = 20;
constexpr int kClients = 4;

std::string TempPath(const std::string& name) { return absl::StrCat(::testing::TempDir(), "/", getpid(), "-", name); }

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The number behind `key` in the first log line with `message`; 0 while there is none.
int NumberInLog(const std::string& log, const std::string& message, const std::string& key) {
  const size_t line = log.find(absl::StrCat("\"msg\":\"", message, "\""));
  if (line == std::string::npos) return 0;
  const size_t at = log.find(absl::StrCat("\"", key, "\":"), line);
  return at == std::string::npos ? 0 : std::atoi(log.c_str() + at + key.size() + 3);
}

// A `muster webhook` process.
class Replica {
 public:
  Replica(const std::string& name, const std::string& cert_dir, const std::string& state) : log_(TempPath(name)) {
    std::vector<std::string> args = {"cli/muster",
                                     "webhook",
                                     "--port=0",
                                     "--health-port=0",
                                     "--bind-address=127.0.0.1",
                                     "--cert-dir=" + cert_dir,
                                     "--cert-check-interval=20ms",
                                     "--state=" + state,
                                     "--shutdown-delay=1500ms"};
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < 1000 && port_ == 0; ++i) {
      absl::SleepFor(absl::Milliseconds(10));
      const std::string log = ReadAll(log_);
      health_port_ = NumberInLog(log, "serving", "healthPort");
      port_ = NumberInLog(log, "serving", "port");
    }
    EXPECT_NE(port_, 0) << ReadAll(log_);
  }
  ~Replica() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  int port() const { return port_; }
  std::string Probe(const std::string& path) const { return RawClient(health_port_, /*tls=*/false).Ask("GET", path); }
  bool ready() const { return Probe("/readyz").rfind("HTTP/1.1 200 ", 0) == 0; }
  int certificates_taken() const {
    const std::string metrics = Probe("/metrics");
    const std::string key = "muster_webhook_certificate_reloads_total{result=\"taken\"} ";
    const size_t at = metrics.find(key);
    return at == std::string::npos ? 0 : std::atoi(metrics.c_str() + at + key.size());
  }
  void Terminate() const { kill(pid_, SIGTERM); }
  // The exit code, once the process is gone.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string log() const { return ReadAll(log_); }

 private:
  const std::string log_;
  pid_t pid_ = -1;
  int port_ = 0;
  int health_port_ = 0;
};

// The endpoints of a Service: which replicas are ready, as a kubelet's probes last saw it.
class Endpoints {
 public:
  explicit Endpoints(const std::vector<std::unique_ptr<Replica>>& replicas) : replicas_(replicas) {
    Probe();
    thread_ = std::thread([this] {
      while (!stop_) {
        absl::SleepFor(absl::Milliseconds(100));
        Probe();
      }
    });
  }
  ~Endpoints() {
    stop_ = true;
    thread_.join();
  }
  int Pick() {
    absl::MutexLock lock(&mutex_);
    return ready_.empty() ? 0 : ready_[next_++ % ready_.size()];
  }

 private:
  void Probe() {
    std::vector<int> ready;
    for (const auto& replica : replicas_) {
      if (replica->ready()) ready.push_back(replica->port());
    }
    absl::MutexLock lock(&mutex_);
    ready_ = ready;
  }

  const std::vector<std::unique_ptr<Replica>>& replicas_;
  std::atomic<bool> stop_{false};
  absl::Mutex mutex_;
  std::vector<int> ready_ ABSL_GUARDED_BY(mutex_);
  size_t next_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

// Like an API server: keeps connections, and goes on with another one when it is told that one ends.
class Load {
 public:
  explicit Load(Endpoints* endpoints) : endpoints_(endpoints) {
    for (int i = 0; i < kClients; ++i) threads_.emplace_back([this] { Run(); });
  }
  void Join() {
    for (std::thread& thread : threads_) thread.join();
  }
  int done() const { return done_; }
  int failed() const { return failed_; }
  std::set<std::string> serials() {
    absl::MutexLock lock(&mutex_);
    return serials_;
  }
  // No more than this many requests until it is raised: the events of the test spread over the load.
  void AllowUpTo(int requests) { allowed_ = requests; }

 private:
  void Run() {
    std::unique_ptr<RawClient> client;
    int on_connection = 0;
    while (true) {
      const int number = started_++;
      if (number >= kRequests) return;
      while (number >= allowed_) absl::SleepFor(absl::Milliseconds(1));
      if (client == nullptr || on_connection >= 50) {  // some new connections all the time
        client = std::make_unique<RawClient>(endpoints_->Pick());
        on_connection = 0;
        if (client->connected()) {
          absl::MutexLock lock(&mutex_);
          serials_.insert(client->Serial());
        }
      }
      const std::string answer =
          client->connected()
              ? client->Ask("POST", "/validate-batch-v1-job",
                            R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u"}})")
              : "";
      ++on_connection;
      ++done_;
      if (answer.rfind("HTTP/1.1 200 ", 0) != 0) {
        ++failed_;
        client.reset();
      } else if (answer.find("Connection: close") != std::string::npos) {
        client.reset();
      }
    }
  }

  Endpoints* const endpoints_;
  std::atomic<int> started_{0}, done_{0}, failed_{0}, allowed_{0};
  absl::Mutex mutex_;
  std::set<std::string> serials_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

// As a kubelet updates the folder of a Secret: a new folder, and a link that is swapped.
void WritePair(const std::string& folder, int number) {
  const auto pair = webhook::MakeSelfSigned({"localhost"}, absl::Now(), absl::Hours(1));
  ASSERT_TRUE(pair.ok()) << pair.status();
  const std::string version = absl::StrCat(folder, "/..v", number);
  std::filesystem::create_directories(version);
  std::ofstream(version + "/tls.crt") << pair->certificate;
  std::ofstream(version + "/tls.key") << pair->key;
  std::ofstream(version + "/ca.crt") << pair->ca;
  std::filesystem::create_directory_symlink(absl::StrCat("..v", number), folder + "/..data_tmp");
  std::filesystem::rename(folder + "/..data_tmp", folder + "/..data");
  if (number > 0) return;
  for (const char* name : {"tls.crt", "tls.key", "ca.crt"}) {
    std::filesystem::create_symlink(std::string("..data/") + name, folder + "/" + name);
  }
}

TEST(RollingUpdateTest, NoRequestFails) {
  const std::string certs = TempPath("certs"), state = TempPath("state.yaml");
  std::filesystem::create_directories(certs);
  WritePair(certs, 0);
  std::ofstream(state) << "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
  std::vector<std::unique_ptr<Replica>> replicas;
  for (const char* name : {"first", "second"}) replicas.push_back(std::make_unique<Replica>(name, certs, state));
  for (const auto& replica : replicas) ASSERT_TRUE(replica->ready());
  Endpoints endpoints(replicas);
  Load load(&endpoints);

  constexpr int kStep = 450;
  for (int i = 1; i <= kReplacements; ++i) {
    load.AllowUpTo(i * kStep);
    WritePair(certs, i);
    for (const auto& replica : replicas) {
      for (int wait = 0; wait < 1000 && replica->certificates_taken() <= i; ++wait) {
        absl::SleepFor(absl::Milliseconds(5));
      }
      EXPECT_EQ(replica->certificates_taken(), i + 1);
    }
    while (load.done() < i * kStep - kClients) absl::SleepFor(absl::Milliseconds(1));
  }
  replicas[0]->Terminate();
  while (replicas[0]->ready()) absl::SleepFor(absl::Milliseconds(1));
  load.AllowUpTo(kRequests - 200);
  EXPECT_EQ(replicas[0]->Wait(), 0) << replicas[0]->log();
  load.AllowUpTo(kRequests);
  load.Join();

  EXPECT_EQ(load.done(), kRequests);
  EXPECT_EQ(load.failed(), 0);
  EXPECT_GE(static_cast<int>(load.serials().size()), kReplacements);  // each was in use, but for one perhaps
  EXPECT_THAT(replicas[0]->log(), HasSubstr("\"msg\":\"stopped\""));
  EXPECT_TRUE(replicas[1]->ready());
}

}  // namespace
}  // namespace muster
