// Attacks a webhook that it starts, beside good clients, and says how those fared.
//
//   attack --muster=FILE [--attack=NAME]... [--seconds=N] [--threads=N] [--busy] [--any-latency]
//
// A line for each attack: the share of good reviews that were answered (99 % are asked for), their 99th percentile (50 ms
// more than right before, beside threads that only compute: what an attack costs its own machine is not the webhook's
// doing), whether each probe was answered, and the most memory the process had (256 MiB). An attack that seems to slow
// the answers gets a second, longer try. At the end all attacks go on at a time while the process is told to end: it has
// its patience and a second. Ends with 1 when something is not as it should be. --busy: the machine does other things, so
// that answers may take twice as long as before when that is more than 50 ms, and the end two seconds more.
// --any-latency: how long answers take is told and not judged.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "webhook/testing/attack/attacks.h"
#include "webhook/testing/attack/good_clients.h"
#include "webhook/testing/attack/served_process.h"

namespace muster::webhook {
namespace {

constexpr double kMinShare = 0.99;
constexpr size_t kMaxResident = size_t{256} << 20;
constexpr absl::Duration kMaxSlower = absl::Milliseconds(50);
constexpr absl::Duration kPatience = absl::Seconds(2);

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;  // memory and time are another matter
#else
constexpr bool kSanitized = false;
#endif

struct Flags {
  std::string muster;
  std::vector<std::string> attacks;
  double seconds = 10;
  int threads = 2;
  bool busy = false;
  bool any_latency = false;
};

// Threads that do something until they are stopped.
class Running {
 public:
  // `work` is given when to stop and the number of its thread.
  Running(int threads, const std::function<void(const std::atomic<bool>&, int)>& work) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this, work, i] { work(stop_, i); });
  }
  ~Running() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

std::unique_ptr<Running> Attacking(const Target& target, const Attack& attack, int threads) {
  return std::make_unique<Running>(threads, [target, &attack](const std::atomic<bool>& stop, int number) {
    Attacker attacker(target, &stop, number);
    while (!stop) {
      attack.step(attacker);
      attacker.CountStep();
    }
  });
}

// As much load on the machine as attackers make, and none on the webhook.
std::unique_ptr<Running> Computing(int threads) {
  return std::make_unique<Running>(threads, [](const std::atomic<bool>& stop, int) {
    while (!stop) {
    }
  });
}

struct Round {
  absl::Duration usual;  // the 99th percentile right before
  Service service;
  size_t peak = 0;
  bool slow = false;
};

// How good clients fare without and with one attack, `time` each.
Round Fare(GoodClients* good, ServedProcess* process, const Attack& attack, absl::Duration time, const Flags& flags) {
  Round round;
  {
    const auto computing = Computing(flags.threads);
    good->Take();  // what happened in between
    absl::SleepFor(time);
    round.usual = good->Take().p99;
  }
  process->ForgetPeak();
  const auto attacking = Attacking(process->target(), attack, flags.threads);
  absl::SleepFor(time);
  round.service = good->Take();
  round.peak = process->peak();
  const absl::Duration slower = flags.busy ? std::max(kMaxSlower, round.usual) : kMaxSlower;
  round.slow = !kSanitized && !flags.any_latency && round.service.p99 > round.usual + slower;
  return round;
}

// Prints how it went. True when it is as it should be.
bool Judge(const char* name, const Round& round) {
  const Service& service = round.service;
  std::string problems;
  if (service.asked == 0 || service.share() < kMinShare) problems += " REVIEWS";
  if (service.probes_answered < service.probed) problems += " PROBES";
  if (round.slow) problems += " LATENCY";
  if (!kSanitized && round.peak > kMaxResident) problems += " MEMORY";
  std::printf("%-18s %6.2f %% of %5d   p99 %7.2f ms (%.2f before)   probes %3d/%3d   peak %4zu MiB%s\n", name,
              100 * service.share(), service.asked, absl::ToDoubleMilliseconds(service.p99),
              absl::ToDoubleMilliseconds(round.usual), service.probes_answered, service.probed, round.peak >> 20,
              problems.c_str());
  if (!problems.empty()) {
    for (const std::string& failure : service.failures) std::printf("    %s\n", failure.c_str());
  }
  std::fflush(stdout);
  return problems.empty();
}

bool AttackEach(ServedProcess* process, const std::vector<const Attack*>& attacks, const Flags& flags) {
  GoodClients good(process->target());
  const absl::Duration time = absl::Seconds(flags.seconds);
  absl::SleepFor(absl::Milliseconds(300));
  bool well = true;
  for (const Attack* attack : attacks) {
    Round round = Fare(&good, process, *attack, time, flags);
    if (round.slow && process->alive()) {
      std::printf("%-18s p99 %.2f ms (%.2f before): once more\n", attack->name,
                  absl::ToDoubleMilliseconds(round.service.p99), absl::ToDoubleMilliseconds(round.usual));
      round = Fare(&good, process, *attack, 3 * time, flags);
    }
    well &= Judge(attack->name, round);
    if (!process->alive()) {
      std::printf("    the process is gone: %s\n", process->log().c_str());
      return false;
    }
  }
  return well;
}

bool EndUnderAll(ServedProcess* process, const std::vector<const Attack*>& attacks, const Flags& flags) {
  std::vector<std::unique_ptr<Running>> running;
  for (const Attack* attack : attacks) running.push_back(Attacking(process->target(), *attack, 1));
  absl::SleepFor(absl::Seconds(flags.seconds));
  const size_t peak = process->peak();
  const absl::Duration took = process->End(kPatience + absl::Seconds(20));
  // A process that is gone is only so once all its threads had a turn.
  const absl::Duration most = kPatience + (flags.busy || kSanitized ? absl::Seconds(3) : absl::Seconds(1));
  const bool in_time = took <= most;
  const bool small = kSanitized || peak <= kMaxResident;
  std::printf("%-18s ends after %.2f s of at most %.0f   peak %4zu MiB%s%s\n", "(all at a time)",
              absl::ToDoubleSeconds(took), absl::ToDoubleSeconds(most), peak >> 20, in_time ? "" : " END",
              small ? "" : " MEMORY");
  return in_time && small;
}

int Usage() {
  std::fprintf(stderr,
               "attack --muster=FILE [--attack=NAME]... [--seconds=N] [--threads=N] [--busy] [--any-latency]\n");
  for (const Attack& attack : Attacks()) std::fprintf(stderr, "  %-18s %s\n", attack.name, attack.about);
  return 2;
}

int Main(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    absl::string_view flag = argv[i];
    if (absl::ConsumePrefix(&flag, "--muster=")) {
      flags.muster = std::string(flag);
    } else if (absl::ConsumePrefix(&flag, "--attack=")) {
      flags.attacks.emplace_back(flag);
    } else if (absl::ConsumePrefix(&flag, "--seconds=")) {
      if (!absl::SimpleAtod(flag, &flags.seconds)) return Usage();
    } else if (absl::ConsumePrefix(&flag, "--threads=")) {
      if (!absl::SimpleAtoi(flag, &flags.threads)) return Usage();
    } else if (flag == "--busy") {
      flags.busy = true;
    } else if (flag == "--any-latency") {
      flags.any_latency = true;
    } else {
      return Usage();
    }
  }
  std::vector<const Attack*> attacks;
  for (const Attack& attack : Attacks()) {
    bool chosen = flags.attacks.empty();
    for (const std::string& name : flags.attacks) chosen |= name == attack.name;
    if (chosen) attacks.push_back(&attack);
  }
  if (flags.muster.empty() || attacks.size() < flags.attacks.size()) return Usage();

  std::signal(SIGPIPE, SIG_IGN);
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const char* const temporary = std::getenv("TEST_TMPDIR");
  const std::string folder =
      absl::StrCat(temporary == nullptr ? "/tmp" : temporary, "/muster-attack-", static_cast<int>(getpid()));
  std::filesystem::create_directories(folder);
  bool well = false;
  {
    ServedProcess process(flags.muster, folder, kPatience);
    if (process.ok()) {
      well = AttackEach(&process, attacks, flags);
      well = process.alive() && EndUnderAll(&process, attacks, flags) && well;
    } else {
      std::fprintf(stderr, "%s does not serve: %s\n", flags.muster.c_str(), process.log().c_str());
    }
  }
  std::filesystem::remove_all(folder);
  return well ? 0 : 1;
}

}  // namespace
}  // namespace muster::webhook

int main(int argc, char** argv) { return muster::webhook::Main(argc, argv); }
