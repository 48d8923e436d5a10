#include "sim/sweep/folder.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "sim/files/output_file.h"
#include "sim/files/result_folder.h"
#include "sim/sweep/page.h"

namespace muster::sim {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char kIdentity[] = "sweep.json";

std::string Text(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string Differences(const Json& a, const Json& b) {
  std::vector<std::string> parts;
  Json keys = a;
  keys.update(b);
  for (const auto& [key, value] : keys.items()) {
    if (!SameProvenance(a.value(key, Json()), b.value(key, Json()))) parts.push_back(key);
  }
  return absl::StrJoin(parts, ", ");
}

// All numbers of a summary: "wait_s.mean" -> 12.5.
void Flatten(const Json& json, const std::string& prefix, Json* flat) {
  for (const auto& [key, value] : json.items()) {
    if (value.is_number()) (*flat)[absl::StrCat(prefix, key)] = value;
    if (value.is_object()) Flatten(value, absl::StrCat(prefix, key, "."), flat);
  }
}

std::string CsvField(const Json& value) {
  std::string text = value.is_null() ? "" : value.is_string() ? value.get<std::string>() : value.dump();
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

absl::StatusOr<Json> Figures(const Json& summary, const std::string& dir) {
  Json flat = Json::object();
  if (!summary.contains("total") || !summary.contains("teams") || !summary["teams"].is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(dir, "/summary.json has no figures"));
  }
  Flatten(summary["total"], "", &flat);
  for (const Json& team : summary["teams"]) Flatten(team, absl::StrCat(team.value("name", ""), ":"), &flat);
  return flat;
}

std::string Bytes(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// The point's folder as one text, to hold it against another's.
absl::StatusOr<std::map<std::string, std::string>> FilesOf(const std::string& dir) {
  absl::StatusOr<Json> summary = ReadSummary(dir);
  if (!summary.ok()) return summary.status();
  std::map<std::string, std::string> files = {{"summary.json", Bytes(fs::path(dir) / "summary.json")}};
  for (const auto& [name, digest] : (*summary)["files"].items()) files[name] = Bytes(fs::path(dir) / name);
  return files;
}

}  // namespace

absl::StatusOr<SweepIdentity> ReadSweepIdentity(const std::string& dir) {
  const fs::path path = fs::path(dir) / kIdentity;
  std::error_code error;
  if (!fs::exists(path, error))
    return absl::NotFoundError(absl::StrCat(dir, " has no sweep.json: it is not the folder of a sweep"));
  Json json = Json::parse(Bytes(path), nullptr, false);
  if (!json.is_object() || !json.contains("points") || !json["points"].is_number_unsigned() || !json.contains("grid") ||
      !json["grid"].is_array() || json["points"].get<int64_t>() > SweepPlan::kMaxPoints ||
      json["grid"].size() != json["points"].get<size_t>() || !json.contains("parameters") ||
      !json["parameters"].is_array()) {
    return absl::InvalidArgumentError(absl::StrCat(path.string(), " is not what a sweep writes"));
  }
  return json;
}

absl::Status OpenSweepFolder(const std::string& dir, const SweepIdentity& identity) {
  const fs::path path = fs::path(dir) / kIdentity;
  std::error_code error;
  absl::Status written;
  // Shards that share the folder may all be about to write the same.
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (fs::exists(path, error)) {
      absl::StatusOr<Json> there = ReadSweepIdentity(dir);
      if (!there.ok()) return there.status();
      if (SameProvenance(*there, identity)) return absl::OkStatus();
      return absl::AlreadyExistsError(absl::StrCat(dir, " holds another sweep (other ", Differences(*there, identity),
                                                   "); give another folder, or remove it"));
    }
    written = WriteFile(path.string(), Text(identity));
    if (written.ok()) return written;
  }
  return written;
}

std::string PointFolder(const std::string& dir, int64_t point) {
  return (fs::path(dir) / "points" / SweepPlan::NameOf(point)).string();
}

bool HasPoint(const std::string& dir, int64_t point, const Json& provenance) {
  const absl::StatusOr<Json> summary = ReadSummary(PointFolder(dir, point));
  return summary.ok() && SameProvenance((*summary)["provenance"], provenance);
}

void CleanPoint(const std::string& dir, int64_t point) {
  std::error_code error;
  fs::remove_all(fs::path(PointFolder(dir, point)) / ".partial", error);
}

absl::Status WriteSweepTables(const std::string& dir, const std::vector<std::string>& parameters,
                              const std::vector<std::vector<nlohmann::json>>& values) {
  Json table = {{"parameters", parameters}, {"figures", Json::array()}, {"points", Json::array()}};
  std::vector<std::string> names;  // all figures, in the order in which they come up
  std::map<std::string, size_t> known;
  for (size_t point = 0; point < values.size(); ++point) {
    const std::string folder = PointFolder(dir, static_cast<int64_t>(point));
    absl::StatusOr<Json> summary = ReadSummary(folder);
    if (!summary.ok()) return summary.status();
    absl::StatusOr<Json> figures = Figures(*summary, folder);
    if (!figures.ok()) return figures.status();
    if (table.contains("resource") && table["resource"] != (*summary)["resource"]) table["resource"] = "";
    if (!table.contains("resource")) table["resource"] = (*summary)["resource"];
    for (const auto& [name, value] : figures->items()) {
      if (known.emplace(name, names.size()).second) names.push_back(name);
    }
    Json one = {{"point", SweepPlan::NameOf(static_cast<int64_t>(point))}, {"values", Json::object()}};
    for (size_t p = 0; p < parameters.size(); ++p) one["values"][parameters[p]] = values[point][p];
    one["figures"] = *std::move(figures);
    table["points"].push_back(std::move(one));
  }
  table["figures"] = names;
  std::string csv = "point";
  for (const std::string& parameter : parameters) absl::StrAppend(&csv, ",", CsvField("parameter." + parameter));
  for (const std::string& name : names) absl::StrAppend(&csv, ",", CsvField(name));
  csv += "\n";
  for (const Json& point : table["points"]) {
    absl::StrAppend(&csv, CsvField(point["point"]));
    for (const std::string& parameter : parameters) absl::StrAppend(&csv, ",", CsvField(point["values"][parameter]));
    for (const std::string& name : names) absl::StrAppend(&csv, ",", CsvField(point["figures"].value(name, Json())));
    csv += "\n";
  }
  if (absl::Status s = WriteFile((fs::path(dir) / "results.csv").string(), csv); !s.ok()) return s;
  if (absl::Status s = WriteSweepPage((fs::path(dir) / "index.html").string(), table.dump()); !s.ok()) return s;
  return WriteFile((fs::path(dir) / "results.json").string(), Text(table));
}

absl::Status MergeSweeps(const std::vector<std::string>& shards, const std::string& dir) {
  std::vector<Json> identities;
  for (const std::string& shard : shards) {
    absl::StatusOr<Json> identity = ReadSweepIdentity(shard);
    if (!identity.ok()) return identity.status();
    if (!identities.empty() && !SameProvenance(identities.front(), *identity)) {
      return absl::InvalidArgumentError(absl::StrCat(shards.front(), " and ", shard,
                                                     " are parts of different sweeps (other ",
                                                     Differences(identities.front(), *identity), ")"));
    }
    identities.push_back(*std::move(identity));
  }
  const Json& identity = identities.front();
  const int64_t points = identity["points"].get<int64_t>();
  std::vector<std::string> missing;
  std::error_code error;
  std::vector<std::string> home(static_cast<size_t>(points));
  for (int64_t point = 0; point < points; ++point) {
    std::map<std::string, std::string> files;
    for (const std::string& shard : shards) {
      const std::string folder = PointFolder(shard, point);
      if (!fs::exists(fs::path(folder) / "summary.json", error)) continue;
      absl::StatusOr<std::map<std::string, std::string>> here = FilesOf(folder);
      if (!here.ok()) return here.status();
      if (!files.empty() && files != *here) {
        return absl::FailedPreconditionError(
            absl::StrCat(folder, " and ", home[point], " are the same point with different results"));
      }
      // What a point was made of has to be what its sweep was made of.
      const Json provenance = Json::parse((*here)["summary.json"], nullptr, false).value("provenance", Json::object());
      for (const char* part : {"muster", "trace", "mapping", "policy", "options"}) {
        if (SameProvenance(provenance.value(part, Json()), identity.value(part, Json()))) continue;
        return absl::FailedPreconditionError(absl::StrCat(folder, " was made of another ", part, " than its sweep"));
      }
      files = *std::move(here);
      home[point] = folder;
    }
    if (files.empty()) missing.push_back(SweepPlan::NameOf(point));
  }
  if (!missing.empty()) {
    const size_t shown = std::min<size_t>(missing.size(), 10);
    return absl::NotFoundError(
        absl::StrCat(missing.size(), " of ", points, " points are in none of the shards: ",
                     absl::StrJoin(missing.begin(), missing.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                     shown < missing.size() ? ", ..." : "", "; run the shards that are missing, or start them again"));
  }
  if (absl::Status s = OpenSweepFolder(dir, identity); !s.ok()) return s;
  std::vector<std::vector<nlohmann::json>> values;
  for (int64_t point = 0; point < points; ++point) {
    absl::StatusOr<std::map<std::string, std::string>> files = FilesOf(home[point]);
    if (!files.ok()) return files.status();
    const std::string summary = (*files)["summary.json"];
    files->erase("summary.json");
    for (const auto& [name, text] : *files) {
      if (absl::Status s = WriteFile(PointFolder(dir, point) + "/" + name, text); !s.ok()) return s;
    }
    if (absl::Status s = WriteFile(PointFolder(dir, point) + "/summary.json", summary); !s.ok()) return s;
    std::vector<nlohmann::json> row;
    for (const Json& value : identity["grid"][point]) row.push_back(value);
    values.push_back(std::move(row));
  }
  std::vector<std::string> parameters;
  for (const Json& parameter : identity["parameters"])
    parameters.push_back(parameter.is_string() ? parameter.get<std::string>() : "");
  for (const std::vector<nlohmann::json>& row : values) {
    if (row.size() != parameters.size())
      return absl::InvalidArgumentError("sweep.json: grid has not a value for each parameter");
  }
  return WriteSweepTables(dir, parameters, values);
}

}  // namespace muster::sim
