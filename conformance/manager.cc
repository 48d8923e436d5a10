// Replays recorded flows of Kueue's manager against Muster's, in a simulated cluster, and compares.
#include "manager/loop/manager.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "conformance/flows/runner.h"
#include "conformance/flows/subject.h"
#include "conformance/flows/write_pace.h"
#include "manager/options.h"

namespace muster::conformance {
namespace {

class ManagerSubject : public Subject {
 public:
  ManagerSubject(manager::ManagerOptions options, WritePace* pace) : manager_(std::move(options)), pace_(pace) {}

  void Observe(absl::Span<const kube::WatchEvent> events, absl::Time now) override {
    for (const kube::WatchEvent& event : events) {
      if (event.type == kube::WatchEvent::Type::kDeleted) {
        manager_.ObserveGone(event.object->key(), now);
      } else {
        manager_.Observe(event.object, now);
      }
    }
  }

  // One write at a time, so that the manager can react to its answer, and to what others wrote, before the next: as when
  // writes are under way side by side.
  void Run(absl::Time now, const Write& write) override {
    for (manager::Outgoing& outgoing : manager_.Work(now)) {
      const bool at_once = outgoing.is_event || pace_ == nullptr;
      const absl::Time when = at_once ? now : pace_->When(outgoing.request, now);
      waiting_.emplace(when, std::move(outgoing));
    }
    if (!waiting_.empty() && waiting_.begin()->first <= now) {
      const manager::Outgoing outgoing = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      const kube::Response response = write(outgoing.request);
      if (pace_ != nullptr && !response.ok()) pace_->Refused(outgoing.request);
      if (!outgoing.is_event) manager_.Answer(outgoing.id, response, now);
    }
    // Each once: what is refused is tried again and again, as Kueue does.
    for (std::string& problem : manager_.TakeProblems()) {
      const auto [each, is_new] = said_.insert(std::move(problem));
      if (is_new) std::fprintf(stderr, "  %s\n", each->c_str());
    }
  }

  absl::Time NextTime() const override {
    return waiting_.empty() ? manager_.NextTime() : std::min(manager_.NextTime(), waiting_.begin()->first);
  }

 private:
  manager::Manager manager_;
  WritePace* const pace_;
  std::multimap<absl::Time, manager::Outgoing> waiting_;  // by when they are sent, then in order
  std::set<std::string> said_;
};

absl::StatusOr<std::unique_ptr<Subject>> MakeManager(const std::string& configuration, WritePace* pace) {
  std::ifstream in(configuration);
  if (!in) return absl::NotFoundError(absl::StrCat(configuration, ": cannot be read"));
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  absl::StatusOr<manager::ManagerOptions> options = manager::ParseManagerOptions(text, configuration);
  if (!options.ok()) return options.status();
  return std::make_unique<ManagerSubject>(*std::move(options), pace);
}

}  // namespace
}  // namespace muster::conformance

int main(int argc, char** argv) { return muster::conformance::FlowsMain(argc, argv, muster::conformance::MakeManager); }
