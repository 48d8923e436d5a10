// The state that follows an API server on a bad day, held against the true history: reviews are answered while objects
// change and requests go wrong. No answer is made of anything that was never so, or that was over before something seen
// earlier began; ready means that what is known was so a moment ago; once the faults end, everything is known.
//
// Runs for MUSTER_LIVE_HISTORIES_SECONDS (default 20), from the seed MUSTER_LIVE_HISTORIES_SEED (default 1) on. A
// failure names its seed.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "kube/client/cache_figures.h"
#include "kube/client/paths.h"
#include "kube/client/reflector.h"
#include "kube/client/waiting.h"
#include "webhook/base/log.h"
#include "webhook/live/cluster_history.h"
#include "webhook/live/hostile_api_server.h"
#include "webhook/live/live_cluster_state.h"
#include "webhook/live/resource.h"
#include "webhook/router.h"
#include "webhook/state/config.h"
#include "webhook/state/needed_state.h"
#include "webhook/testing/review_builder.h"

namespace muster::webhook {
namespace {

using nlohmann::json;

constexpr char kNamespaces[] = "/api/v1/namespaces";
constexpr char kQueues[] = "/apis/kueue.x-k8s.io/v1beta2/localqueues";
constexpr char kPriorities[] = "/apis/kueue.x-k8s.io/v1beta2/workloadpriorityclasses";
constexpr char kDefaultQueue[] = "team-a/default";  // is observed through reviews
constexpr absl::Duration kChurn = absl::Milliseconds(2500);
constexpr absl::Duration kMaxStaleness = absl::Milliseconds(300);
// For a machine that does something else for a while.
constexpr absl::Duration kSlack = absl::Milliseconds(1500);
constexpr absl::Duration kPatience = absl::Seconds(60);
constexpr int kFaults = 15;  // of a hundred

int NumberFromEnvironment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

LiveStateOptions Options(uint64_t seed) {
  LiveStateOptions options;
  options.training_runtimes = false;
  kube::ReflectorOptions& reflector = options.reflector;
  reflector.seed = seed;
  reflector.min_backoff = absl::Milliseconds(1);
  reflector.max_backoff = absl::Milliseconds(30);
  reflector.list_timeout = absl::Milliseconds(150);
  reflector.list_patience = absl::Seconds(1);
  reflector.watch_silence = absl::Milliseconds(150);
  reflector.short_watch = absl::Milliseconds(10);
  reflector.max_staleness = kMaxStaleness;
  reflector.page_size = 3;
  reflector.absence_interval = absl::Milliseconds(10);
  reflector.absence_patience = absl::Milliseconds(40);
  reflector.removal_patience = absl::Milliseconds(100);
  options.lookups.timeout = absl::Milliseconds(100);
  return options;
}

// What one observer sees of one object: a value, that it is not there, or nothing (it was not answered).
struct Sight {
  bool answered = false;
  std::optional<std::string> value = std::nullopt;
};

// One history: a cluster, its API server and the webhook. Ends when it is destroyed.
class History {
 public:
  explicit History(uint64_t seed)
      : seed_(seed), random_(seed), server_(&history_, seed, kFaults), log_(LogLevel::kError) {
    for (const Resource& resource : FollowedResources()) {
      if (resource.type->group != "trainer.kubeflow.org") history_.Install(kube::CollectionPath(*resource.type));
    }
    history_.Put(kNamespaces, "", "team-a", "0");
    for (int i = 0; i < 5; ++i) history_.Put(kQueues, "team-b", absl::StrCat("q", i), "there");
    state_ = *LiveClusterState::Start(server_.endpoint(), Options(seed), &log_);
    router_ = std::make_unique<Router>(DefaultWebhookConfig(), state_.get());
  }

  void Play() {
    std::vector<std::thread> observers;
    for (int i = 0; i < 3; ++i) observers.emplace_back([this, i] { Observe(i); });
    for (const kube::SteadyTime end = kube::After(kChurn); kube::SteadyNow() < end;) {
      Change();
      absl::SleepFor(absl::Microseconds(random_() % 4000));
    }
    server_.SetFaults(0);
    Converge();
    done_ = true;
    for (std::thread& observer : observers) observer.join();
  }

  int answers() const { return answers_; }
  int ready() const { return ready_; }
  int faults() const {
    int all = 0;
    for (const auto& [fault, times] : server_.faults_met()) all += times;
    return all;
  }

 private:
  void Change() {
    const std::string any = absl::StrCat(random_() % 5);
    switch (random_() % 40) {
      case 0:
        return history_.Compact();
      case 1:
        return history_.Restore(kQueues);
      case 2:
        history_.Uninstall(kPriorities);
        return;
      case 3:
        return server_.EndWatches();
      default:
        break;
    }
    switch (random_() % 8) {
      case 0:
      case 1:
        return history_.Put(kNamespaces, "", "team-a", absl::StrCat(++number_));
      case 2:
        return history_.Put(kQueues, "team-a", "default", "there");
      case 3:
        return history_.Delete(kQueues, "team-a", "default");
      case 4:
        return history_.Put(kQueues, "team-b", "q" + any, "there");
      case 5:
        return history_.Delete(kQueues, "team-b", "q" + any);
      case 6:
        history_.Install(kPriorities);
        return history_.Put(kPriorities, "", "p" + any, "there");
      default:
        return history_.Delete(kPriorities, "", "p" + any);
    }
  }

  // Whether a job that names no queue gets the default one.
  Sight DefaultQueueByReview() {
    static const auto& review = *new std::string(ReviewText(
        "CREATE",
        json::parse(
            R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"team-a"},"spec":{"template":{"spec":{"containers":[{"name":"c"}]}}}})")));
    const HttpAnswer answer = router_->Answer("/mutate-batch-v1-job", "application/json", review);
    if (answer.status == 503) return {};
    EXPECT_EQ(answer.status, 200);
    const std::string gist = Gist(answer.body);
    if (absl::StrContains(gist, "queue-name")) return {true, "there"};
    EXPECT_EQ(gist, "allowed");
    return {true, std::nullopt};
  }
  Sight NamespaceLabel() {
    const NeededState state(*state_);
    const auto labels = state.NamespaceLabels("team-a");
    if (!state.Missing().empty()) return {};
    return labels == nullptr ? Sight{true, std::nullopt} : Sight{true, labels->at("v")};
  }
  Sight Queue(const std::string& name) {
    const NeededState state(*state_);
    const bool there = state.HasLocalQueue("team-b", name);
    if (!state.Missing().empty()) return {};
    return {true, there ? std::optional<std::string>("there") : std::nullopt};
  }
  Sight Priority(const std::string& name) {
    const NeededState state(*state_);
    const bool there = state.HasWorkloadPriorityClass(name);
    if (!state.Missing().empty()) return {};
    return {true, there ? std::optional<std::string>("there") : std::nullopt};
  }
  // Everything that is observed, by collection and object.
  Sight Look(const std::string& collection, const std::string& key) {
    if (collection == kNamespaces) return NamespaceLabel();
    const std::string name = key.substr(key.find('/') + 1);
    if (collection == kPriorities) return Priority(name);
    return key == kDefaultQueue ? DefaultQueueByReview() : Queue(name);
  }
  static std::vector<std::pair<std::string, std::string>> Objects() {
    std::vector<std::pair<std::string, std::string>> all = {{kNamespaces, "/team-a"}, {kQueues, kDefaultQueue}};
    for (int i = 0; i < 5; ++i) {
      all.emplace_back(kQueues, absl::StrCat("team-b/q", i));
      all.emplace_back(kPriorities, absl::StrCat("/p", i));
    }
    return all;
  }

  void Observe(int observer) {
    std::minstd_rand random(static_cast<uint32_t>(seed_ * 31) + static_cast<uint32_t>(observer));
    std::map<std::string, size_t> seen;
    std::map<std::string, bool> answered;
    const auto objects = Objects();
    while (!done_) {
      const auto& [collection, key] = objects[random() % objects.size()];
      const kube::SteadyTime now = kube::SteadyNow();
      const std::vector<kube::CacheFigures> figures = state_->figures();
      const bool ready = kube::CacheProblems(figures).empty();
      const Sight sight = Look(collection, key);
      if (!sight.answered) {
        EXPECT_FALSE(ready) << Place(collection, key) << " is not answered by a webhook that is ready";
        // A review may come to need another kind than before; what is read directly needs its own alone.
        EXPECT_TRUE(key == kDefaultQueue || !answered[collection]) << Place(collection, key) << " was known before";
        continue;
      }
      answered[collection] = true;
      ++answers_;
      ready_ += ready ? 1 : 0;
      const kube::SteadyTime since = ready ? kube::After(-kMaxStaleness - kSlack, now) : kube::SteadyTime::min();
      EXPECT_TRUE(history_.WasTrue(collection, key, sight.value, &seen[collection + key], since))
          << Place(collection, key) << ": " << sight.value.value_or("(absent)")
          << " was never so since what was seen before" << (ready ? ", or not lately" : "");
      if (::testing::Test::HasFailure()) return;
      absl::SleepFor(absl::Microseconds(300));
    }
  }

  void Converge() {
    for (const kube::SteadyTime end = kube::After(kPatience); kube::SteadyNow() < end;) {
      bool all = kube::CacheProblems(state_->figures()).empty();
      for (const auto& [collection, key] : Objects()) {
        const Sight sight = Look(collection, key);
        all = all && sight.answered && sight.value == history_.Now(collection, key);
      }
      if (all) return;
      absl::SleepFor(absl::Milliseconds(5));
    }
    ADD_FAILURE() << "seed " << seed_ << ": not everything is known a minute after the last fault: "
                  << kube::CacheProblems(state_->figures());
  }

  std::string Place(const std::string& collection, const std::string& key) const {
    return absl::StrCat("seed ", seed_, ": ", collection, " ", key);
  }

  const uint64_t seed_;
  std::mt19937_64 random_;
  int number_ = 0;
  ClusterHistory history_;
  HostileApiServer server_;
  const Log log_;
  std::unique_ptr<LiveClusterState> state_;
  std::unique_ptr<Router> router_;
  std::atomic<bool> done_{false};
  std::atomic<int> answers_{0}, ready_{0};
};

TEST(LiveHistories, NoAnswerIsMadeOfWhatWasNeverTrue) {
  const int seconds = NumberFromEnvironment("MUSTER_LIVE_HISTORIES_SECONDS", 20);
  std::atomic<uint64_t> seed{static_cast<uint64_t>(NumberFromEnvironment("MUSTER_LIVE_HISTORIES_SEED", 1))};
  std::atomic<int> runs{0}, answers{0}, ready{0}, faults{0};
  const kube::SteadyTime end = kube::After(absl::Seconds(seconds));
  const auto play = [&] {
    while (kube::SteadyNow() < end && !::testing::Test::HasFailure()) {
      History run(seed++);
      run.Play();
      ++runs;
      answers += run.answers();
      ready += run.ready();
      faults += run.faults();
    }
  };
  std::thread second(play);
  play();
  second.join();
  std::cout << runs << " histories, " << answers << " answers, " << ready << " of them while ready, " << faults
            << " faults\n";
  EXPECT_GT(ready, 0);
  EXPECT_GT(faults, 0);
}

}  // namespace
}  // namespace muster::webhook
