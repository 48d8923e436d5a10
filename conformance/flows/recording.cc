#include "conformance/flows/recording.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <istream>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sim/files/input.h"

namespace muster::conformance {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string Text(const json& value, const char* key) {
  const auto it = value.find(key);
  return it != value.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// Calls `use` for every line of FOLDER/NAME.jsonl or its compressed form.
absl::Status ForLines(const fs::path& folder, const std::string& name,
                      const std::function<absl::Status(const json&)>& use) {
  fs::path path = folder / (name + ".jsonl.xz");
  std::error_code ignored;
  if (!fs::exists(path, ignored)) path = folder / (name + ".jsonl");
  absl::StatusOr<std::unique_ptr<std::istream>> in = sim::OpenInput(path.string());
  if (!in.ok()) return in.status();
  std::string line;
  for (int number = 1; std::getline(**in, line); ++number) {
    if (line.empty()) continue;
    const json parsed = json::parse(line, nullptr, /*allow_exceptions=*/false);
    const absl::Status status = !parsed.is_object() ? absl::InvalidArgumentError("no JSON object") : use(parsed);
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(path.string(), ":", number, ": ", status.message()));
    }
  }
  if ((*in)->bad()) return absl::DataLossError(absl::StrCat(path.string(), ": damaged"));
  return absl::OkStatus();
}

absl::Status ReadAct(const json& line, absl::Time time, Recording* out) {
  const json body = line.value("body", json());
  absl::StatusOr<kube::Request> request =
      kube::FromHttp(Text(line, "act"), Text(line, "path"), Text(line, "ct"), body.is_null() ? "" : body.dump());
  if (!request.ok()) return request.status();
  out->acts.push_back({time, *std::move(request), line.value("code", 0), Text(line, "message")});
  return absl::OkStatus();
}

absl::Status ReadSighting(const json& line, absl::Time time, Recording* out) {
  const std::string what = Text(line, "w");
  const json object = line.value("o", json());
  if (!object.is_object()) return absl::InvalidArgumentError("no object");
  if (Text(object, "kind") == "Event") {
    if (what == "ADDED") out->said.push_back(SaidBy(object));
    return absl::OkStatus();
  }
  absl::StatusOr<kube::ObjectPtr> parsed = kube::Object::Parse(object);
  if (!parsed.ok()) return parsed.status();
  const kube::WatchEvent::Type type = what == "DELETED"    ? kube::WatchEvent::Type::kDeleted
                                      : what == "MODIFIED" ? kube::WatchEvent::Type::kModified
                                                           : kube::WatchEvent::Type::kAdded;
  out->seen.push_back({time, {type, *std::move(parsed)}});
  return absl::OkStatus();
}

// The audit log has no content types: applies name their manager, events are merged by keys, the rest is RFC 7386.
absl::Status ReadWrite(const json& line, absl::Time time, Recording* out) {
  const std::string verb = Text(line, "verb"), uri = Text(line, "uri");
  const bool apply = uri.find("force=true") != std::string::npos;
  const bool event = uri.find("/events/") != std::string::npos;
  const std::string method = verb == "create"   ? "POST"
                             : verb == "update" ? "PUT"
                             : verb == "delete" ? "DELETE"
                                                : "PATCH";
  const char* content_type = apply   ? "application/apply-patch+yaml"
                             : event ? "application/strategic-merge-patch+json"
                                     : "application/merge-patch+json";
  const json body = line.value("body", json());
  absl::StatusOr<kube::Request> request = kube::FromHttp(method, uri, content_type, body.is_null() ? "" : body.dump());
  if (!request.ok()) return request.status();
  Written written = {time, *std::move(request), {}};
  if (written.request.verb == kube::Verb::kCreate && body.is_object() && body.contains("metadata")) {
    written.request.key.name = Text(body["metadata"], "name");
  }
  written.response.code = line.value("code", 0);
  written.response.reason = Text(line, "reason");
  written.response.message = Text(line, "message");
  out->writes.push_back(std::move(written));
  return absl::OkStatus();
}

// What belongs to no namespace is watched by the beginning of its name, which a flow of a longer name shares. What the
// flow did not make is not its own.
void DropForeignObjects(Recording* out) {
  std::set<kube::ObjectKey> made;
  for (const Act& act : out->acts) {
    if (act.request.verb != kube::Verb::kCreate || !act.request.subresource.empty()) continue;
    kube::ObjectKey key = act.request.key;
    if (act.request.body.is_object() && act.request.body.contains("metadata")) {
      key.name = Text(act.request.body["metadata"], "name");
    }
    made.insert(key);
  }
  const auto foreign = [&](const kube::ObjectKey& key) { return key.ns.empty() && made.count(key) == 0; };
  std::erase_if(out->seen, [&](const Sighting& each) { return foreign(each.event.object->key()); });
  std::erase_if(out->writes, [&](const Written& each) { return foreign(each.request.key); });
}

}  // namespace

Said SaidBy(const json& event) {
  const json& about = event.contains("regarding") ? event["regarding"] : event.value("involvedObject", json::object());
  Said said;
  said.about = absl::StrCat(Text(about, "kind"), " ", Text(about, "namespace"), "/", Text(about, "name"));
  said.type = Text(event, "type");
  said.reason = Text(event, "reason");
  said.message = event.contains("note") ? Text(event, "note") : Text(event, "message");
  said.by =
      event.contains("reportingController") ? Text(event, "reportingController") : Text(event, "reportingComponent");
  return said;
}

absl::StatusOr<Recording> ReadRecording(const std::string& folder) {
  Recording out;
  const fs::path path = fs::path(folder).lexically_normal();
  out.name = path.filename().string();
  absl::StatusOr<std::string> meta_text = sim::ReadInput((path / "meta.json").string(), 1 << 20);
  if (!meta_text.ok()) return meta_text.status();
  const json meta = json::parse(*meta_text, nullptr, false);
  if (!meta.is_object() || !meta.contains("start") || !meta["start"].is_number()) {
    return absl::InvalidArgumentError(absl::StrCat((path / "meta.json").string(), ": start: missing"));
  }
  out.configuration = (path.parent_path() / ("config-" + Text(meta, "config") + ".yaml")).string();
  const absl::Time start = absl::FromUnixMicros(static_cast<int64_t>(meta["start"].get<double>() * 1e6));
  out.start = start;
  out.end = absl::InfiniteFuture();
  absl::Time last = start;
  const auto time_of = [&](const json& line) { return start + absl::Seconds(line.value("t", 0.0)); };
  absl::Status status = ForLines(path, "watch", [&](const json& line) {
    const absl::Time time = time_of(line);
    if (Text(line, "note").find("== cleanup") != std::string::npos) out.end = std::min(out.end, time);
    if (time >= out.end) return absl::OkStatus();
    last = std::max(last, time);
    if (line.contains("act")) return ReadAct(line, time, &out);
    if (line.contains("w")) return ReadSighting(line, time, &out);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  if (out.end == absl::InfiniteFuture()) out.end = last;
  status = ForLines(path, "writes", [&](const json& line) {
    const absl::Time time = time_of(line);
    return time < out.end ? ReadWrite(line, time, &out) : absl::OkStatus();
  });
  if (!status.ok()) return status;
  DropForeignObjects(&out);
  // Acts stand where they were answered.
  std::stable_sort(out.acts.begin(), out.acts.end(), [](const Act& a, const Act& b) { return a.time < b.time; });
  std::stable_sort(out.writes.begin(), out.writes.end(),
                   [](const Written& a, const Written& b) { return a.time < b.time; });
  return out;
}

}  // namespace muster::conformance
