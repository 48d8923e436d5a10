#include "sim/trace/trace.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sim/files/input.h"
#include "sim/trace/row_parser.h"

namespace muster::sim {
namespace {

// Which ids are taken, by the places of their jobs: an id is kept once, in its job.
class IdIndex {
 public:
  explicit IdIndex(const std::vector<Job>* jobs) : places_(0, Hash{jobs}, Equal{jobs}) {}

  // The job that has the id; null if there is none.
  const Job* Find(absl::string_view id) const {
    const auto it = places_.find(id);
    return it == places_.end() ? nullptr : &(*places_.hash_function().jobs)[*it];
  }
  // REQUIRES: the job at that place has an id that is not taken.
  void Insert(uint32_t place) { places_.insert(place); }

 private:
  struct Hash {
    using is_transparent = void;
    const std::vector<Job>* jobs;
    size_t operator()(absl::string_view id) const { return absl::HashOf(id); }
    size_t operator()(uint32_t place) const { return (*this)((*jobs)[place].id); }
  };
  struct Equal {
    using is_transparent = void;
    const std::vector<Job>* jobs;
    bool operator()(uint32_t a, uint32_t b) const { return a == b || (*jobs)[a].id == (*jobs)[b].id; }
    bool operator()(uint32_t a, absl::string_view b) const { return (*jobs)[a].id == b; }
    bool operator()(absl::string_view a, uint32_t b) const { return (*jobs)[b].id == a; }
  };
  absl::flat_hash_set<uint32_t, Hash, Equal> places_;
};

// A column that is missing altogether is a wrong mapping, not 100,000 bad rows.
absl::Status CheckColumns(const std::string& source, const Record& record, const Mapping& mapping) {
  for (const std::string& column : {mapping.queue_column, mapping.submit, mapping.duration, mapping.gpus}) {
    const bool manifest_says =
        column == mapping.queue_column && !mapping.manifest.empty() && record.Get(mapping.manifest).has_value();
    if (!column.empty() && !absl::StrContains(column, '|') && !record.Get(column) && !manifest_says) {
      return absl::InvalidArgumentError(absl::StrCat(source, ": row 1: there is no column \"", column,
                                                     "\"; give a mapping file with --mapping or correct it"));
    }
  }
  return absl::OkStatus();
}

bool Earlier(const Job& a, const Job& b) { return a.submit_s < b.submit_s; }

}  // namespace

void Trace::Add(Job job, JobShape shape) {
  job.shape = static_cast<uint32_t>(shapes.size());
  shapes.push_back(std::move(shape));
  jobs.push_back(std::move(job));
}

std::vector<PodGroup> SplitIntoPods(int64_t gpus, int64_t per_pod, const std::string& resource) {
  auto group = [&](int64_t count, int64_t each) {
    PodGroup g;
    g.count = static_cast<int32_t>(count);
    g.requests[resource] = api::Quantity::FromValue(each);
    return g;
  };
  if (gpus <= per_pod) return {group(1, gpus)};
  std::vector<PodGroup> groups = {group(gpus / per_pod, per_pod)};
  if (gpus % per_pod != 0) groups.push_back(group(1, gpus % per_pod));
  return groups;
}

absl::StatusOr<Trace> ReadTrace(const std::string& path, const Mapping& mapping, int64_t max_jobs) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(path);
  if (!in.ok()) return in.status();
  return ReadTrace(in->get(), path, mapping, max_jobs);
}

absl::StatusOr<Trace> ReadTrace(std::istream* in, const std::string& source, const Mapping& mapping, int64_t max_jobs) {
  absl::StatusOr<std::unique_ptr<RecordReader>> reader = NewRecordReader(mapping.format, in);
  if (!reader.ok()) return absl::Status(reader.status().code(), absl::StrCat(source, ": ", reader.status().message()));

  Trace trace;
  trace.source = source;
  IdIndex ids(&trace.jobs);
  absl::flat_hash_map<std::string, uint32_t> shape_of;  // RowParser::ShapeKey -> index
  auto report = [&](RowProblem problem) {
    ++trace.bad_rows;
    if (trace.problems.size() < Trace::kMaxProblems) trace.problems.push_back(std::move(problem));
  };
  RowParser parser(mapping);
  Record record;
  bool first = true;
  while (max_jobs == 0 || static_cast<int64_t>(trace.jobs.size()) < max_jobs) {
    absl::StatusOr<bool> more = (*reader)->Next(&record);
    if (absl::IsDataLoss(more.status())) {
      return absl::DataLossError(absl::StrCat(source, ": ", more.status().message()));
    }
    if (!more.ok()) {
      report({record.row, "", std::string(more.status().message())});
      continue;
    }
    if (!*more) break;
    if (std::exchange(first, false) && mapping.format == Format::kCsv) {
      if (absl::Status s = CheckColumns(source, record, mapping); !s.ok()) return s;
    }
    parser.SetRow(record);
    Job job;
    JobShape fresh;
    const auto known = shape_of.find(parser.ShapeKey());
    const bool good = known != shape_of.end() ? parser.ParseTimes(&job) : parser.Parse(&job, &fresh);
    if (!good) {
      report(parser.problem());
      continue;
    }
    if (const Job* earlier = ids.Find(job.id); earlier != nullptr) {
      report({job.row, mapping.id, absl::StrCat("job id \"", job.id, "\" is already used in row ", earlier->row)});
      continue;
    }
    if (trace.jobs.size() == std::numeric_limits<uint32_t>::max()) {
      return absl::ResourceExhaustedError(absl::StrCat(source, ":", job.row, ": too many jobs; cut the trace"));
    }
    if (known != shape_of.end()) {
      job.shape = known->second;
    } else {
      job.shape = static_cast<uint32_t>(trace.shapes.size());
      shape_of.emplace(parser.ShapeKey(), job.shape);
      trace.shapes.push_back(std::move(fresh));
    }
    trace.jobs.push_back(std::move(job));
    ids.Insert(static_cast<uint32_t>(trace.jobs.size() - 1));
  }
  if (in->bad()) return absl::DataLossError(absl::StrCat(source, ": the file breaks off; fetch it again"));
  if (!std::is_sorted(trace.jobs.begin(), trace.jobs.end(), Earlier)) {
    std::stable_sort(trace.jobs.begin(), trace.jobs.end(), Earlier);
  }
  return trace;
}

std::string FormatProblem(const Trace& trace, const RowProblem& problem) {
  return absl::StrCat(trace.source, ":", problem.row, ": ",
                      problem.column.empty() ? "" : absl::StrCat("column ", problem.column, ": "), problem.reason);
}

}  // namespace muster::sim
