#include "webhook/testing/attack/good_clients.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace muster::webhook {
namespace {

constexpr int kKeeping = 3;  // clients that keep their connection
constexpr absl::Duration kPause = absl::Milliseconds(8);
constexpr absl::Duration kProbePause = absl::Milliseconds(50);
constexpr int kPatience = 5000;       // milliseconds, as an API server's timeoutSeconds
constexpr int kProbePatience = 1000;  // a kubelet's
constexpr size_t kMaxFailures = 3;

std::string StatusLine(const std::string& answer) {
  return answer.empty() ? "no answer" : answer.substr(0, answer.find('\r'));
}

}  // namespace

GoodClients::GoodClients(const Target& target) : target_(target) {
  for (int i = 0; i < kKeeping; ++i) threads_.emplace_back([this] { Ask(/*keep=*/true); });
  threads_.emplace_back([this] { Ask(/*keep=*/false); });
  threads_.emplace_back([this] { Probe(); });
}

GoodClients::~GoodClients() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
}

void GoodClients::Note(const std::string& failure) {
  if (service_.failures.size() < kMaxFailures) service_.failures.push_back(failure);
}

void GoodClients::Ask(bool keep) {
  std::unique_ptr<RawClient> client;
  for (int i = 0; !stop_; ++i) {
    const std::string uid = absl::StrCat("u-", i);
    const absl::Time start = absl::Now();
    std::string answer;
    // As Go's client: a connection that was closed while it was idle is no failure, but one that was just opened is.
    for (const bool reused : {client != nullptr, false}) {
      if (!reused) client = std::make_unique<RawClient>(target_.port);
      client->SetPatience(kPatience);
      if (client->connected()) answer = client->Ask("POST", kGoodPath, GoodReview(uid));
      if (!answer.empty() || !reused) break;
    }
    const bool good = absl::StartsWith(answer, "HTTP/1.1 200 ") && absl::StrContains(answer, uid) &&
                      absl::StrContains(answer, "\"allowed\":true");
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++service_.asked;
      if (good) {
        ++service_.answered;
        took_.push_back(absl::Now() - start);
      } else {
        Note(absl::StrCat(keep ? "kept: " : "new: ", client->connected() ? StatusLine(answer) : "no connection"));
      }
    }
    if (!good || !keep) client.reset();
    absl::SleepFor(kPause);
  }
}

void GoodClients::Probe() {
  for (int i = 0; !stop_; ++i) {
    const char* const path = i % 4 == 0 ? "/readyz" : "/healthz";
    RawClient client(target_.health_port, /*tls=*/false);
    client.SetPatience(kProbePatience);
    const std::string answer = client.connected() ? client.Ask("GET", path) : "";
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ++service_.probed;
      if (absl::StartsWith(answer, "HTTP/1.1 200 ")) {
        ++service_.probes_answered;
      } else {
        Note(absl::StrCat("probe: ", StatusLine(answer)));
      }
    }
    absl::SleepFor(kProbePause);
  }
}

Service GoodClients::Take() {
  std::lock_guard<std::mutex> lock(mutex_);
  Service taken = std::exchange(service_, Service());
  std::sort(took_.begin(), took_.end());
  if (!took_.empty()) taken.p99 = took_[took_.size() * 99 / 100];
  took_.clear();
  return taken;
}

}  // namespace muster::webhook
