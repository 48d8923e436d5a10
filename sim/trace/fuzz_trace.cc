// libFuzzer target: reading a trace of any bytes ends without a crash; every row is either a job within the documented
// bounds or a problem with its line. The last byte chooses the format and the mapping.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>

#include "sim/trace/trace.h"

namespace {

using namespace muster::sim;

// Muster's own columns, SWF, and a mapping that uses what the others do not.
Mapping MappingOf(uint8_t choice) {
  if (choice % 4 == 0) return Mapping::ForFile("t.csv");
  if (choice % 4 == 1) return Mapping::ForFile("t.jsonl");
  if (choice % 4 == 2) return Mapping::ForFile("t.swf");
  return *Mapping::Parse(
      "columns: {id: i, queue: q, submit: s, duration: d, gpus: g, priority: p, nodeSelector: n}\n"
      "requests: {cpu: a|b}\nconstantRequests: {memory: 1Gi}\nqueue: other\npriorityMap: {high: 7}\ngpusPerPod: 3\n");
}

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  std::istringstream in(std::string(reinterpret_cast<const char*>(data), size - 1));
  const absl::StatusOr<Trace> trace = ReadTrace(&in, "t", MappingOf(data[size - 1]));
  if (!trace.ok()) return 0;
  int64_t last = 0;
  for (const Job& job : trace->jobs) {
    Require(!job.id.empty() && job.row >= 1 && job.shape < trace->shapes.size());
    Require(job.submit_s >= last && job.duration_s >= 0);
    last = job.submit_s;
  }
  for (const JobShape& shape : trace->shapes) {
    Require(!shape.queue.empty() && !shape.pods.empty());
    for (const PodGroup& pods : shape.pods) {
      Require(pods.count >= 1 && !pods.requests.empty());
      for (const auto& [resource, amount] : pods.requests) Require(amount.Sign() > 0);
    }
  }
  Require(trace->bad_rows >= static_cast<int64_t>(trace->problems.size()));
  for (const RowProblem& problem : trace->problems) {
    Require(problem.row >= 1 && !problem.reason.empty() && !FormatProblem(*trace, problem).empty());
  }
  return 0;
}
