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
#include "sim/trace/column_check.h"
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

namespace {

// Collects jobs; keeps once what many have in common.
class TraceBuilder {
 public:
  TraceBuilder(const std::string& source, const Mapping& mapping, const ReadTraceOptions& options)
      : m_(mapping), parser_(mapping, options.read.zone, options.keep_record), ids_(&trace_.jobs) {
    trace_.source = source;
  }

  int64_t jobs() const { return static_cast<int64_t>(trace_.jobs.size()); }

  void Report(RowProblem problem) {
    ++trace_.bad_rows;
    for (RowProblem& known : trace_.problems) {
      if (known.column == problem.column && known.reason == problem.reason) {
        ++known.more;
        return;
      }
    }
    if (trace_.problems.size() < Trace::kMaxProblems) trace_.problems.push_back(std::move(problem));
  }

  // Errors: ResourceExhausted.
  absl::Status Add(const Record& record) {
    parser_.SetRow(record);
    if (LeftOutByStatus(record.row)) return absl::OkStatus();
    Job job;
    JobShape fresh;
    JobTerms terms;
    const auto known = shape_of_.find(parser_.ShapeKey());
    const absl::string_view terms_key = parser_.TermsKey();
    const auto known_terms = terms_of_.find(terms_key);
    bool good = known != shape_of_.end() ? parser_.ParseTimes(&job) : parser_.Parse(&job, &fresh);
    if (good && !terms_key.empty() && known_terms == terms_of_.end()) good = parser_.ParseTerms(&terms);
    if (!good) {
      if (parser_.asks_for_ignored()) {
        LeaveOut("rows that ask only for what ignoreRequests leaves aside", record.row);
      } else {
        Report(parser_.problem());
      }
      return absl::OkStatus();
    }
    if (const Job* earlier = ids_.Find(job.id); earlier != nullptr) {
      Report({job.row, m_.id, absl::StrCat("job id \"", job.id, "\" is already used in row ", earlier->row)});
      return absl::OkStatus();
    }
    if (trace_.jobs.size() == std::numeric_limits<uint32_t>::max()) {
      return absl::ResourceExhaustedError(absl::StrCat(trace_.source, ":", job.row, ": too many jobs; cut the trace"));
    }
    if (known != shape_of_.end()) {
      job.shape = known->second;
    } else {
      job.shape = static_cast<uint32_t>(trace_.shapes.size());
      shape_of_.emplace(parser_.ShapeKey(), job.shape);
      trace_.shapes.push_back(std::move(fresh));
    }
    if (known_terms != terms_of_.end()) {
      job.terms = known_terms->second;
    } else if (!terms_key.empty()) {
      // Those that wait for others, or keep their record, are alone with it.
      const bool shared = terms.after.empty() && !terms.start_s.has_value();
      trace_.terms.push_back(std::move(terms));
      job.terms = static_cast<uint32_t>(trace_.terms.size());
      if (shared) terms_of_.emplace(terms_key, job.terms);
    }
    trace_.jobs.push_back(std::move(job));
    ids_.Insert(static_cast<uint32_t>(trace_.jobs.size() - 1));
    return absl::OkStatus();
  }

  Trace Finish(const RecordReader& reader, const ColumnCheck& columns) {
    trace_.remarks.insert(trace_.remarks.begin(), reader.remarks().begin(), reader.remarks().end());
    trace_.about = reader.about();
    trace_.warnings = columns.warnings();
    if (!std::is_sorted(trace_.jobs.begin(), trace_.jobs.end(), Earlier)) {
      std::stable_sort(trace_.jobs.begin(), trace_.jobs.end(), Earlier);
    }
    return std::move(trace_);
  }

 private:
  void LeaveOut(std::string what, int64_t row) {
    for (Remark& remark : trace_.remarks) {
      if (remark.text != what) continue;
      ++remark.count;
      return;
    }
    trace_.remarks.push_back({std::move(what), 1, row, true});
  }

  bool LeftOutByStatus(int64_t row) {
    if (m_.only_status.empty() && m_.skip_status.empty()) return false;
    const std::string status(parser_.Status());
    if (m_.skip_status.contains(status)) {
      LeaveOut(absl::StrCat("rows whose status is \"", status, "\" (skipStatus)"), row);
      return true;
    }
    if (m_.only_status.empty() || m_.only_status.contains(status)) return false;
    LeaveOut("rows with another status than onlyStatus has", row);
    return true;
  }

  const Mapping& m_;
  Trace trace_;
  RowParser parser_;
  IdIndex ids_;
  absl::flat_hash_map<std::string, uint32_t> shape_of_;  // RowParser::ShapeKey -> index
  absl::flat_hash_map<std::string, uint32_t> terms_of_;  // RowParser::TermsKey -> Job::terms
};

}  // namespace

absl::StatusOr<Trace> ReadTrace(const std::string& path, const Mapping& mapping, int64_t max_jobs) {
  return ReadTrace(path, mapping, ReadTraceOptions{.max_jobs = max_jobs});
}

absl::StatusOr<Trace> ReadTrace(std::istream* in, const std::string& source, const Mapping& mapping, int64_t max_jobs) {
  return ReadTrace(in, source, mapping, ReadTraceOptions{.max_jobs = max_jobs});
}

absl::StatusOr<Trace> ReadTrace(const std::string& path, const Mapping& mapping, const ReadTraceOptions& options) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(path);
  if (!in.ok()) return in.status();
  return ReadTrace(in->get(), path, mapping, options);
}

absl::StatusOr<Trace> ReadTrace(std::istream* in, const std::string& source, const Mapping& mapping,
                                const ReadTraceOptions& options) {
  const auto in_file = [&source](const absl::Status& status) {
    return absl::Status(status.code(), absl::StrCat(source, ": ", status.message()));
  };
  ReadOptions read = options.read;
  read.accelerator = mapping.resource;
  absl::StatusOr<std::unique_ptr<RecordReader>> reader = NewRecordReader(mapping.format, in, read);
  if (!reader.ok()) return in_file(reader.status());
  TraceBuilder trace(source, mapping, options);
  ColumnCheck columns(&mapping, options.lenient);
  Record record;
  while (options.max_jobs == 0 || trace.jobs() < options.max_jobs) {
    absl::StatusOr<bool> more = (*reader)->Next(&record);
    if (absl::IsDataLoss(more.status())) return in_file(more.status());
    if (!more.ok()) {
      trace.Report({record.row, "", std::string(more.status().message())});
      continue;
    }
    if (!*more) {
      if (absl::Status s = columns.Finish(); !s.ok()) return in_file(s);
      break;
    }
    if (absl::Status s = columns.Row(record); !s.ok()) return in_file(s);
    if (absl::Status s = trace.Add(record); !s.ok()) return s;
  }
  if (in->bad()) return absl::DataLossError(absl::StrCat(source, ": the file breaks off; fetch it again"));
  return trace.Finish(**reader, columns);
}

std::string FormatProblem(const Trace& trace, const RowProblem& problem) {
  return absl::StrCat(trace.source, ":", problem.row, ": ",
                      problem.column.empty() ? "" : absl::StrCat("column ", problem.column, ": "), problem.reason,
                      problem.more == 0 ? "" : absl::StrCat(" (and ", problem.more, " more rows)"));
}

}  // namespace muster::sim
