// Holds the starts of a replay against those of a reference schedule, job by job. See docs/conformance.md.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "conformance/callers_directory.h"
#include "sim/files/input.h"
#include "sim/trace/records.h"

namespace muster::conformance {
namespace {

struct Start {
  std::string queue;
  int64_t at_s = 0;
};
using Starts = std::map<std::string, Start>;  // by job

// Reads job, queue and start of every row. Starts that are empty are left out.
absl::StatusOr<Starts> ReadStarts(const std::string& path, const char* queue, const char* start) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = sim::OpenInput(path);
  if (!in.ok()) return in.status();
  absl::StatusOr<std::unique_ptr<sim::RecordReader>> reader = sim::NewRecordReader(sim::Format::kCsv, in->get());
  if (!reader.ok()) return reader.status();
  Starts starts;
  sim::Record record;
  while (true) {
    const absl::StatusOr<bool> more = (*reader)->Next(&record);
    if (!more.ok()) return more.status();
    if (!*more) return starts;
    const auto job = record.Get("job_id"), in_queue = record.Get(queue), at = record.Get(start);
    if (!job.has_value() || !in_queue.has_value() || !at.has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": there has to be a column job_id, ", queue, " and ", start));
    }
    if (at->empty()) continue;
    Start one;
    one.queue = std::string(*in_queue);
    double seconds = 0;
    if (!absl::SimpleAtod(*at, &seconds)) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": row ", record.row, ": ", start, " is no number"));
    }
    one.at_s = static_cast<int64_t>(seconds);
    if (!starts.emplace(std::string(*job), std::move(one)).second) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": row ", record.row, ": job ", *job, " comes twice"));
    }
  }
}

int Main(int argc, char** argv) {
  ReturnToCallersDirectory();
  CLI::App app("Compares the starts of a replay with a reference schedule.");
  std::string reference_path, jobs_path;
  int64_t allowed = 0;
  app.add_option("REFERENCE", reference_path, "CSV with job_id, vc, start_s")->required();
  app.add_option("JOBS", jobs_path, "jobs.csv of muster simulate")->required();
  app.add_option("--allow", allowed, "So many jobs may start at another time")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<Starts> reference = ReadStarts(reference_path, "vc", "start_s");
  const absl::StatusOr<Starts> jobs = ReadStarts(jobs_path, "cluster_queue", "first_start_s");
  for (const auto* read : {&reference, &jobs}) {
    if (read->ok()) continue;
    std::fprintf(stderr, "%s\n", read->status().ToString().c_str());
    return 2;
  }
  struct Tally {
    int64_t jobs = 0, same = 0, missing = 0;
    std::string first;  // that starts at another time
  };
  std::map<std::string, Tally> queues;
  Tally all;
  for (const auto& [job, want] : *reference) {
    Tally& tally = queues[want.queue];
    const auto got = jobs->find(job);
    const bool same = got != jobs->end() && got->second.at_s == want.at_s;
    for (Tally* t : {&tally, &all}) {
      ++t->jobs;
      t->same += same;
      t->missing += got == jobs->end();
    }
    if (same || !tally.first.empty()) continue;
    tally.first = absl::StrCat("; job ", job, ": reference ", want.at_s, ", muster ",
                               got == jobs->end() ? std::string("never") : absl::StrCat(got->second.at_s));
  }
  for (const auto& [queue, t] : queues) {
    std::printf("%-10s %6lld of %6lld start at the same second%s\n", queue.c_str(), static_cast<long long>(t.same),
                static_cast<long long>(t.jobs), t.first.c_str());
  }
  const int64_t extra = static_cast<int64_t>(jobs->size()) - (all.jobs - all.missing);
  std::printf("%lld of %lld starts are the same", static_cast<long long>(all.same), static_cast<long long>(all.jobs));
  if (extra > 0) std::printf("; %lld jobs are not in the reference", static_cast<long long>(extra));
  std::printf("\n");
  return !reference->empty() && all.jobs - all.same <= allowed && extra == 0 ? 0 : 1;
}

}  // namespace
}  // namespace muster::conformance

int main(int argc, char** argv) { return muster::conformance::Main(argc, argv); }
