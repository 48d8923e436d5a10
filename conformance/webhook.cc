// Replays recorded AdmissionReviews and ConversionReviews against the webhook, without a server, and compares.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "conformance/baseline.h"
#include "conformance/callers_directory.h"
#include "conformance/webhook_replay.h"
#include "webhook/router.h"

namespace muster::conformance {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr char kUsage[] =
    "usage: %s DIR [--context NAME[,NAME]...] [--match TEXT] [--strict] [-v] [--baseline FILE] [--write-baseline "
    "FILE]\n"
    "Replays the exchanges in DIR/cases/*.jsonl and DIR/more/*.jsonl over DIR/state.yaml. Exit status: 0 if all agree\n"
    "(with --baseline: if no path agrees in fewer cases than FILE says), 1 if not, 2 if the command line or DIR is "
    "not\n"
    "usable.\n";

// Folders of DIR, and what the suites of each are called in front of their paths.
constexpr struct {
  const char* name;
  const char* prefix;
} kFolders[] = {{"cases", ""}, {"more", "more:"}};

struct Flags {
  std::string directory, match, baseline, write_baseline;
  std::set<std::string> contexts;  // empty = all
  bool strict = false;
  bool verbose = false;
};

bool Parse(int argc, char** argv, Flags& flags) {
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    std::string* value = nullptr;
    std::string contexts;
    if (arg == "-v") {
      flags.verbose = true;
    } else if (arg == "--strict") {
      flags.strict = true;
    } else if (arg == "--match") {
      value = &flags.match;
    } else if (arg == "--baseline") {
      value = &flags.baseline;
    } else if (arg == "--write-baseline") {
      value = &flags.write_baseline;
    } else if (arg == "--context") {
      value = &contexts;
    } else if (flags.directory.empty() && !arg.empty() && arg[0] != '-') {
      flags.directory = arg;
    } else {
      flags.directory.clear();
      break;
    }
    if (value == nullptr) continue;
    if (++i >= argc) return false;
    *value = argv[i];
    for (absl::string_view name : absl::StrSplit(contexts, ',', absl::SkipEmpty())) {
      flags.contexts.insert(std::string(name));
    }
  }
  return !flags.directory.empty();
}

// A context: its router, and the objects this looks at.
struct Served {
  std::unique_ptr<webhook::CachedClusterState> state;
  std::unique_ptr<webhook::Router> router;
};

// One per context, made when the first case of it comes.
class Contexts {
 public:
  explicit Contexts(std::string state_file) : state_file_(std::move(state_file)) {}

  absl::StatusOr<const Served*> Of(const std::string& context) {
    Served& entry = entries_[context];
    if (entry.router != nullptr) return &entry;
    absl::StatusOr<webhook::WebhookConfig> config = ConfigOfContext(context);
    if (!config.ok()) return config.status();
    auto state = webhook::LoadClusterState({state_file_});
    if (!state.ok()) return state.status();
    if (absl::Status status = AddObjectsOfContext(context, **state); !status.ok()) return status;
    entry.state = *std::move(state);
    entry.router = std::make_unique<webhook::Router>(*std::move(config), entry.state.get());
    return &entry;
  }

 private:
  std::string state_file_;
  std::map<std::string, Served> entries_;
};

// Objects that are in the cluster while a case is answered.
class Present {
 public:
  Present(std::vector<json> objects, webhook::CachedClusterState& state) : objects_(std::move(objects)), state_(state) {
    for (const json& object : objects_) {
      if (!state_.Lookup(Ref(object)).ok() && state_.Upsert(object).ok()) added_.push_back(&object);
    }
  }
  ~Present() {
    for (const json* object : added_) state_.Remove(Ref(*object));
  }
  Present(const Present&) = delete;
  Present& operator=(const Present&) = delete;

 private:
  static webhook::ObjectRef Ref(const json& object) {
    const auto text = [](const json& value) -> absl::string_view {
      return value.is_string() ? absl::string_view(value.get_ref<const std::string&>()) : absl::string_view();
    };
    const absl::string_view version = text(object["apiVersion"]);
    const size_t slash = version.find('/');
    return {slash == absl::string_view::npos ? "" : version.substr(0, slash), "", text(object["kind"]),
            text(object["metadata"]["namespace"]), text(object["metadata"]["name"])};
  }

  const std::vector<json> objects_;
  webhook::CachedClusterState& state_;
  std::vector<const json*> added_;
};

std::string MessageOf(const json& review) {
  const json response = review.value("response", json::object());
  const json status = response.value("status", response.value("result", json::object()));
  return status.is_object() ? status.value("message", "") : "";
}

std::string PatchOf(const json& review) {
  std::string text;
  absl::Base64Unescape(review.value("response", json::object()).value("patch", ""), &text);
  return text;
}

// Returns false if a file cannot be used.
bool RunFile(const fs::path& file, const std::string& prefix, const Flags& flags, Contexts& contexts, Counts& counts) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const json recorded = json::parse(line, nullptr, false);
    if (recorded.is_discarded()) {
      std::fprintf(stderr, "%s: not JSON\n", file.c_str());
      return false;
    }
    const std::string id = recorded.value("id", "");
    const std::string path = PathOf(recorded);
    const std::string suite = prefix + path;
    const std::string context = recorded.value("context", "");
    if (!flags.contexts.empty() && flags.contexts.count(context) == 0) continue;
    if (id.find(flags.match) == std::string::npos && path.find(flags.match) == std::string::npos) continue;
    absl::StatusOr<const Served*> served = contexts.Of(context);
    if (!served.ok()) {
      std::fprintf(stderr, "%s: %s\n", id.c_str(), std::string(served.status().message()).c_str());
      return false;
    }
    const Present owners(OwnersOf(recorded), *(*served)->state);
    const json& request = recorded["request"];
    const webhook::HttpAnswer answer = (*served)->router->Answer(path, "application/json", request.dump());
    const json got = json::parse(answer.body, nullptr, false);
    const json& want = recorded["response"];
    const std::vector<std::string> differences =
        Differences(request, want, got, {.strict = flags.strict, .order = IsAboutOrder(recorded)});
    ++counts[suite].total;
    if (differences.empty()) {
      ++counts[suite].agreed;
      continue;
    }
    std::printf("DIFF %s %s: %s\n", context.c_str(), id.c_str(), absl::StrJoin(differences, ",").c_str());
    if (!flags.verbose) continue;
    std::printf("  want: %s\n   got: %s\n", MessageOf(want).c_str(), MessageOf(got).c_str());
    if (differences.front() == "object") {
      std::printf("  want: %s\n   got: %s\n", PatchOf(want).c_str(), PatchOf(got).c_str());
    }
    if (differences.front() == "objects") {
      std::printf("  want: %s\n   got: %s\n", want["response"].dump().c_str(), got.dump().c_str());
    }
  }
  return true;
}

int Main(int argc, char** argv) {
  Flags flags;
  if (!Parse(argc, argv, flags)) {
    std::fprintf(stderr, kUsage, argv[0]);
    return 2;
  }
  ReturnToCallersDirectory();
  Contexts contexts((fs::path(flags.directory) / "state.yaml").string());
  Counts counts;
  for (const auto& folder : kFolders) {
    std::error_code ignored;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(fs::path(flags.directory) / folder.name, ignored)) {
      if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
      if (!RunFile(file, folder.prefix, flags, contexts, counts)) return 2;
    }
  }
  if (counts.empty()) {
    std::fprintf(stderr, "%s: no cases\n", flags.directory.c_str());
    return 2;
  }
  int agreed = 0;
  int total = 0;
  for (const auto& [path, count] : counts) {
    std::printf("%-66s %d/%d\n", path.c_str(), count.agreed, count.total);
    agreed += count.agreed;
    total += count.total;
  }
  std::printf("%d passed, %d failed\n", agreed, total - agreed);
  if (!flags.write_baseline.empty()) {
    if (absl::Status status = WriteBaseline(flags.write_baseline, counts); !status.ok()) {
      std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
      return 2;
    }
  }
  if (flags.baseline.empty()) return agreed == total && total > 0 ? 0 : 1;
  absl::StatusOr<Counts> baseline = ReadBaseline(flags.baseline);
  if (!baseline.ok()) {
    std::fprintf(stderr, "%s\n", std::string(baseline.status().message()).c_str());
    return 2;
  }
  const bool partial = !flags.contexts.empty() || !flags.match.empty();
  return CompareWithBaseline(*baseline, counts, partial) ? 0 : 1;
}

}  // namespace
}  // namespace muster::conformance

int main(int argc, char** argv) { return muster::conformance::Main(argc, argv); }
