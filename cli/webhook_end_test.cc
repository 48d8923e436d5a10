// How `muster webhook` ends, as a process: within its patience and a second, whatever is stuck.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

extern char** environ;

namespace muster {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(1);
// On top of patience and second, for machines that do other things.
constexpr absl::Duration kSlack = absl::Seconds(3);

std::string Folder() {
  static const std::string& folder = *new std::string(absl::StrCat(::testing::TempDir(), "/webhook-end-", getpid()));
  std::filesystem::create_directories(folder);
  return folder;
}

std::string Read(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Webhook {
 public:
  // Its log goes to `log`.
  Webhook(int log, const std::vector<std::string>& more) : ports_(Folder() + "/port") {
    std::filesystem::remove(ports_);
    std::ofstream(Folder() + "/state.yaml") << "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
    std::vector<std::string> args = {"cli/muster",
                                     "webhook",
                                     "--port=0",
                                     "--bind-address=127.0.0.1",
                                     "--shutdown-delay=0s",
                                     absl::StrCat("--shutdown-patience=", absl::FormatDuration(kPatience)),
                                     absl::StrCat("--port-file=", ports_)};
    args.insert(args.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, log, 2);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Webhook() {
    if (pid_ > 0) kill(pid_, SIGKILL);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }

  void AwaitServing() const {
    for (int i = 0; i < 2000 && Read(ports_).empty(); ++i) absl::SleepFor(absl::Milliseconds(5));
    ASSERT_FALSE(Read(ports_).empty());
  }
  void Signal(int number) const { kill(pid_, number); }
  bool Running() {
    if (pid_ > 0 && waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
    return pid_ > 0;
  }
  // Whether it ends within its time after SIGTERM.
  bool Ends() {
    const absl::Time start = absl::Now();
    Signal(SIGTERM);
    while (Running() && absl::Now() - start < kPatience + absl::Seconds(1) + kSlack) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    return !Running();
  }
  int status() const { return status_; }

 private:
  const std::string ports_;
  pid_t pid_ = -1;
  int status_ = -1;
};

const std::vector<std::string> kSelfSigned = {"--self-signed", "--ca-file=/dev/null",
                                              "--state=" + Folder() + "/state.yaml"};

int Nowhere() {
  static const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  return nowhere;
}

TEST(WebhookEndTest, WithNothingToDo) {
  Webhook webhook(Nowhere(), kSelfSigned);
  webhook.AwaitServing();
  EXPECT_TRUE(webhook.Ends());
  EXPECT_TRUE(WIFEXITED(webhook.status()) && WEXITSTATUS(webhook.status()) == 0);
}

TEST(WebhookEndTest, HangingUpEndsNothing) {
  Webhook webhook(Nowhere(), kSelfSigned);
  webhook.AwaitServing();
  webhook.Signal(SIGHUP);
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_TRUE(webhook.Running());
  EXPECT_TRUE(webhook.Ends());
}

TEST(WebhookEndTest, WithALogNobodyReads) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  Webhook webhook(ends[1], kSelfSigned);
  webhook.AwaitServing();
  ASSERT_EQ(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  while (write(ends[1], "x", 1) == 1) {
  }
  ASSERT_EQ(fcntl(ends[1], F_SETFL, 0), 0);  // for the webhook it is the same pipe
  EXPECT_TRUE(webhook.Ends());
  close(ends[0]);
  close(ends[1]);
}

TEST(WebhookEndTest, WithAPipeForACertificate) {
  const std::string certificates = Folder() + "/certificates";
  std::filesystem::create_directories(certificates);
  ASSERT_EQ(mkfifo((certificates + "/tls.crt").c_str(), 0600), 0);
  Webhook webhook(Nowhere(), {"--cert-dir=" + certificates, "--state=" + Folder() + "/state.yaml"});
  webhook.AwaitServing();
  EXPECT_TRUE(webhook.Ends());
}

// Reading it would wait for whoever writes into it.
TEST(WebhookEndTest, WithAPipeForAState) {
  const std::string state = Folder() + "/state.fifo";
  ASSERT_EQ(mkfifo(state.c_str(), 0600), 0);
  Webhook webhook(Nowhere(), {"--self-signed", "--ca-file=/dev/null", "--state=" + state});
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_TRUE(webhook.Ends());
}

}  // namespace
}  // namespace muster
