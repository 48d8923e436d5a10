#include "webhook/testing/attack/served_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

extern char** environ;

namespace muster::webhook {
namespace {

// The number behind `key` in the first log line with `message`; 0 while there is none.
int NumberInLog(const std::string& log, const std::string& message, const std::string& key) {
  const size_t line = log.find(absl::StrCat("\"msg\":\"", message, "\""));
  const size_t at = line == std::string::npos ? line : log.find(absl::StrCat("\"", key, "\":"), line);
  return at == std::string::npos ? 0 : std::atoi(log.c_str() + at + key.size() + 3);
}

}  // namespace

ServedProcess::ServedProcess(const std::string& binary, const std::string& folder, absl::Duration patience)
    : log_(folder + "/log") {
  const std::string state = folder + "/state.yaml";
  std::ofstream(state) << "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n"
                          "apiVersion: kueue.x-k8s.io/v1beta2\nkind: LocalQueue\n"
                          "metadata: {name: q, namespace: a}\nspec: {clusterQueue: c}\n";
  std::vector<std::string> args = {binary,
                                   "webhook",
                                   "--self-signed",
                                   absl::StrCat("--ca-file=", folder, "/ca.crt"),
                                   "--port=0",
                                   "--health-port=0",
                                   "--bind-address=127.0.0.1",
                                   absl::StrCat("--state=", state),
                                   "--shutdown-delay=0s",
                                   absl::StrCat("--shutdown-patience=", absl::FormatDuration(patience))};
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 2, log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  const bool started = posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  if (!started) pid_ = -1;
  for (int i = 0; i < 1000 && started && target_.port == 0; ++i) {
    absl::SleepFor(absl::Milliseconds(10));
    const std::string text = log();
    target_.health_port = NumberInLog(text, "serving", "healthPort");
    target_.port = NumberInLog(text, "serving", "port");
  }
}

ServedProcess::~ServedProcess() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

std::string ServedProcess::log() const {
  std::ifstream in(log_);
  return {std::istreambuf_iterator<char>(in), {}};
}

bool ServedProcess::alive() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

size_t ServedProcess::Memory(const char* key) const {
  std::ifstream in(absl::StrCat("/proc/", pid_, "/status"));
  std::string name;
  size_t kilobytes = 0;
  while (in >> name) {
    if (name == absl::StrCat(key, ":") && in >> kilobytes) return kilobytes << 10;
    in.ignore(4096, '\n');
  }
  return 0;
}

void ServedProcess::ForgetPeak() const { std::ofstream(absl::StrCat("/proc/", pid_, "/clear_refs")) << "5"; }

absl::Duration ServedProcess::End(absl::Duration most) {
  const absl::Time start = absl::Now();
  kill(pid_, SIGTERM);
  while (alive()) {
    if (absl::Now() - start > most) return absl::InfiniteDuration();
    absl::SleepFor(absl::Milliseconds(5));
  }
  return absl::Now() - start;
}

}  // namespace muster::webhook
