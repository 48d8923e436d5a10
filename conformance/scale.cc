// Replays large recorded scenarios and holds what the engine decides, and what that costs, against what was recorded.
// See docs/conformance.md.
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/thread_pool.h"
#include "conformance/callers_directory.h"
#include "conformance/scale_replay.h"
#include "nlohmann/json.hpp"
#include "sim/files/input.h"

namespace muster::conformance {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// The largest resident set since the last reset, in MiB; Linux keeps it per process.
void ResetPeakMemory() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
}
int64_t PeakMemoryMiB() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    absl::string_view rest = line;
    int64_t kib = 0;
    if (absl::ConsumePrefix(&rest, "VmHWM:") && absl::ConsumeSuffix(&rest, "kB") && absl::SimpleAtoi(rest, &kib)) {
      return kib / 1024;
    }
  }
  return 0;
}

std::vector<std::string> ReadLines(const std::string& path) {
  std::vector<std::string> out;
  auto in = sim::OpenInput(path);
  if (!in.ok()) return out;
  for (std::string line; std::getline(**in, line);) out.push_back(std::move(line));
  return out;
}

// Prints the first line on which both logs differ, with what led to it and what comes after on either side.
void ShowDivergence(const std::vector<std::string>& want, const std::vector<std::string>& got) {
  constexpr size_t kBefore = 4, kAfter = 4;
  size_t at = 0;
  while (at < want.size() && at < got.size() && want[at] == got[at]) ++at;
  std::printf("  first difference at line %zu of the log\n", at + 1);
  for (size_t i = at > kBefore ? at - kBefore : 0; i < at; ++i) std::printf("      both  %s\n", want[i].c_str());
  const auto show = [&](const char* side, const std::vector<std::string>& log) {
    for (size_t i = at; i < std::min(at + kAfter, log.size()); ++i) std::printf("  %s  %s\n", side, log[i].c_str());
    if (at >= log.size()) std::printf("  %s  (ends here)\n", side);
  };
  show("recorded", want);
  show("  muster", got);
}

enum class Verdict { kPassed, kFailed, kNotJudged };

Verdict Judge(const ScaleOutcome& got, const std::string& scenario, const fs::path& expected_dir) {
  const std::string path = (expected_dir / (scenario + ".json")).string();
  std::ifstream in(path);
  if (!in) {
    std::printf("  not judged: there is no %s\n", path.c_str());
    return Verdict::kNotJudged;
  }
  const Json want = Json::parse(in, nullptr, /*allow_exceptions=*/false);
  if (!want.is_object()) {
    std::printf("  FAILED: %s is not JSON\n", path.c_str());
    return Verdict::kFailed;
  }
  const auto number = [&](const char* key, int64_t value) {
    if (want.value(key, int64_t{-1}) == value) return;
    std::printf("  %s: recorded %lld, muster %lld\n", key, static_cast<long long>(want.value(key, int64_t{-1})),
                static_cast<long long>(value));
  };
  number("admissions", got.admissions);
  number("evictions", got.evictions);
  number("finishes", got.finished);
  number("cycles", got.cycles);
  const auto digest = [&](const char* key, const std::string& value) {
    const bool same = want.value(key, "") == value;
    std::printf("  %-13s %s %s\n", key, value.c_str(), same ? "matches" : "DIFFERS");
    return same;
  };
  const bool strict = digest("digest_strict", got.digest_strict);
  digest("digest_time", got.digest_time);
  digest("digest_final", got.digest_final);
  if (strict) return Verdict::kPassed;
  ShowDivergence(ReadLines((expected_dir / (scenario + ".log.gz")).string()), got.log);
  return Verdict::kFailed;
}

struct Setting {
  std::string expected_dir;
  int copies = 1, threads = 1;
};

Verdict RunFile(const std::string& path, const Setting& setting) {
  absl::StatusOr<ScaleScenario> scenario = ReadScaleScenario(path);
  if (!scenario.ok()) {
    std::printf("%s\n  FAILED: %s\n", path.c_str(), scenario.status().ToString().c_str());
    return Verdict::kFailed;
  }
  if (setting.copies > 1) scenario = CopiesOf(*scenario, setting.copies);
  base::ThreadPool pool(setting.threads);
  ResetPeakMemory();
  const ScaleOutcome got = ReplayScale(*scenario, setting.threads > 1 ? &pool : nullptr);
  std::printf("%s: %lld admissions, %lld evictions, %lld cycles, %.3f CPU s, peak %lld MiB\n", scenario->name.c_str(),
              static_cast<long long>(got.admissions), static_cast<long long>(got.evictions),
              static_cast<long long>(got.cycles), got.cpu_seconds, static_cast<long long>(PeakMemoryMiB()));
  if (setting.threads > 1 || setting.copies > 1) {
    std::printf("  %d threads: %.3f s by the clock, of these %.3f in cycles; digest_strict %s\n", setting.threads,
                got.wall_seconds, got.cycle_wall_seconds, got.digest_strict.c_str());
  }
  const std::string& expected_dir = setting.expected_dir;
  const fs::path dir = expected_dir.empty() ? fs::path(path).parent_path() / "expected" : fs::path(expected_dir);
  const Verdict verdict = Judge(got, scenario->name, dir);
  std::fflush(stdout);
  return verdict;
}

// A folder stands for the scenarios in it.
std::vector<std::string> ScenarioFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> out;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      out.push_back(path);
      continue;
    }
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(path, error)) {
      const std::string file = entry.path().string();
      if (!absl::EndsWith(file, ".json") && !absl::EndsWith(file, ".json.gz")) continue;
      if (ReadScaleScenario(file).ok()) found.insert(file);
    }
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

int Main(int argc, char** argv) {
  CLI::App app("Replays large recorded scenarios (kq-scenario/1) and compares decisions with what was recorded.");
  std::vector<std::string> paths;
  Setting setting;
  app.add_option("SCENARIO", paths, "scenario files (.json, .json.gz) or folders of them")->required();
  app.add_option("--expected", setting.expected_dir,
                 "folder of <scenario>.json and <scenario>.log.gz; default: expected/ beside");
  app.add_option("--threads", setting.threads, "decide cohort trees side by side on so many threads")
      ->check(CLI::Range(1, 64));
  app.add_option("--copies", setting.copies, "so many copies of the scenario beside each other, under other names")
      ->check(CLI::Range(1, 100));
  CLI11_PARSE(app, argc, argv);
  ReturnToCallersDirectory();

  int passed = 0, failed = 0;
  for (const std::string& path : ScenarioFiles(paths)) {
    const Verdict verdict = RunFile(path, setting);
    passed += verdict == Verdict::kPassed;
    failed += verdict == Verdict::kFailed;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  if (failed > 0) return 1;
  return passed > 0 ? 0 : 2;  // nothing was compared with anything
}

}  // namespace
}  // namespace muster::conformance

int main(int argc, char** argv) { return muster::conformance::Main(argc, argv); }
