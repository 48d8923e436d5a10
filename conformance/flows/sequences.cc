#include "conformance/flows/sequences.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "conformance/flows/facets.h"

namespace muster::conformance {
namespace {

using nlohmann::json;
using Values = std::vector<Value>;

void Append(Values* values, absl::Time since, const json& value) {
  if (values->empty() ? !value.is_null() : values->back().value != value) values->push_back({since, value});
}

std::string Member(const json& value, const char* key) {
  return value.is_object() ? value.value(key, std::string()) : std::string();
}

// Keeps those that `stays` says, and the last; then what was different may be equal to its neighbour.
template <class Stays>
void Filter(Values* values, Stays stays) {
  Values kept;
  for (size_t i = 0; i < values->size(); ++i) {
    if (i + 1 < values->size() && !stays(i)) continue;
    Append(&kept, (*values)[i].since, (*values)[i].value);
  }
  *values = std::move(kept);
}

void DropOvertakenReasons(Values* values) {
  std::erase_if(*values, [](const Value& each) {
    return absl::StartsWith(Member(each.value, "message"), "Bypassed scheduling evaluation");
  });
  const auto reason = [&](size_t i) { return Member((*values)[i].value, "reason"); };
  Filter(values, [&](size_t i) {
    const std::string message = Member((*values)[i].value, "message");
    if (reason(i) == "Misconfigured" && absl::StartsWith(message, "ClusterQueue ") &&
        absl::EndsWith(message, " doesn't exist")) {
      return false;
    }
    if (reason(i) == "PendingEvaluation" && message == "Workload is pending evaluation in the scheduling queue") {
      return false;
    }
    return i == 0 || reason(i) != "WaitingForPreemptedWorkloads" || reason(i - 1) != reason(i);
  });
}

// Of a, b, a, b the second two go, where b takes the place of a for good.
void DropTakenBack(Values* values) {
  const auto reason = [&](size_t i) { return Member((*values)[i].value, "reason"); };
  for (size_t i = 0; i + 3 < values->size();) {
    if (absl::EndsWith(reason(i), "QueueStopped") && absl::EndsWith(reason(i + 1), "QueueRestarted") &&
        (*values)[i].value == (*values)[i + 2].value && (*values)[i + 1].value == (*values)[i + 3].value) {
      values->erase(values->begin() + static_cast<ptrdiff_t>(i), values->begin() + static_cast<ptrdiff_t>(i + 2));
    } else {
      ++i;
    }
  }
}

void KeepStatusAlone(Values* values) {
  for (Value& each : *values) {
    if (each.value.is_object()) each.value = each.value.value("status", "");
  }
  Filter(values, [](size_t) { return true; });
}

// Whether a sequence had one of such values between two times.
template <class Is>
bool HadBetween(const Values& values, absl::Time from, absl::Time to, Is is) {
  for (size_t i = 0; i < values.size(); ++i) {
    const absl::Time until = i + 1 < values.size() ? values[i + 1].since : absl::InfiniteFuture();
    if (values[i].since < to && until > from && is(values[i].value)) return true;
  }
  return false;
}

void DropOutdated(const Values& active, const Values& deleted, Values* values) {
  Filter(values, [&](size_t i) {
    const std::string reason = Member((*values)[i].value, "reason");
    const absl::Time from = (*values)[i].since, to = (*values)[i + 1].since;
    if (reason == "ClusterQueueIsInactive") {
      return HadBetween(active, from, to, [](const json& value) { return Member(value, "status") == "False"; });
    }
    if (reason == "ClusterQueueDoesNotExist") {
      return deleted.empty() || deleted.front().since > from ||
             HadBetween(deleted, from, to, [](const json& value) { return value == "gone"; });
    }
    return true;
  });
}

}  // namespace

Sequences SequencesOf(const std::vector<Sighting>& seen) {
  Sequences sequences;
  std::map<std::string, std::set<std::string>> parts;  // seen so far, by object
  for (const Sighting& sighting : seen) {
    const kube::Object& object = *sighting.event.object;
    const std::string where = object.key().Text();
    if (sighting.event.type == kube::WatchEvent::Type::kDeleted) {
      Append(&sequences[{where, "deleted"}], sighting.time, "gone");
      continue;
    }
    const Facets facets = FacetsOf(object);
    for (const auto& [what, value] : facets) parts[where].insert(what);
    for (const std::string& what : parts[where]) {
      const auto it = facets.find(what);
      Append(&sequences[{where, what}], sighting.time, it == facets.end() ? json() : it->second);
    }
  }
  return sequences;
}

// A Workload that is gone after its job. `owners`: of the Workload, {"Job j": is controller}.
bool IsGoneAfterItsJob(const Sequences& sequences, const std::string& where) {
  const auto was_gone = [&](const std::string& object) {
    const auto it = sequences.find({object, "deleted"});
    return it != sequences.end() &&
           std::any_of(it->second.begin(), it->second.end(), [](const Value& each) { return each.value == "gone"; });
  };
  const auto owners = sequences.find({where, "owners"});
  if (owners == sequences.end() || owners->second.empty() || !was_gone(where)) return false;
  const std::string ns = where.substr(where.find(' ') + 1, where.find('/') - where.find(' '));
  const json& last = owners->second.back().value;
  if (!last.is_object()) return false;
  for (const auto& [owner, controller] : last.items()) {
    const size_t space = owner.find(' ');
    if (was_gone(absl::StrCat(owner.substr(0, space), " ", ns, owner.substr(space + 1)))) return true;
  }
  return false;
}

void DropRaces(Sequences* sequences) {
  const auto find = [&](const std::string& where, const std::string& what) {
    const auto it = sequences->find({where, what});
    return it == sequences->end() ? Values() : it->second;
  };
  for (auto& [key, values] : *sequences) {
    const auto& [where, what] = key;
    if (absl::StartsWith(where, "Workload ") && what == "condition QuotaReserved") DropOvertakenReasons(&values);
    if (absl::StartsWith(where, "Workload ") && what == "condition Requeued") DropTakenBack(&values);
    if (absl::StartsWith(where, "Workload ") && what == "condition PodsReady" &&
        !find(where, "condition Evicted").empty()) {
      KeepStatusAlone(&values);
    }
    if (absl::StartsWith(where, "Workload ") && IsGoneAfterItsJob(*sequences, where)) {
      if (what == "deleted") {
        Filter(&values, [&](size_t i) { return values[i].value != true || values[i + 1].value != "gone"; });
      }
      const json last = values.empty() ? json() : values.back().value;
      if (!values.empty() && ((what == "finalizers" && last.is_null()) ||
                              (what == "condition Finished" && Member(last, "reason") == "OwnerNotFound"))) {
        values.pop_back();
      }
    }
    if (absl::StartsWith(where, "LocalQueue ") && what == "condition Active") {
      const Values spec = find(where, "spec");
      if (spec.empty()) continue;
      const std::string queue = absl::StrCat("ClusterQueue ", Member(spec.back().value, "clusterQueue"));
      DropOutdated(find(queue, "condition Active"), find(queue, "deleted"), &values);
    }
  }
}

}  // namespace muster::conformance
