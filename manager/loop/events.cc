#include "manager/loop/events.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::manager {
namespace {

using nlohmann::json;

constexpr absl::Duration kWindow = absl::Minutes(6);

std::string MicroTime(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone()); }

}  // namespace

void EventRecorder::DropOld(absl::Time now) {
  if (now - dropped_ < absl::Minutes(1)) return;
  dropped_ = now;
  std::erase_if(series_, [&](const auto& entry) { return now - entry.second.last > kWindow; });
}

std::optional<kube::Request> EventRecorder::Record(const EventNote& note, absl::Time now) {
  static const kube::ResourceType& type = kube::TypeOf("events.k8s.io", "Event");
  DropOld(now);
  const std::string& action = note.action.empty() ? note.reason : note.action;
  const Key key{note.regarding.Text(), note.uid,      note.resource_version, action,
                note.reason,           note.recorder, note.warning};
  const auto it = series_.find(key);
  if (it != series_.end() && now - it->second.last <= kWindow) {
    Series& series = it->second;
    ++series.count;
    series.last = now;
    if (series.count > 2) return std::nullopt;
    kube::Request patch;
    patch.verb = kube::Verb::kStrategicPatch;
    patch.key = series.key;
    patch.body = {{"series", {{"count", series.count}, {"lastObservedTime", MicroTime(now)}}}};
    return patch;
  }
  // Two events of one moment have to differ in their names.
  last_name_ = std::max(absl::ToUnixNanos(now), last_name_ + 1);
  const kube::ResourceType& about = *note.regarding.type;
  kube::Request request;
  request.verb = kube::Verb::kCreate;
  request.key.type = &type;
  request.key.ns = note.regarding.ns.empty() ? "default" : note.regarding.ns;
  const std::string name = absl::StrCat(note.regarding.name, ".", absl::Hex(last_name_));
  json regarding = {{"kind", about.kind},
                    {"apiVersion", about.ApiVersion()},
                    {"name", note.regarding.name},
                    {"uid", note.uid},
                    {"resourceVersion", note.resource_version}};
  if (!note.regarding.ns.empty()) regarding["namespace"] = note.regarding.ns;
  request.body = {{"apiVersion", "events.k8s.io/v1"},
                  {"kind", "Event"},
                  {"metadata", {{"name", name}, {"namespace", request.key.ns}}},
                  {"eventTime", MicroTime(now)},
                  {"reportingController", note.recorder},
                  {"reportingInstance", absl::StrCat(note.recorder, "-", instance_)},
                  {"action", action},
                  {"reason", note.reason},
                  {"regarding", std::move(regarding)},
                  {"note", note.message},
                  {"type", note.warning ? "Warning" : "Normal"}};
  series_[key] = Series{{&type, request.key.ns, name}, 1, now};
  return request;
}

}  // namespace muster::manager
