#include "cli/provenance.h"

#include <array>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "cli/commands.h"
#include "cli/manifest_paths.h"
#include "sim/files/digest.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Options of files, which are told with digests, and those that change nothing about what a replay comes to.
constexpr std::array<absl::string_view, 24> kNotTold = {
    "help",      "policy",   "trace",        "mapping",          "model", "outages", "at",    "what-if",   "out",
    "overwrite", "threads",  "no-decisions", "no-report",        "check", "jobs",    "shard", "decisions", "run-point",
    "PLAN",      "perfetto", "openmetrics",  "openmetrics-step", "swf",   "batsim"};

absl::StatusOr<Json> DigestOf(const std::string& name, const std::string& path) {
  absl::StatusOr<std::string> digest = sim::Sha256OfContents(path);
  if (!digest.ok()) return digest.status();
  return Json{{"file", name}, {"sha256", *std::move(digest)}};
}

std::string Name(const SimulateArgs& args, const std::string& path) {
  return fs::path(args.spooled->NameOf(path)).filename().string();
}

// Null for none.
absl::StatusOr<Json> OneFile(const SimulateArgs& args, const std::string& path) {
  if (path.empty()) return Json(nullptr);
  return DigestOf(Name(args, path), path);
}

// One for each file that the policy's paths stand for, in the order in which they are read; names of files in folders
// start with the folder's.
absl::StatusOr<Json> PolicyFiles(const SimulateArgs& args) {
  Json all = Json::array();
  for (const std::string& path : args.policy) {
    const fs::path folder = fs::path(path).lexically_normal().parent_path();
    for (const std::string& file : FilesOf(path)) {
      const std::string name =
          file == path ? Name(args, path) : fs::path(file).lexically_normal().lexically_relative(folder).string();
      absl::StatusOr<Json> one = DigestOf(name, file);
      if (!one.ok()) return one;
      all.push_back(*std::move(one));
    }
  }
  return all;
}

// The digest over all manifests that jobs of the trace name, each once, by name; null if none does.
absl::StatusOr<Json> Manifests(const sim::Trace& trace) {
  std::set<std::string> names;
  for (const sim::JobShape& shape : trace.shapes) {
    if (!shape.manifest.empty()) names.insert(shape.manifest);
  }
  if (names.empty()) return Json(nullptr);
  sim::Sha256 all;
  for (const std::string& name : names) {
    const absl::StatusOr<std::string> one = sim::Sha256OfFile((fs::path(trace.source).parent_path() / name).string());
    if (!one.ok()) return one.status();
    all.Add(absl::StrCat(name, "\n", *one, "\n"));
  }
  return Json(all.Finish());
}

absl::StatusOr<Json> World(const SimulateArgs& args) {
  Json world = Json::object();
  for (const auto& [name, path] :
       {std::pair<const char*, const std::string&>{"model", args.world.model}, {"outages", args.world.outages}}) {
    if (path.empty()) continue;
    absl::StatusOr<Json> file = OneFile(args, path);
    if (!file.ok()) return file;
    world[name] = *std::move(file);
  }
  for (const std::string& change : args.world.changes) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(change, absl::MaxSplits('=', 1));
    absl::StatusOr<Json> file = OneFile(args, parts.second);
    if (!file.ok()) return file;
    Json one = {{"time", parts.first}};
    one.update(*file);
    world["at"].push_back(std::move(one));
  }
  return world;
}

}  // namespace

Json OptionsOf(const CLI::App& command) {
  Json options = Json::object();
  for (const CLI::Option* option : command.get_options()) {
    const std::string name = option->get_single_name();
    if (option->count() == 0 || absl::c_linear_search(kNotTold, name)) continue;
    const std::vector<std::string> values = option->results();
    if (values.size() == 1 && values.front() == option->get_default_str()) continue;
    if (option->get_expected_min() == 0) {
      options[name] = true;  // a flag
    } else if (values.size() == 1) {
      options[name] = values.front();
    } else {
      options[name] = values;
    }
  }
  return options;
}

absl::StatusOr<Json> FileProvenance(const SimulateArgs& args, const std::string& path) {
  return DigestOf(Name(args, path), path);
}

absl::StatusOr<Json> ProvenanceOf(const SimulateArgs& args, const TraceFile& trace, const sim::Variant* variant) {
  const absl::StatusOr<Json> mapping = OneFile(args, args.mapping), manifests = Manifests(trace.trace),
                             policy = PolicyFiles(args), world = World(args);
  for (const auto* part : {&mapping, &manifests, &policy, &world}) {
    if (!part->ok()) return part->status();
  }
  return Json{
      {"muster", std::string(absl::StripPrefix(VersionLine(), "muster "))},
      {"trace", {{"file", fs::path(args.trace).filename().string()}, {"sha256", trace.sha256}}},
      {"mapping", *mapping},
      {"manifests", *manifests},
      {"policy", *policy},
      {"variant", variant == nullptr ? Json(nullptr) : Json{{"name", variant->name}, {"changes", variant->written}}},
      {"world", *world},
      {"options", args.options}};
}

}  // namespace muster::cli
