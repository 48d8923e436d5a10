#include "conformance/flows/write_pace.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::conformance {
namespace {

using nlohmann::json;

// What reached the one who recorded may have reached the manager that much earlier, and the answer with it.
constexpr absl::Duration kAhead = absl::Seconds(2);
// No write takes longer: a recorded one that came later had another cause.
constexpr absl::Duration kMost = absl::Seconds(5);

// What a status says, without times, words, and what others write into it.
std::string MeaningOfStatus(const json& status) {
  std::set<std::string> parts;
  if (status.contains("admission") && !status["admission"].is_null()) parts.insert("admission");
  for (const json& condition : status.value("conditions", json::array())) {
    if (condition.value("type", "") == "PodsReady" && status.value("conditions", json::array()).size() > 1) continue;
    parts.insert(absl::StrCat(condition.value("type", ""), "=", condition.value("status", ""), " ",
                              condition.value("reason", "")));
  }
  return absl::StrJoin(parts, ", ");
}

// What a patch changes.
std::string MeaningOfPatch(json patch) {
  if (patch.is_object() && patch.contains("metadata") && patch["metadata"].is_object()) {
    patch["metadata"].erase("resourceVersion");
    if (patch["metadata"].empty()) patch.erase("metadata");
  }
  return patch.empty() ? "" : patch.dump();
}

std::string MeaningOf(const kube::Request& request) {
  switch (request.verb) {
    case kube::Verb::kMergePatch:
      return MeaningOfPatch(request.body);
    case kube::Verb::kApply:
      return request.body.is_object() ? MeaningOfStatus(request.body.value("status", json::object())) : "";
    default:
      return "";
  }
}

bool HasPace(const kube::Request& request) {
  const absl::string_view kind = request.key.type->kind;
  if (kind == "ClusterQueue" || kind == "LocalQueue" || kind == "Cohort" || request.dry_run) return false;
  return request.verb != kube::Verb::kMergePatch || !MeaningOf(request).empty();
}

}  // namespace

WritePace::Kind WritePace::KindOf(const kube::Request& request) {
  kube::ObjectKey key = request.key;
  if (key.name.empty() && request.body.is_object() && request.body.contains("metadata")) {
    key.name = request.body["metadata"].value("name", "");
  }
  return {std::move(key), request.verb, request.subresource, request.field_manager, MeaningOf(request)};
}

WritePace::WritePace(const Recording& recording) {
  for (const Written& written : recording.writes) {
    if (written.response.ok() && HasPace(written.request)) recorded_[KindOf(written.request)].push_back(written.time);
  }
}

absl::Time WritePace::When(const kube::Request& request, absl::Time now) {
  if (!HasPace(request)) return now;
  const auto it = recorded_.find(KindOf(request));
  if (it == recorded_.end()) return now;
  std::deque<absl::Time>& times = it->second;
  while (!times.empty() && times.front() < now - kAhead) times.pop_front();
  if (again_.erase(it->first) > 0 || times.empty() || times.front() > now + kMost) return now;
  const absl::Time time = times.front();
  times.pop_front();
  return std::max(time, now);
}

}  // namespace muster::conformance
