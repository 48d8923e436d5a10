#include "conformance/flows/compare.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "conformance/flows/facets.h"
#include "conformance/flows/sequences.h"

namespace muster::conformance {
namespace {

using nlohmann::json;

std::string TextOf(const std::vector<Value>& values) {
  std::string text;
  for (const Value& each : values) absl::StrAppend(&text, text.empty() ? "" : " -> ", each.value.dump());
  return text;
}

bool SameValues(const std::vector<Value>& a, const std::vector<Value>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Value& x, const Value& y) { return x.value == y.value; });
}

void CompareSequences(const Recording& recording, const Outcome& outcome, Compared* out) {
  // Only types that were watched when it was recorded.
  std::set<const kube::ResourceType*> watched;
  for (const Sighting& sighting : recording.seen) watched.insert(&sighting.event.object->type());
  std::vector<Sighting> seen;
  std::copy_if(outcome.seen.begin(), outcome.seen.end(), std::back_inserter(seen),
               [&](const Sighting& sighting) { return watched.count(&sighting.event.object->type()) > 0; });
  Sequences wanted = SequencesOf(recording.seen);
  Sequences got = SequencesOf(seen);
  DropRaces(&wanted);
  DropRaces(&got);
  for (const auto& [key, values] : wanted) got[key];
  for (const auto& [key, values] : got) {
    ++out->values;
    const std::vector<Value>& recorded = wanted[key];
    if (!SameValues(recorded, values))
      out->differences.push_back({key.first, key.second, TextOf(recorded), TextOf(values)});
  }
}

// The figures of every queue as they stand just before a time.
std::map<std::string, json> FiguresBefore(const std::vector<Sighting>& seen, absl::Time time) {
  std::map<std::string, json> figures;
  for (const Sighting& sighting : seen) {
    if (sighting.time >= time) break;
    const kube::Object& object = *sighting.event.object;
    if (sighting.event.type == kube::WatchEvent::Type::kDeleted) {
      figures.erase(object.key().Text());
    } else if (json value = FiguresOf(object); !value.is_null()) {
      figures[object.key().Text()] = std::move(value);
    }
  }
  return figures;
}

bool FollowsQuiet(const Recording& recording, absl::Time time) {
  const auto disturbs = [&](absl::Time other) { return other < time && other >= time - absl::Seconds(1); };
  return std::none_of(recording.seen.begin(), recording.seen.end(),
                      [&](const Sighting& each) { return disturbs(each.time); }) &&
         std::none_of(recording.acts.begin(), recording.acts.end(),
                      [&](const Act& each) { return disturbs(each.time); });
}

void CompareFigures(const Recording& recording, const Outcome& outcome, Compared* out) {
  std::vector<absl::Time> times;
  for (const Act& act : recording.acts) times.push_back(act.time);
  times.push_back(recording.end);
  for (absl::Time time : times) {
    if (!FollowsQuiet(recording, time)) continue;
    const std::map<std::string, json> wanted = FiguresBefore(recording.seen, time);
    std::map<std::string, json> got = FiguresBefore(outcome.seen, time);
    for (const auto& [where, figures] : wanted) {
      // The recorded manager had not come to it yet.
      if (figures.is_object() && figures.empty()) continue;
      ++out->values;
      if (got[where] == figures) continue;
      // What differs suffices.
      json recorded = json::object(), other = json::object();
      for (const auto& [key, value] : figures.items()) {
        if (!got[where].is_object() || got[where].value(key, json()) != value) recorded[key] = value;
      }
      if (got[where].is_object()) {
        for (const auto& [key, value] : got[where].items()) {
          if (figures.value(key, json()) != value) other[key] = value;
        }
      }
      out->differences.push_back({where,
                                  absl::StrFormat("figures at %.2f s", absl::ToDoubleSeconds(time - recording.start)),
                                  recorded.dump(), other.dump()});
    }
  }
}

// Controllers of Kubernetes and the scheduler report in their own names; they are not compared.
bool ManagesJobs(const Said& said) {
  static const auto& others = *new std::set<std::string>{
      "",        "job-controller",         "deployment-controller", "replicaset-controller",
      "kubelet", "statefulset-controller", "default-scheduler",     "taint-eviction-controller"};
  return others.count(said.by) == 0;
}

bool IsAboutGroup(const std::string& reason) {
  static const auto& reasons = *new std::set<std::string>{"CreatedWorkload", "DeletedWorkload", "ErrWorkloadCompose",
                                                          "FinishedWorkload", "UpdatedWorkload"};
  return reasons.count(reason) > 0;
}

std::map<Said, int> Count(const std::vector<Said>& said) {
  std::map<Said, int> counts;
  for (Said each : said) {
    if (!ManagesJobs(each)) continue;
    each.message = NormalizedText(each.message);
    // Its victims are written to side by side, and of what is said about the preemptor meanwhile the first is kept.
    if (each.reason == "PreemptedWorkload") each.message = each.message.substr(each.message.find("; preemptor"));
    // Of a group, any pod may stand for all.
    if (each.by == "pod-kueue-controller" && IsAboutGroup(each.reason)) {
      each.about = each.about.substr(0, each.about.find('/')) + "/*";
    }
    ++counts[each];
  }
  // What a cycle says of one that waits is said again whenever the object has changed in between, whoever changed it.
  for (auto& [said, count] : counts) {
    if (said.by == "kueue-admission" && said.type == "Warning") count = 1;
  }
  return counts;
}

void CompareEvents(const Recording& recording, const Outcome& outcome, Compared* out) {
  const std::map<Said, int> wanted = Count(recording.said);
  std::map<Said, int> got = Count(outcome.said);
  const auto times = [](int count) { return count == 0 ? std::string() : absl::StrCat(count, " times"); };
  for (const auto& [said, count] : wanted) {
    ++out->values;
    const int here = got[said];
    got.erase(said);
    if (here != count && here != count + 1) {
      out->differences.push_back(
          {said.about, absl::StrCat("event ", said.type, " ", said.reason, " \"", said.message, "\" by ", said.by),
           times(count), times(here)});
    }
  }
  for (const auto& [said, count] : got) {
    out->differences.push_back(
        {said.about, absl::StrCat("event ", said.type, " ", said.reason, " \"", said.message, "\" by ", said.by), "",
         times(count)});
  }
}

constexpr char kDryRun[] = " dry run";

std::map<std::string, std::set<std::string>> KindsOfWrites(const std::vector<Written>& writes, bool fair) {
  std::map<std::string, std::set<std::string>> kinds;
  for (const Written& written : writes) {
    const kube::Request& request = written.request;
    if (!written.response.ok() || request.key.type->kind == "Event") continue;
    // Says no more than which version is meant.
    if (request.verb == kube::Verb::kMergePatch && request.body.is_object() && request.body.size() == 1 &&
        request.body.contains("metadata") && request.body["metadata"].is_object() &&
        request.body["metadata"].size() == 1 && request.body["metadata"].contains("resourceVersion")) {
      continue;
    }
    std::string kind = kube::Summary(request);
    // Without the name, which stands in front.
    const std::string name = request.key.ns.empty() ? request.key.name : request.key.ns + "/" + request.key.name;
    if (const size_t at = kind.find(name); at != std::string::npos && !name.empty()) kind.erase(at, name.size() + 1);
    if (request.dry_run) absl::StrAppend(&kind, kDryRun);
    // Cohorts have a status with fair sharing alone; without, it is written and says nothing.
    if (request.key.type->kind == "Cohort" && !fair) continue;
    kinds[request.key.Text()].insert(kind);
  }
  return kinds;
}

void CompareWrites(const Recording& recording, const Outcome& outcome, Compared* out) {
  const bool fair = std::any_of(recording.seen.begin(), recording.seen.end(), [](const Sighting& each) {
    return each.event.object->At("/status/fairSharing") != nullptr;
  });
  const auto wanted = KindsOfWrites(recording.writes, fair);
  auto got = KindsOfWrites(outcome.writes, fair);
  for (const auto& [where, kinds] : wanted) got[where];
  // What belongs to no namespace may have been recorded with another flow.
  std::erase_if(got, [&](const auto& each) {
    return wanted.count(each.first) == 0 && each.first.find('/') == std::string::npos;
  });
  for (const auto& [where, kinds] : got) {
    ++out->values;
    const auto it = wanted.find(where);
    const std::set<std::string> recorded = it == wanted.end() ? std::set<std::string>() : it->second;
    for (const std::string& kind : recorded) {
      // What only asks how a write would be answered changes nothing, and may be left out.
      if (kinds.count(kind) == 0 && !absl::EndsWith(kind, kDryRun))
        out->differences.push_back({where, "write", kind, ""});
    }
    for (const std::string& kind : kinds) {
      if (recorded.count(kind) == 0) out->differences.push_back({where, "write", "", kind});
    }
  }
}

}  // namespace

Compared Compare(const Recording& recording, const Outcome& outcome, bool only_state) {
  Compared out;
  for (const std::string& surprise : outcome.surprises) out.differences.push_back({"", "act", surprise, ""});
  CompareSequences(recording, outcome, &out);
  CompareFigures(recording, outcome, &out);
  CompareEvents(recording, outcome, &out);
  if (!only_state) CompareWrites(recording, outcome, &out);
  return out;
}

}  // namespace muster::conformance
