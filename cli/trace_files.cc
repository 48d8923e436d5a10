#include "cli/trace_files.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <iostream>
#include <istream>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/arguments.h"
#include "sim/files/digest.h"
#include "sim/files/input.h"
#include "sim/trace/format.h"

namespace muster::cli {
namespace {

constexpr size_t kMaxMapping = 1 << 20;

std::string ListProblems(const sim::Trace& trace) {
  std::string text;
  int64_t listed = 0;
  for (const sim::RowProblem& problem : trace.problems) {
    absl::StrAppend(&text, "\n", FormatProblem(trace, problem));
    listed += 1 + problem.more;
  }
  if (trace.bad_rows > listed) absl::StrAppend(&text, "\n... and ", trace.bad_rows - listed, " more");
  return text;
}

absl::StatusOr<sim::Mapping> ReadMapping(const TraceArgs& args, sim::Format format) {
  if (args.mapping.empty()) return sim::Mapping::ForFormat(format);
  const absl::StatusOr<std::string> text = sim::ReadInput(args.mapping, kMaxMapping);
  if (!text.ok()) return text.status();
  absl::StatusOr<sim::Mapping> mapping = sim::Mapping::Parse(*text, format);
  if (!mapping.ok()) return absl::InvalidArgumentError(absl::StrCat(args.mapping, ": ", mapping.status().message()));
  if (!args.format.empty() && mapping->format != format) {
    return absl::InvalidArgumentError(absl::StrCat("--format says ", args.format, ", ", args.mapping, " says ",
                                                   FormatName(mapping->format), "; leave out one"));
  }
  return mapping;
}

void Tell(const TraceArgs& args, const sim::Trace& trace, sim::Format format) {
  const auto note = [&trace](const auto&... what) {
    std::cerr << absl::StrCat("note: ", trace.source, ": ", what...) << "\n";
  };
  if (args.format.empty() && format != sim::Format::kCsv && format != sim::Format::kJsonl) {
    note("read as ", FormatInWords(format), " (--format ", FormatName(format), ")");
  }
  for (const std::string& warning : trace.warnings) std::cerr << "warning: " << trace.source << ": " << warning << "\n";
  for (const sim::Remark& remark : trace.remarks) note(FormatRemark(remark));
  const int64_t zero =
      std::count_if(trace.jobs.begin(), trace.jobs.end(), [](const sim::Job& job) { return job.duration_s == 0; });
  if (zero > 0) note(zero, zero == 1 ? " job" : " jobs", " of 0 seconds");
}

// Reads what --max-jobs left, so that the digest is of the whole.
absl::Status ReadToEnd(const std::string& path, std::istream* in) {
  try {
    char block[4096];
    while (in->rdbuf()->sgetn(block, sizeof(block)) > 0) continue;
  } catch (const std::exception& e) {  // what the stream buffer throws
    return absl::DataLossError(absl::StrCat(path, ": ", e.what(), "; fetch the file again"));
  }
  return absl::OkStatus();
}

}  // namespace

void AddTraceOptions(CLI::App* command, TraceArgs* args) {
  command->add_option(
      "--mapping", args->mapping,
      "YAML file saying what the trace's columns mean. Without: Muster's own columns, or what the format "
      "has (docs/traces.md)");
  command
      ->add_option("--format", args->format, absl::StrCat(sim::FormatNames(), "; by default recognised by the content"))
      ->check(CLI::Validator(
          [](std::string& name) {
            return sim::FormatNamed(name).has_value()
                       ? ""
                       : absl::StrCat("\"", name, "\" is not a format; there are ", sim::FormatNames());
          },
          ""));
  command->add_option("--timezone", args->timezone, "Zone of times that name none, such as Europe/Berlin")
      ->check(CLI::Validator(
          [](std::string& name) {
            absl::TimeZone zone;
            return absl::LoadTimeZone(name, &zone)
                       ? ""
                       : absl::StrCat("\"", name, "\" is not a time zone; use a name such as UTC or Europe/Berlin");
          },
          ""));
  command->add_option("--max-jobs", args->max_jobs, "Read at most so many jobs")->check(WholeNumber<int64_t>(0));
  command->add_flag("--lenient", args->lenient,
                    "Columns that are not known, or not there, and jobs that can never run are warnings");
  command->add_flag("--skip-bad-rows", args->skip_bad_rows, "Leave out rows that cannot be used, and count them");
}

absl::StatusOr<TraceFile> ReadTraceFile(const TraceArgs& args, bool keep_record, bool quiet) {
  sim::Sha256 digest;
  std::function<void(absl::string_view)> on_bytes;
  if (args.digest) on_bytes = [&digest](absl::string_view bytes) { digest.Add(bytes); };
  absl::StatusOr<std::unique_ptr<std::istream>> in = sim::OpenInput(args.trace, std::move(on_bytes));
  if (!in.ok()) return in.status();
  const absl::StatusOr<std::string> head = sim::PeekInput(in->get(), sim::kMaxPeek);
  if (!head.ok()) {
    return absl::Status(head.status().code(),
                        absl::StrCat(args.trace, ": ", head.status().message(), "; fetch the file again"));
  }
  const std::optional<sim::Format> named = sim::FormatNamed(args.format);
  absl::StatusOr<sim::Mapping> mapping =
      ReadMapping(args, named.has_value() ? *named : sim::RecognizeFormat(*head, args.trace));
  if (!mapping.ok()) return mapping.status();
  sim::ReadTraceOptions options;
  options.max_jobs = args.max_jobs;
  options.lenient = args.lenient;
  options.keep_record = keep_record;
  if (!args.timezone.empty()) absl::LoadTimeZone(args.timezone, &options.read.zone.emplace());
  absl::StatusOr<sim::Trace> trace = sim::ReadTrace(in->get(), args.trace, *mapping, options);
  if (!trace.ok()) return trace.status();
  if (!quiet) Tell(args, *trace, mapping->format);
  if (trace->bad_rows > 0) {
    const std::string count = absl::StrCat(trace->bad_rows, trace->bad_rows == 1 ? " bad row" : " bad rows");
    if (!args.skip_bad_rows) {
      return absl::InvalidArgumentError(
          absl::StrCat(count, "; correct or leave out (--skip-bad-rows):", ListProblems(*trace)));
    }
    if (!quiet) std::cerr << count << " skipped:" << ListProblems(*trace) << "\n";
  }
  if (trace->jobs.empty()) return absl::InvalidArgumentError(absl::StrCat(args.trace, ": there is no job in it"));
  TraceFile file{*std::move(trace), mapping->format, ""};
  if (args.digest) {
    if (absl::Status s = ReadToEnd(args.trace, in->get()); !s.ok()) return s;
    file.sha256 = digest.Finish();
  }
  return file;
}

}  // namespace muster::cli
