#include "sim/scenario/run.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/resource_units.h"
#include "api/vocabulary.h"
#include "sim/scenario/check.h"
#include "sim/scenario/words.h"
#include "sim/scenario/world.h"

namespace muster::sim {
namespace {

// Virtual time begins here; scenarios speak of the time since.
absl::Time Start() { return absl::FromCivil(absl::CivilSecond(2026, 1, 1), absl::UTCTimeZone()); }

std::string ShortQueue(const std::string& queue) {
  absl::string_view name = queue;
  if (absl::StartsWith(name, "hyperpod-ns-") && absl::EndsWith(name, "-clusterqueue")) {
    name.remove_prefix(12);
    name.remove_suffix(13);
  }
  return std::string(name);
}

bool IsAccelerator(const std::string& resource) {
  return absl::StrContains(resource, "gpu") || absl::StrContains(resource, "neuron") ||
         absl::StrContains(resource, "mig-") || absl::StrContains(resource, "tpu");
}

std::string Indented(absl::string_view text, absl::string_view indent) {
  std::string out;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty()) continue;
    absl::StrAppend(&out, std::string(indent), std::string(line), "\n");
  }
  return out;
}

std::string Clock(absl::Duration d) { return d == absl::ZeroDuration() ? "0s" : absl::FormatDuration(d); }

class Runner {
 public:
  explicit Runner(const Scenario& scenario) : scenario_(scenario), world_(Start()) {}
  absl::StatusOr<ScenarioResult> Run();

 private:
  std::string SetUpInWords();
  std::string UsageInWords();
  void Play(const Step& step);
  absl::Status Do(const Action& action);
  void Told(const std::vector<Happening>& happenings);

  const Scenario& scenario_;
  World world_;
  ScenarioResult result_;
  std::string last_usage_;
};

// The cluster and the queues, for a reader who has not seen the objects.
std::string Runner::SetUpInWords() {
  std::map<std::string, int> nodes;
  for (const auto& [id, object] : world_.objects()) {
    const auto* node = std::get_if<api::Node>(&object);
    if (node == nullptr) continue;
    const auto type = node->metadata.labels.find(api::kInstanceTypeLabel);
    ++nodes[type == node->metadata.labels.end() ? "node" : type->second];
  }
  std::string out;
  std::vector<std::string> parts;
  for (const auto& [type, count] : nodes) parts.push_back(absl::StrCat(count, " x ", type));
  if (!parts.empty()) absl::StrAppend(&out, "  cluster: ", absl::StrJoin(parts, ", "), "\n");
  const quota::Forest& forest = world_.driver().engine().forest();
  const auto pairs = world_.driver().engine().flavor_resources();
  for (const std::string& queue : world_.ClusterQueues()) {
    const auto id = world_.driver().engine().FindClusterQueue(queue);
    const quota::NodeId node = world_.driver().engine().NodeOfClusterQueue(*id);
    std::vector<std::string> quotas;
    if (node != quota::kNoNode) {
      for (const quota::FrId fr : forest.frs(node)) {
        const std::string& resource = world_.driver().engine().ResourceName(pairs[fr].resource);
        if (forest.nominal(node, fr) == 0 && forest.borrowing_limit(node, fr) == 0) continue;
        if (!IsAccelerator(resource) && forest.frs(node).size() > 2) continue;
        std::string text = absl::StrCat(AmountInWords(resource, forest.nominal(node, fr)), " of ",
                                        world_.driver().engine().FlavorName(pairs[fr].flavor));
        if (forest.parent(node) != quota::kNoNode) {
          const quota::Amount limit = forest.borrowing_limit(node, fr);
          absl::StrAppend(&text, limit == 0 ? ", may not borrow"
                                 : forest.has_borrowing_limit(node, fr)
                                     ? absl::StrCat(", may borrow ", api::FormatAmount(resource, limit))
                                     : ", may borrow all that is idle");
        }
        quotas.push_back(std::move(text));
      }
    }
    absl::StrAppend(&out, "  quota of ", ShortQueue(queue), ": ",
                    node == quota::kNoNode ? "the queue is inactive" : absl::StrJoin(quotas, "; "), "\n");
  }
  return out;
}

std::string Runner::UsageInWords() {
  std::vector<std::string> queues;
  for (const std::string& queue : world_.ClusterQueues()) {
    std::vector<std::string> parts;
    const auto by_flavor = world_.UsageOf(queue);
    for (const auto& [flavor, resources] : by_flavor) {
      bool any_accelerator = false;
      for (const auto& [resource, usage] : resources) {
        any_accelerator |= IsAccelerator(resource) && (usage.nominal > 0 || usage.total > 0);
      }
      for (const auto& [resource, usage] : resources) {
        if (any_accelerator ? !IsAccelerator(resource) : usage.total == 0) continue;
        if (usage.nominal == 0 && usage.total == 0) continue;
        std::string text =
            absl::StrCat(api::FormatAmount(resource, usage.total), " of ", AmountInWords(resource, usage.nominal));
        if (usage.borrowed > 0) absl::StrAppend(&text, " (", api::FormatAmount(resource, usage.borrowed), " borrowed)");
        if (by_flavor.size() > 1) absl::StrAppend(&text, " on ", flavor);
        parts.push_back(std::move(text));
      }
    }
    if (!parts.empty()) queues.push_back(absl::StrCat(ShortQueue(queue), " ", absl::StrJoin(parts, ", ")));
  }
  return absl::StrJoin(queues, "; ");
}

void Runner::Told(const std::vector<Happening>& happenings) {
  for (size_t i = 0; i < happenings.size(); ++i) {
    const Happening& h = happenings[i];
    int times = 1;
    while (i + 1 < happenings.size() && happenings[i + 1].text == h.text && happenings[i + 1].at == h.at) {
      ++times;
      ++i;
    }
    // What happens between steps says when.
    const std::string at = h.at == world_.now() ? "" : absl::StrCat("at ", Clock(h.at - Start()), ": ");
    absl::StrAppend(&result_.story, "    ", at, h.text, times > 1 ? absl::StrCat(" (", times, " times)") : "", "\n");
  }
}

absl::Status Runner::Do(const Action& action) {
  switch (action.verb) {
    case Verb::kApply:
      for (const Manifest& object : action.objects) {
        if (absl::Status s = world_.Apply(object, action.runs_for); !s.ok()) return s;
      }
      return absl::OkStatus();
    case Verb::kDelete:
      return world_.Delete(action.target);
    case Verb::kFinish:
      return world_.Finish(action.target);
    case Verb::kScale:
      return world_.Scale(action.target, action.number);
    case Verb::kCordon:
      return world_.SetSchedulable(action.target, false);
    case Verb::kUncordon:
      return world_.SetSchedulable(action.target, true);
    case Verb::kNodeDown:
      return world_.SetReady(action.target, false);
    case Verb::kNodeUp:
      return world_.SetReady(action.target, true);
    case Verb::kCall:
      return world_.Call(action.target, action.objects[0]);
  }
  return absl::InternalError("no such action");
}

void Runner::Play(const Step& step) {
  world_.AdvanceTo(Start() + step.at);
  absl::StrAppend(&result_.story, "\n  [", Clock(step.at), "] ", step.title, "\n");
  for (const Action& action : step.actions) {
    const absl::Status status = Do(action);
    if (action.refused.empty()) {
      if (status.ok()) continue;
      absl::StrAppend(&result_.story, "    refused: ", std::string(status.message()), "\n");
      result_.failures.push_back(absl::StrCat(action.path, ": refused: ", std::string(status.message())));
      continue;
    }
    ++result_.checked;
    if (status.ok()) {
      result_.failures.push_back(absl::StrCat(action.path, ": is accepted, expected to be refused"));
      continue;
    }
    absl::StrAppend(&result_.story, "    refused: ", std::string(status.message()), "\n");
    for (const std::string& piece : action.refused) {
      if (absl::StrContains(status.message(), piece)) continue;
      result_.failures.push_back(
          absl::StrCat(action.path, ".refused: is \"", std::string(status.message()), "\", expected \"", piece, "\""));
    }
  }
  world_.Settle();
  const std::vector<Happening> happened = world_.TakeHappenings();
  Told(happened);
  if (std::string usage = UsageInWords(); !usage.empty() && usage != last_usage_) {
    absl::StrAppend(&result_.story, "    in use: ", usage, "\n");
    last_usage_ = std::move(usage);
  }
  const CheckResult check = Check(step.expect, absl::StrCat(step.path, ".expect"), happened, &world_);
  result_.checked += check.checked;
  if (check.checked > 0) {
    absl::StrAppend(&result_.story, "    ",
                    check.failures.empty()
                        ? absl::StrCat("as expected (", check.checked, check.checked == 1 ? " check" : " checks", ")\n")
                        : "NOT AS EXPECTED\n");
  }
  for (const std::string& failure : check.failures) {
    absl::StrAppend(&result_.story, "      ", failure, "\n");
    result_.failures.push_back(failure);
  }
}

absl::StatusOr<ScenarioResult> Runner::Run() {
  if (absl::Status s = world_.Load(scenario_.objects); !s.ok()) return s;
  world_.Settle();
  result_.story = absl::StrCat(scenario_.name, "\n", Indented(scenario_.description, "  "));
  absl::StrAppend(&result_.story, SetUpInWords());
  std::vector<Happening> at_start = world_.TakeHappenings();
  // Objects that a scenario starts with are described above.
  std::erase_if(at_start, [](const Happening& h) { return h.kind == Happening::Kind::kChange; });
  Told(at_start);
  last_usage_ = UsageInWords();
  for (const Step& step : scenario_.steps) Play(step);
  return std::move(result_);
}

}  // namespace

absl::StatusOr<ScenarioResult> RunScenario(const Scenario& scenario) { return Runner(scenario).Run(); }

}  // namespace muster::sim
