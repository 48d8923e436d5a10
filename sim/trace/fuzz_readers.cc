// libFuzzer target: reading any bytes as any format ends without a crash; every job is within the documented bounds, and
// what was read can be written and read again. The last byte chooses the format.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <sstream>
#include <string>

#include "sim/trace/inspect.h"
#include "sim/trace/trace.h"
#include "sim/trace/write_trace.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace muster::sim;
  if (size == 0) return 0;
  constexpr Format kFormats[] = {Format::kSacct,  Format::kKueue, Format::kOpenb, Format::kSwf,
                                 Format::kPhilly, Format::kCsv,   Format::kJsonl};
  const std::string text(reinterpret_cast<const char*>(data), size - 1);
  // A digit says which; else it is recognised, as in files of the corpus.
  const size_t choice = static_cast<size_t>(data[size - 1] - '0');
  const Format format = choice < std::size(kFormats) ? kFormats[choice] : RecognizeFormat(text, "");
  std::istringstream in(text);
  ReadTraceOptions options;
  options.keep_record = true;
  options.lenient = true;
  const absl::StatusOr<Trace> trace = ReadTrace(&in, "t", Mapping::ForFormat(format), options);
  if (!trace.ok()) {
    Require(!trace.status().message().empty());
    return 0;
  }
  for (const Job& job : trace->jobs) {
    const JobShape& shape = trace->ShapeOf(job);
    Require(!job.id.empty() && job.row >= 1 && job.submit_s >= 0 && job.duration_s >= 0);
    Require(!shape.pods.empty() || !shape.manifest.empty());
    for (const PodGroup& pods : shape.pods)
      Require(pods.count >= 1 && pods.min_count >= 0 && pods.min_count < pods.count);
  }
  for (const RowProblem& problem : trace->problems) Require(problem.row >= 1 && !problem.reason.empty());
  for (const Remark& remark : trace->remarks) Require(remark.count >= 1 && remark.first_row >= 1);
  const Inspection inspection = Inspect(*trace, {});
  Require(!InspectionText(inspection).empty() && !InspectionJson(inspection).empty());
  std::ostringstream out;
  if (!WriteTrace(*trace, &out).ok()) return 0;
  std::istringstream again(out.str());
  const absl::StatusOr<Trace> same = ReadTrace(&again, "t", Mapping::ForFormat(Format::kCsv), options);
  Require(same.ok() && same->jobs.size() == trace->jobs.size() && same->bad_rows == 0);
  return 0;
}
