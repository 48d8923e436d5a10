#include "conformance/flows/runner.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "conformance/callers_directory.h"
#include "conformance/flows/compare.h"
#include "conformance/flows/known_differences.h"
#include "conformance/flows/recorded_writer.h"
#include "conformance/flows/recording.h"
#include "conformance/flows/replay.h"
#include "conformance/flows/write_pace.h"

namespace muster::conformance {
namespace {

namespace fs = std::filesystem;

constexpr char kUsage[] =
    "usage: %s DIR [--flow NAME]... [--diff] [--writes] [--at-once] [--check-server] [--known FILE]\n"
    "Replays the flows recorded in DIR against a simulated cluster and compares.\n"
    "  --flow NAME      only this flow; NAME may end in *\n"
    "  --diff           prints every difference\n"
    "  --writes         prints what was written, and when\n"
    "  --at-once        nothing takes any time, neither writes nor the world around the manager\n"
    "  --check-server   instead of the manager, the recorded one writes what it wrote\n"
    "  --known FILE     differences that stay, with their reasons\n"
    "Exit status: 0 if all agree but for known differences, 1 if not, 2 if the command line or a file is not usable.\n";

struct Flags {
  std::string directory, known;
  std::vector<std::string> flows;
  bool diff = false, writes = false, at_once = false, check_server = false;
};

bool Parse(int argc, char** argv, Flags* flags) {
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--diff") {
      flags->diff = true;
    } else if (arg == "--writes") {
      flags->writes = true;
    } else if (arg == "--at-once") {
      flags->at_once = true;
    } else if (arg == "--check-server") {
      flags->check_server = true;
    } else if ((arg == "--flow" || arg == "--known") && i + 1 < argc) {
      if (arg == "--flow") {
        flags->flows.push_back(argv[++i]);
      } else {
        flags->known = argv[++i];
      }
    } else if (arg.rfind("-", 0) != 0 && flags->directory.empty()) {
      flags->directory = arg;
    } else {
      return false;
    }
  }
  return !flags->directory.empty();
}

bool IsWanted(const Flags& flags, const std::string& name) {
  if (flags.flows.empty()) return true;
  return std::any_of(flags.flows.begin(), flags.flows.end(), [&](const std::string& flow) {
    return !flow.empty() && flow.back() == '*' ? name.rfind(flow.substr(0, flow.size() - 1), 0) == 0 : name == flow;
  });
}

absl::StatusOr<Compared> RunFlow(const std::string& folder, const Flags& flags, const SubjectFactory& factory,
                                 std::string* name) {
  absl::StatusOr<Recording> recording = ReadRecording(folder);
  if (!recording.ok()) return recording.status();
  *name = recording->name;
  WritePace pace(*recording);
  std::unique_ptr<Subject> subject;
  RecordedWriter* recorded = nullptr;
  if (flags.check_server) {
    auto writer = std::make_unique<RecordedWriter>(&*recording);
    recorded = writer.get();
    subject = std::move(writer);
  } else {
    absl::StatusOr<std::unique_ptr<Subject>> made = factory(recording->configuration, flags.at_once ? nullptr : &pace);
    if (!made.ok()) return made.status();
    subject = *std::move(made);
  }
  absl::StatusOr<Outcome> outcome = Replay(*recording, subject.get(), flags.at_once);
  if (!outcome.ok()) return outcome.status();
  if (flags.writes) {
    for (const Written& written : outcome->writes) {
      std::printf("  %8.3f %s -> %d %s %s\n", absl::ToDoubleSeconds(written.time - recording->start),
                  kube::Summary(written.request).c_str(), written.response.code, written.response.message.c_str(),
                  written.request.body.dump().substr(0, 2000).c_str());
    }
  }
  Compared compared = Compare(*recording, *outcome, flags.check_server);
  if (recorded != nullptr) {
    for (const std::string& refusal : recorded->refusals()) compared.differences.push_back({"", "write", refusal, ""});
  }
  return compared;
}

void Print(const Difference& difference, const char* known) {
  std::printf("  %s%s%s: %s\n      recorded: %s\n      got:      %s\n", difference.where.c_str(),
              difference.where.empty() ? "" : ": ", difference.what.c_str(), known, difference.recorded.c_str(),
              difference.got.c_str());
}

}  // namespace

int FlowsMain(int argc, char** argv, const SubjectFactory& factory) {
  ReturnToCallersDirectory();
  Flags flags;
  if (!Parse(argc, argv, &flags)) {
    std::fprintf(stderr, kUsage, argv[0]);
    return 2;
  }
  std::vector<KnownDifference> known;
  if (!flags.known.empty()) {
    std::ifstream in(flags.known);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    absl::StatusOr<std::vector<KnownDifference>> parsed = ParseKnownDifferences(text, flags.known);
    if (!in.is_open() || !parsed.ok()) {
      std::fprintf(stderr, "%s\n",
                   in.is_open() ? std::string(parsed.status().message()).c_str()
                                : absl::StrCat(flags.known, ": cannot be read").c_str());
      return 2;
    }
    known = *std::move(parsed);
  }
  std::set<std::string> folders;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(flags.directory, error)) {
    if (fs::exists(entry.path() / "meta.json", error) && IsWanted(flags, entry.path().filename().string())) {
      folders.insert(entry.path().string());
    }
  }
  if (folders.empty()) {
    std::fprintf(stderr, "%s: there is no such flow\n", flags.directory.c_str());
    return 2;
  }
  int agree = 0, as_known = 0, values = 0, unknown = 0;
  std::map<std::string, int> by_kind;  // unknown differences, by kind of object and part
  for (const std::string& folder : folders) {
    std::string name = fs::path(folder).filename().string();
    absl::StatusOr<Compared> compared = RunFlow(folder, flags, factory, &name);
    if (!compared.ok()) {
      std::printf("%-44s fails: %s\n", name.c_str(), std::string(compared.status().message()).c_str());
      ++unknown;
      continue;
    }
    std::vector<Difference> fresh;
    for (const Difference& difference : compared->differences) {
      if (FindKnown(known, name, difference) == nullptr) fresh.push_back(difference);
    }
    values += compared->values;
    unknown += static_cast<int>(fresh.size());
    const size_t known_here = compared->differences.size() - fresh.size();
    if (fresh.empty()) {
      ++(known_here > 0 ? as_known : agree);
      std::printf("%-44s agrees%s\n", name.c_str(),
                  known_here > 0 ? absl::StrCat(" but for ", known_here, " known").c_str() : "");
    } else {
      std::printf("%-44s differs: %zu of %d, first %s: %s\n", name.c_str(), fresh.size(), compared->values,
                  fresh.front().where.c_str(), fresh.front().what.substr(0, 100).c_str());
    }
    for (const Difference& difference : fresh) {
      const std::string kind = difference.where.substr(0, difference.where.find(' '));
      const std::string what = difference.what.substr(0, difference.what.find('"'));
      ++by_kind[absl::StrCat(kind, " ", what.rfind("figures", 0) == 0 ? "figures" : what)];
      if (flags.diff) Print(difference, "");
    }
    if (flags.diff) {
      for (const Difference& difference : compared->differences) {
        if (const KnownDifference* each = FindKnown(known, name, difference)) Print(difference, each->reason.c_str());
      }
    }
  }
  std::printf("%d of %zu flows agree, %d more but for what is known; %d of %d values differ\n", agree, folders.size(),
              as_known, unknown, values);
  for (const auto& [kind, count] : by_kind) std::printf("  %5d  %s\n", count, kind.c_str());
  return unknown == 0 ? 0 : 1;
}

}  // namespace muster::conformance
