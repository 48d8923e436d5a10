// Runs recorded decisions of Kueue's scheduler against the engine and says where they differ. See docs/conformance.md.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "conformance/baseline.h"
#include "conformance/case.h"
#include "conformance/suites.h"

namespace muster::conformance {
namespace {

namespace fs = std::filesystem;

constexpr char kUsage[] =
    "usage: kueue DIR [--suite NAME]... [--level decisions|reasons|messages] [-v]\n"
    "             [--baseline FILE] [--write-baseline FILE]\n"
    "Executes the case files DIR/<suite>/*.json. Exit status: 0 if all agree (with --baseline: if no suite\n"
    "agrees in fewer cases than FILE says), 1 if not, 2 if the command line or DIR is not usable.\n";

struct Flags {
  std::string dir;
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
    } else if (!arg.empty() && arg[0] != '-' && flags.dir.empty()) {
      flags.dir = arg;
    } else {
      ok = false;
    }
    if (!ok) {
      std::fprintf(stderr, "cannot use '%s'\n%s", arg.c_str(), kUsage);
      return false;
    }
  }
  if (flags.dir.empty()) std::fputs(kUsage, stderr);
  return !flags.dir.empty();
}

// `bazel run` changes the directory; names on the command line are relative to where it was typed.
void ReturnToCallersDirectory() {
  if (const char* dir = std::getenv("BUILD_WORKING_DIRECTORY")) {
    std::error_code ignored;
    fs::current_path(dir, ignored);
  }
}

std::set<std::string> IgnoredPaths(const Case& c) {
  std::set<std::string> out;
  for (const Json& path : c["nondeterministicPaths"]) {
    if (path.is_string()) out.insert(path.get<std::string>());
  }
  return out;
}

Count RunSuite(const std::string& suite, const std::vector<fs::path>& files, const Flags& flags) {
  const Handler handler = HandlerFor(suite);
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

int Main(int argc, char** argv) {
  Flags flags;
  if (!Parse(argc, argv, flags)) return 2;
  ReturnToCallersDirectory();

  std::set<std::string> suites;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(flags.dir, error)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_directory() && (flags.suites.empty() || flags.suites.count(name))) suites.insert(name);
  }
  for (const std::string& name : flags.suites) {
    if (!suites.count(name)) std::fprintf(stderr, "no suite '%s' in %s\n", name.c_str(), flags.dir.c_str());
  }
  if (error || suites.empty() || (!flags.suites.empty() && suites.size() != flags.suites.size())) {
    std::fprintf(stderr, "nothing to run in '%s'%s%s\n", flags.dir.c_str(), error ? ": " : "", error.message().c_str());
    return 2;
  }

  Counts counts;
  Count sum;
  for (const std::string& suite : suites) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(fs::path(flags.dir) / suite)) {
      if (entry.path().extension() == ".json") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    const Count count = RunSuite(suite, files, flags);
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

}  // namespace
}  // namespace muster::conformance

int main(int argc, char** argv) { return muster::conformance::Main(argc, argv); }
