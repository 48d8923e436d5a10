#include "conformance/runner_main.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "conformance/baseline.h"
#include "conformance/callers_directory.h"
#include "conformance/case.h"
#include "conformance/suites.h"

namespace muster::conformance {
namespace {

namespace fs = std::filesystem;

constexpr char kUsage[] =
    "usage: %s PATH... [--suite NAME]... [--level decisions|reasons|messages] [-v]\n"
    "       [--baseline FILE] [--write-baseline FILE]\n"
    "Executes recorded cases: PATH is a case file, a folder of them (its name is the suite), or a folder of such\n"
    "folders. Exit status: 0 if all agree (with --baseline: if no suite agrees in fewer cases than FILE says), 1 if\n"
    "not, 2 if the command line or a PATH is not usable.\n";

struct Flags {
  std::vector<std::string> paths;
  std::set<std::string> suites;
  Level level = Level::kDecisions;
  bool verbose = false;
  std::string baseline, write_baseline;
};

// Returns false (having said why) if the command line is wrong.
bool Parse(int argc, char** argv, Flags& flags) {
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    const auto value = [&](std::string& out) {
      if (i + 1 >= argc) return false;
      out = argv[++i];
      return true;
    };
    std::string text;
    bool ok = true;
    if (arg == "-v") {
      flags.verbose = true;
    } else if (arg == "--suite") {
      ok = value(text);
      flags.suites.insert(text);
    } else if (arg == "--level") {
      ok = value(text) && (text == "decisions" || text == "reasons" || text == "messages");
      flags.level = text == "messages" ? Level::kMessages : text == "reasons" ? Level::kReasons : Level::kDecisions;
    } else if (arg == "--baseline") {
      ok = value(flags.baseline);
    } else if (arg == "--write-baseline") {
      ok = value(flags.write_baseline);
    } else if (!arg.empty() && arg[0] != '-') {
      flags.paths.push_back(arg);
    } else {
      ok = false;
    }
    if (!ok) {
      std::fprintf(stderr, "cannot use '%s'\n", arg.c_str());
      std::fprintf(stderr, kUsage, argv[0]);
      return false;
    }
  }
  if (flags.paths.empty()) std::fprintf(stderr, kUsage, argv[0]);
  return !flags.paths.empty();
}

std::set<std::string> IgnoredPaths(const Case& c) {
  std::set<std::string> out;
  for (const Json& path : c["nondeterministicPaths"]) {
    if (path.is_string()) out.insert(path.get<std::string>());
  }
  return out;
}

Count RunSuite(const std::string& suite, const std::vector<fs::path>& files, const Flags& flags, Handler handler) {
  Count count;
  std::string report;
  for (const fs::path& file : files) {
    ++count.total;
    const absl::StatusOr<Case> c = LoadCase(file.string());
    Verdict verdict(c.ok() ? IgnoredPaths(*c) : std::set<std::string>());
    if (c.ok()) {
      handler(*c, flags.level, verdict);
    } else {
      verdict.Fail(file.filename().string(), "a case", c.status().ToString());
    }
    count.agreed += verdict.agreed();
    if (!verdict.agreed()) {
      report += "  " + (c.ok() ? c->name : file.filename().string()) + "\n    " + verdict.first_divergence() + "\n";
    }
  }
  std::printf("%s %d/%d\n", suite.c_str(), count.agreed, count.total);
  if (flags.verbose) std::fputs(report.c_str(), stdout);
  std::fflush(stdout);
  return count;
}

// Case files by suite. A file's suite is the folder it is in.
using Files = std::map<std::string, std::set<fs::path>>;

void Collect(const fs::path& path, int levels, Files& out) {
  std::error_code error;
  if (fs::is_regular_file(path, error)) {
    if (path.extension() == ".json" && path.has_parent_path()) {
      out[fs::absolute(path).parent_path().filename().string()].insert(path);
    }
    return;
  }
  if (levels == 0) return;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    if (levels > 1 || entry.is_regular_file()) Collect(entry.path(), levels - 1, out);
  }
}

}  // namespace

int RunnerMain(int argc, char** argv, HandlerOf handler_of) {
  Flags flags;
  if (!Parse(argc, argv, flags)) return 2;
  ReturnToCallersDirectory();

  Files files;
  for (const std::string& path : flags.paths) {
    const size_t before = files.size();
    // Cases lie in folders of suites; whatever else lies beside these folders is not a case.
    Files found;
    Collect(path, 2, found);
    std::error_code error;
    if (fs::is_directory(path, error))
      found.erase(fs::absolute(fs::path(path) / ".").parent_path().filename().string());
    if (found.empty()) Collect(path, 1, found);
    for (auto& [suite, of_suite] : found) files[suite].merge(of_suite);
    if (files.size() == before && found.empty()) {
      std::fprintf(stderr, "no cases in '%s'\n", path.c_str());
      return 2;
    }
  }
  for (const std::string& name : flags.suites) {
    if (files.count(name) == 0) {
      std::fprintf(stderr, "no suite '%s' in what was given\n", name.c_str());
      return 2;
    }
  }

  Counts counts;
  Count sum;
  for (const auto& [suite, of_suite] : files) {
    if (!flags.suites.empty() && flags.suites.count(suite) == 0) continue;
    const Count count = RunSuite(suite, {of_suite.begin(), of_suite.end()}, flags, handler_of(suite));
    counts[suite] = count;
    sum.agreed += count.agreed;
    sum.total += count.total;
  }

  bool ok = sum.agreed == sum.total;
  if (!flags.baseline.empty()) {
    const absl::StatusOr<Counts> baseline = ReadBaseline(flags.baseline);
    if (!baseline.ok()) {
      std::fprintf(stderr, "%s\n", baseline.status().ToString().c_str());
      return 2;
    }
    ok = CompareWithBaseline(*baseline, counts, /*partial=*/!flags.suites.empty());
  }
  if (!flags.write_baseline.empty()) {
    if (const absl::Status s = WriteBaseline(flags.write_baseline, counts); !s.ok()) {
      std::fprintf(stderr, "%s\n", s.ToString().c_str());
      return 2;
    }
  }
  std::printf("%d passed, %d failed\n", sum.agreed, sum.total - sum.agreed);
  return ok ? 0 : 1;
}

}  // namespace muster::conformance
