// A job trace: who asked for what, when, and how long it ran.
#ifndef MUSTER_SIM_TRACE_TRACE_H_
#define MUSTER_SIM_TRACE_TRACE_H_

#include <cstdint>
#include <istream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/core.h"
#include "api/kueue.h"
#include "sim/trace/job_terms.h"
#include "sim/trace/mapping.h"
#include "sim/trace/records.h"

namespace muster::sim {

// Pods of one shape. Requests are per pod.
struct PodGroup {
  int32_t count = 1;
  api::ResourceList requests;
  int32_t min_count = 0;  // so many will do, if there is no room for all; 0 = all of them
};

// What many jobs have in common. A trace keeps each shape once: millions of jobs have hundreds of shapes. Whatever most
// jobs of a trace share belongs here, what is a job's own belongs into Job.
struct JobShape {
  std::string queue;  // name of a LocalQueue or ClusterQueue
  std::vector<PodGroup> pods;
  int32_t priority = 0;
  std::string priority_class;                // name of a WorkloadPriorityClass; "" = none, `priority` counts
  api::StringMap node_selector;              // a value "a|b" stands for either
  std::vector<api::Toleration> tolerations;  // of every pod
  std::string topology;                      // "required=LEVEL", "preferred=LEVEL", "unconstrained"; "" = asks for none
  std::string status;                        // as in the trace; not interpreted
  // A file that describes the job, and once manifests.h has read it, what it becomes. Then `pods` are its pod sets.
  std::string manifest;
  std::shared_ptr<const api::Workload> workload;
};

struct Job {
  std::string id;
  int64_t submit_s = 0;    // seconds on the trace's clock, from 0
  int64_t duration_s = 0;  // seconds from start to end if left alone
  int64_t row = 0;         // line in the file
  uint32_t shape = 0;      // index in Trace::shapes
  uint32_t terms = 0;      // index in Trace::terms + 1; 0 = says nothing of the kind
};

// One row that could not be used.
struct RowProblem {
  int64_t row = 0;
  std::string column;  // "" = the row as a whole
  std::string reason;
  int64_t more = 0;  // further rows with the same column and reason
};

// Thread-safety: value type.
struct Trace {
  std::string source;                        // the file
  std::vector<JobShape> shapes;              // in the order in which jobs first have them
  std::vector<JobTerms> terms;               // of the jobs that have any; jobs that say the same share them
  std::vector<Job> jobs;                     // by submit time; jobs of one second in the order of the file
  std::vector<RowProblem> problems;          // the first kMaxProblems that differ, in the order of the file
  int64_t bad_rows = 0;                      // rows that could not be used
  std::vector<Remark> remarks;               // what was left out on purpose, and what is not as it seems
  std::vector<std::string> warnings;         // about columns, if they are to be no errors
  std::map<std::string, std::string> about;  // what the file says about itself: "MaxProcs": "100"

  static constexpr int kMaxProblems = 20;

  // REQUIRES: job is one of this trace's.
  const JobShape& ShapeOf(const Job& job) const { return shapes[job.shape]; }
  // Null if it has none.
  const JobTerms* TermsOf(const Job& job) const { return job.terms == 0 ? nullptr : &terms[job.terms - 1]; }
  // Adds a job at the end, with a shape of its own.
  void Add(Job job, JobShape shape);
};

// The pods of a job of `gpus` accelerators: one pod if they fit into a pod, otherwise full pods and, if it does not
// come out even, a last smaller one. REQUIRES: gpus >= 1, per_pod >= 1.
std::vector<PodGroup> SplitIntoPods(int64_t gpus, int64_t per_pod, const std::string& resource);

struct ReadTraceOptions {
  int64_t max_jobs = 0;      // good rows; 0 = all
  bool lenient = false;      // columns that are not known or not there are warnings (column_check.h)
  bool keep_record = false;  // keep what a replay has no use for: starts, users, groups
  ReadOptions read = {};
};

// Reads a trace. Rows that cannot be used are left out and reported in `problems`, one for all that have the same
// reason; two rows with one job id are a problem of the second. O(n log n), O(n) if rows are in the order of
// submission. Memory: some 75 bytes a job, each shape once, and what jobs say of their own in `terms`.
// Errors: NotFound for a file that cannot be opened, InvalidArgument for one without the mapped columns, with columns
// that mean nothing or with a column twice, DataLoss for one that breaks off.
absl::StatusOr<Trace> ReadTrace(const std::string& path, const Mapping& mapping, const ReadTraceOptions& options);
absl::StatusOr<Trace> ReadTrace(const std::string& path, const Mapping& mapping, int64_t max_jobs = 0);
// The same for a stream that is open and not compressed; `source` stands for it in messages.
absl::StatusOr<Trace> ReadTrace(std::istream* in, const std::string& source, const Mapping& mapping,
                                const ReadTraceOptions& options);
absl::StatusOr<Trace> ReadTrace(std::istream* in, const std::string& source, const Mapping& mapping,
                                int64_t max_jobs = 0);

// "FILE:ROW: column COLUMN: REASON", with how many more rows it holds for.
std::string FormatProblem(const Trace& trace, const RowProblem& problem);

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_TRACE_H_
