#include "cli/worker_processes.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace muster::cli {
namespace {

constexpr size_t kMaxComplaint = 1 << 16;

struct Worker {
  int64_t work = 0;
  std::FILE* complaint = nullptr;  // what it writes to standard error
};

// Between fork and exec nothing may be called that is not async-signal-safe: other threads may hold locks.
[[noreturn]] void Become(char* const* argv, pid_t parent, int complaint) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);  // it ended in between
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDWR);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  dup2(complaint, STDERR_FILENO);
  execv("/proc/self/exe", argv);
  _exit(127);
}

absl::StatusOr<std::pair<pid_t, Worker>> Start(int64_t work, const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"muster"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::FILE* complaint = std::tmpfile();
  if (complaint == nullptr) return absl::UnavailableError(absl::StrCat("no temporary file: ", std::strerror(errno)));
  const pid_t parent = getpid(), child = fork();
  if (child == 0) Become(argv.data(), parent, fileno(complaint));
  if (child < 0) {
    std::fclose(complaint);
    return absl::UnavailableError(absl::StrCat("no process can be started: ", std::strerror(errno)));
  }
  return std::make_pair(child, Worker{work, complaint});
}

std::string ComplaintOf(const Worker& worker, int status) {
  std::string text(kMaxComplaint, '\0');
  std::rewind(worker.complaint);
  text.resize(std::fread(text.data(), 1, text.size(), worker.complaint));
  absl::StripTrailingAsciiWhitespace(&text);
  if (!text.empty()) return text;
  return WIFSIGNALED(status) ? absl::StrCat("the process was ended by signal ", WTERMSIG(status), " (out of memory?)")
                             : absl::StrCat("the process ended with exit code ", WEXITSTATUS(status));
}

}  // namespace

absl::Status RunWorkers(const std::vector<int64_t>& works, int jobs, const WorkerHooks& hooks) {
  std::map<pid_t, Worker> running;
  absl::Status failed;
  size_t next = 0;
  while (true) {
    while (failed.ok() && next < works.size() && static_cast<int>(running.size()) < jobs) {
      absl::StatusOr<std::pair<pid_t, Worker>> started = Start(works[next], hooks.arguments(works[next]));
      if (started.ok()) {
        running.insert(*started);
        ++next;
      } else {
        failed = started.status();
      }
    }
    if (running.empty()) return failed;
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    if (ended < 0 && errno == EINTR) continue;
    const auto worker = running.find(ended);
    if (worker == running.end()) continue;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
      hooks.on_done(worker->second.work);
    } else if (failed.ok()) {
      failed = absl::InternalError(ComplaintOf(worker->second, status));
    }
    std::fclose(worker->second.complaint);
    running.erase(worker);
  }
}

}  // namespace muster::cli
