#include "cli/end_signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <utility>

namespace muster::cli {
namespace {

// Of the second that comes on top of the patience.
constexpr absl::Duration kGrace = absl::Milliseconds(500);

}  // namespace

EndSignals::EndSignals(std::function<void()> before_exit)
    : before_exit_(std::move(before_exit)), asked_(eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE)) {
  sigemptyset(&set_);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  thread_ = std::thread([this] { Run(); });
}

EndSignals::~EndSignals() {
  done_ = true;
  pthread_kill(thread_.native_handle(), SIGTERM);
  thread_.join();
  close(asked_);
}

void EndSignals::BeginServing(absl::Duration patience, std::function<void()> hang_up) {
  std::lock_guard<std::mutex> lock(mutex_);
  serving_ = true;
  patience_ = patience;
  hang_up_ = std::move(hang_up);
}

void EndSignals::Run() {
  bool ending = false;
  std::chrono::steady_clock::time_point end;
  while (true) {
    const timespec left =
        ending
            ? absl::ToTimespec(std::max(absl::ZeroDuration(), absl::FromChrono(end - std::chrono::steady_clock::now())))
            : timespec();
    const int signal = ending ? sigtimedwait(&set_, nullptr, &left) : sigwaitinfo(&set_, nullptr);
    if (done_) return;
    if (signal < 0) {
      if (errno == EINTR) continue;
      _exit(1);  // something is stuck
    }
    std::lock_guard<std::mutex> lock(mutex_);
    if (!serving_ && working_ && asked_by_ == 0) {
      asked_by_ = signal;
      continue;
    }
    if (!serving_) {
      if (before_exit_) before_exit_();
      _exit(128 + signal);
    }
    if (signal == SIGHUP) {
      if (!ending) hang_up_();
      continue;
    }
    const uint64_t one = 1;
    if (write(asked_, &one, sizeof(one)) < 0) continue;
    if (!ending) end = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience_ + kGrace);
    ending = true;
  }
}

void EndSignals::Await() const { Await(absl::InfiniteDuration()); }

void EndSignals::Await(absl::Duration time) const {
  const int milliseconds = time == absl::InfiniteDuration()
                               ? -1
                               : static_cast<int>(std::min<int64_t>(absl::ToInt64Milliseconds(time), INT_MAX));
  pollfd asked = {asked_, POLLIN, 0};
  while (poll(&asked, 1, milliseconds) < 0 && errno == EINTR) {
  }
  uint64_t value;
  if ((asked.revents & POLLIN) != 0 && read(asked_, &value, sizeof(value)) < 0) return;
}

}  // namespace muster::cli
