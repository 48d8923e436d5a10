// Replays recorded flows of Kueue's manager against Muster's, in a simulated cluster, and compares.
#include "manager/loop/manager.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "conformance/flows/runner.h"
#include "conformance/flows/subject.h"
#include "manager/options.h"

namespace muster::conformance {
namespace {

class ManagerSubject : public Subject {
 public:
  explicit ManagerSubject(manager::ManagerOptions options) : manager_(std::move(options)) {}

  void Observe(absl::Span<const kube::WatchEvent> events, absl::Time now) override {
    for (const kube::WatchEvent& event : events) {
      if (event.type == kube::WatchEvent::Type::kDeleted) {
        manager_.ObserveGone(event.object->key(), now);
      } else {
        manager_.Observe(event.object, now);
      }
    }
  }

  void Run(absl::Time now, const Write& write) override {
    for (const manager::Outgoing& outgoing : manager_.Work(now)) {
      const kube::Response response = write(outgoing.request);
      if (!outgoing.is_event) manager_.Answer(outgoing.id, response, now);
    }
    for (const std::string& problem : manager_.TakeProblems()) std::fprintf(stderr, "  %s\n", problem.c_str());
  }

  absl::Time NextTime() const override { return manager_.NextTime(); }

 private:
  manager::Manager manager_;
};

absl::StatusOr<std::unique_ptr<Subject>> MakeManager(const std::string& configuration) {
  std::ifstream in(configuration);
  if (!in) return absl::NotFoundError(absl::StrCat(configuration, ": cannot be read"));
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  absl::StatusOr<manager::ManagerOptions> options = manager::ParseManagerOptions(text, configuration);
  if (!options.ok()) return options.status();
  return std::make_unique<ManagerSubject>(*std::move(options));
}

}  // namespace
}  // namespace muster::conformance

int main(int argc, char** argv) { return muster::conformance::FlowsMain(argc, argv, muster::conformance::MakeManager); }
