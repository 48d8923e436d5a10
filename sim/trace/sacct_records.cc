// What Slurm's sacct prints: one line a job, its steps, its earlier runs and the components of a heterogeneous job.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "sim/trace/lines.h"
#include "sim/trace/readers.h"
#include "sim/trace/slurm_values.h"

namespace muster::sim {
namespace {

constexpr char kHowToPrint[] =
    "print the trace with: sacct -a -X -P -S START -E END -o "
    "JobID,User,Group,Account,Partition,QOS,State,Submit,Eligible,Start,End,ElapsedRaw,TimelimitRaw,AllocTRES,ReqTRES";

// The columns that are looked at; their names whatever the case.
enum Column {
  kJobId,
  kJobIdRaw,
  kSubmit,
  kEligible,
  kStart,
  kEnd,
  kElapsed,
  kElapsedRaw,
  kState,
  kAllocTres,
  kReqTres,
  kAllocCpus,
  kReqCpus,
  kNCpus,
  kAllocNodes,
  kNNodes,
  kReqNodes,
  kReqMem,
  kTimelimit,
  kTimelimitRaw,
  kUser,
  kGroup,
  kAccount,
  kPartition,
  kQos,
  kColumns
};
constexpr std::array<absl::string_view, kColumns> kNames = {
    "JobID",     "JobIDRaw",     "Submit",    "Eligible", "Start",   "End",        "Elapsed", "ElapsedRaw", "State",
    "AllocTRES", "ReqTRES",      "AllocCPUS", "ReqCPUS",  "NCPUS",   "AllocNodes", "NNodes",  "ReqNodes",   "ReqMem",
    "Timelimit", "TimelimitRaw", "User",      "Group",    "Account", "Partition",  "QOS"};

enum class Phase { kWaiting, kRunning, kEnded };

Phase PhaseOf(absl::string_view state) {
  for (absl::string_view s : {"PENDING", "REQUEUE_FED", "REQUEUE_HOLD", "RESV_DEL_HOLD", "SPECIAL_EXIT", "REVOKED"}) {
    if (state == s) return Phase::kWaiting;
  }
  for (absl::string_view s :
       {"RUNNING", "SUSPENDED", "COMPLETING", "CONFIGURING", "STOPPED", "STAGE_OUT", "SIGNALING", "RESIZING"}) {
    if (state == s) return Phase::kRunning;
  }
  return Phase::kEnded;
}

// One run of a job, or of a component of one.
struct Run {
  int64_t row = 0;
  std::string id;    // as printed: 123, 123_4, 123+0
  std::string base;  // without the component: 123
  std::string state;
  int64_t submit_s = 0, start_s = 0, duration_s = 0;
  std::optional<int64_t> limit_s, eligible_s;
  std::string gpu_type;
  std::vector<PodShare> shares;
  std::vector<std::string> fields;
};

class SacctReader : public RecordReader {
 public:
  SacctReader(std::istream* in, const ReadOptions& options) : lines_(in), options_(options) { at_.fill(-1); }

  absl::Status ReadHeader();
  absl::StatusOr<bool> Next(Record* record) override;

 private:
  // Splits the next line; false at the end.
  absl::StatusOr<bool> ReadRow(std::vector<std::string>* fields, int64_t* row);
  // nullopt if the row is left out.
  absl::StatusOr<std::optional<Run>> ParseRun(std::vector<std::string> fields, int64_t row);
  absl::Status ParseTimes(Run* run, bool running);
  absl::Status ParseResources(Run* run);
  absl::StatusOr<int64_t> ParseMemory(const Run& run, const Tres& tres) const;
  absl::StatusOr<std::optional<int64_t>> Time(const Run& run, Column column);
  absl::string_view Value(const std::vector<std::string>& fields, Column column) const {
    return at_[column] < 0 ? absl::string_view() : absl::StripAsciiWhitespace(fields[at_[column]]);
  }
  bool Joins(Run* run);
  // REQUIRES: at least one component.
  void Emit(const std::vector<Run>& components, Record* record) const;

  Lines lines_;
  const ReadOptions options_;
  std::string line_;
  char delimiter_ = '|';
  std::vector<std::string> header_;
  ColumnNames names_;             // of the records
  std::array<int, kColumns> at_;  // where a column is, -1 if nowhere
  std::vector<Run> held_;         // a job's components, until it is clear that the next line is not of the same job
  bool at_end_ = false;
};

absl::Status SacctReader::ReadHeader() {
  bool too_long = false;
  absl::StatusOr<bool> more = lines_.Next(&line_, &too_long);
  if (!more.ok()) return more.status();
  if (!*more || too_long) return absl::InvalidArgumentError(absl::StrCat("there is no header; ", kHowToPrint));
  const auto delimiter = std::find_if(line_.begin(), line_.end(), [](char c) {
    return !absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_';
  });
  if (delimiter != line_.end()) delimiter_ = *delimiter;
  if (delimiter_ == ' ' || delimiter_ == ',') {
    return absl::InvalidArgumentError(
        absl::StrCat("columns of fixed width (or commas, which stand inside of fields too) "
                     "cannot be read; ",
                     kHowToPrint));
  }
  header_ = absl::StrSplit(line_, delimiter_);
  if (header_.back().empty()) header_.pop_back();  // --parsable ends every line with a delimiter
  if (absl::Status s = CheckHeader(header_); !s.ok()) return s;
  for (size_t i = 0; i < header_.size(); ++i) {
    for (int c = 0; c < kColumns; ++c) {
      if (absl::EqualsIgnoreCase(header_[i], kNames[c])) at_[c] = static_cast<int>(i);
    }
  }
  const auto missing = [this](std::initializer_list<Column> any_of) {
    return std::all_of(any_of.begin(), any_of.end(), [this](Column c) { return at_[c] < 0; });
  };
  absl::string_view what = missing({kJobId, kJobIdRaw})                                    ? "JobID"
                           : missing({kSubmit})                                            ? "Submit"
                           : missing({kStart})                                             ? "Start"
                           : missing({kElapsedRaw, kElapsed, kEnd})                        ? "ElapsedRaw"
                           : missing({kAllocTres, kReqTres, kAllocCpus, kReqCpus, kNCpus}) ? "AllocTRES"
                                                                                           : "";
  if (!what.empty()) return absl::InvalidArgumentError(absl::StrCat("there is no column ", what, "; ", kHowToPrint));
  std::vector<std::string> names = {
      "job_id",       "submit_s", "start_s",     "duration_s",     "estimate_s",
      "time_limit_s", "pods",     "request.cpu", "request.memory", absl::StrCat("request.", options_.accelerator),
      "status",       "user",     "group",       "account",        "partition",
      "qos",          "gpu_type", "eligible_s"};
  names.insert(names.end(), header_.begin(), header_.end());
  names_ = ColumnNames(std::move(names));
  return absl::OkStatus();
}

absl::StatusOr<bool> SacctReader::ReadRow(std::vector<std::string>* fields, int64_t* row) {
  bool too_long = false;
  do {
    absl::StatusOr<bool> more = lines_.Next(&line_, &too_long);
    if (!more.ok() || !*more) return more;
  } while (line_.empty() && !too_long);
  *row = lines_.number();
  if (too_long) return RowTooLong();
  *fields = absl::StrSplit(line_, delimiter_);
  if (fields->size() == header_.size() + 1 && fields->back().empty()) fields->pop_back();
  if (fields->size() == header_.size()) return true;
  return absl::InvalidArgumentError(absl::StrCat(
      "the row has ", fields->size(), " fields, the header has ", header_.size(), "; leave out columns that hold \"",
      std::string(1, delimiter_), "\" (JobName, Comment), or use --delimiter"));
}

absl::StatusOr<bool> SacctReader::Next(Record* record) {
  record->names = names_;
  while (!at_end_) {
    std::vector<std::string> fields;
    int64_t row = lines_.number();
    absl::StatusOr<bool> more = ReadRow(&fields, &row);
    record->row = row;
    if (!more.ok()) return more;
    if (!*more) {
      at_end_ = true;
      break;
    }
    absl::StatusOr<std::optional<Run>> run = ParseRun(std::move(fields), row);
    if (!run.ok()) return run.status();
    if (!run->has_value() || Joins(&**run)) continue;
    const std::vector<Run> whole = std::exchange(held_, {});
    held_.push_back(**std::move(run));
    if (whole.empty()) continue;
    Emit(whole, record);
    return true;
  }
  if (held_.empty()) return false;
  Emit(std::exchange(held_, {}), record);
  return true;
}

// The same job again (sacct --duplicates), or another component of it.
bool SacctReader::Joins(Run* run) {
  if (held_.empty() || run->base != held_.front().base) return false;
  if (run->id == run->base || held_.front().id == run->base) {  // not a heterogeneous job
    if (run->id != held_.front().id) return false;
  }
  run->submit_s = std::min(run->submit_s, held_.front().submit_s);
  held_.front().submit_s = run->submit_s;
  for (Run& component : held_) {
    if (component.id != run->id) continue;
    LeaveOut("earlier runs of jobs that were queued again (the job is submitted when it was first)", component.row);
    component = std::move(*run);
    return true;
  }
  Say("components of heterogeneous jobs, joined to one job whose pods start together", run->row);
  held_.push_back(std::move(*run));
  return true;
}

absl::StatusOr<std::optional<Run>> SacctReader::ParseRun(std::vector<std::string> fields, int64_t row) {
  Run run;
  run.row = row;
  run.id = std::string(Value(fields, at_[kJobId] >= 0 ? kJobId : kJobIdRaw));
  if (run.id.empty()) return absl::InvalidArgumentError("JobID is empty");
  if (absl::StrContains(run.id, '.')) {
    LeaveOut("steps of jobs (.batch, .extern, .0), which are part of their job", row);
    return std::nullopt;
  }
  run.base = run.id.substr(0, run.id.find('+'));
  const absl::string_view state = Value(fields, kState);
  run.state = absl::AsciiStrToUpper(state.substr(0, state.find_first_of(" +")));  // "CANCELLED by 1000"
  run.fields = std::move(fields);
  const absl::string_view start = Value(run.fields, kStart);
  const Phase phase = PhaseOf(run.state);
  if (phase == Phase::kWaiting || IsSlurmNone(start)) {
    LeaveOut(run.state == "CANCELLED" ? absl::string_view("jobs cancelled before they started")
             : phase == Phase::kWaiting
                 ? absl::string_view("jobs still waiting (of an array all waiting tasks are one line)")
                 : absl::string_view("jobs without a start"),
             row);
    return std::nullopt;
  }
  if (absl::Status s = ParseTimes(&run, phase == Phase::kRunning); !s.ok()) return s;
  if (absl::Status s = ParseResources(&run); !s.ok()) return s;
  if (phase == Phase::kRunning) {
    Say("jobs still running, which count with the time they have run so far", row);
  } else if (run.state == "PREEMPTED" || run.state == "NODE_FAIL" || run.state == "REQUEUED") {
    Say("jobs cut short (PREEMPTED, NODE_FAIL, REQUEUED), which left alone would have run longer", row);
  }
  return run;
}

absl::StatusOr<std::optional<int64_t>> SacctReader::Time(const Run& run, Column column) {
  const absl::string_view text = Value(run.fields, column);
  if (IsSlurmNone(text)) return std::nullopt;
  const absl::StatusOr<SlurmTime> time = ParseSlurmTime(text, options_.zone.value_or(absl::UTCTimeZone()));
  if (!time.ok()) return absl::InvalidArgumentError(absl::StrCat(kNames[column], ": ", time.status().message()));
  if (!time->zone_given && !options_.zone.has_value() && column == kSubmit) {
    Say("times without a zone, read as UTC (--timezone says otherwise)", run.row);
  }
  return time->unix_s;
}

absl::Status SacctReader::ParseTimes(Run* run, bool running) {
  std::optional<int64_t> submit, start, end;
  for (auto [column, out] :
       {std::pair{kSubmit, &submit}, {kEligible, &run->eligible_s}, {kStart, &start}, {kEnd, &end}}) {
    absl::StatusOr<std::optional<int64_t>> time = Time(*run, column);
    if (!time.ok()) return time.status();
    *out = *time;
  }
  if (!submit.has_value()) return absl::InvalidArgumentError("Submit: no value");
  run->submit_s = *submit;
  run->start_s = *start;
  // Elapsed before End - Start: a change to or from daylight saving time does not touch it.
  const absl::string_view raw = Value(run->fields, kElapsedRaw), elapsed = Value(run->fields, kElapsed);
  if (!IsSlurmNone(raw)) {
    if (!absl::SimpleAtoi(raw, &run->duration_s) || run->duration_s < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("ElapsedRaw: \"", raw.substr(0, 40), "\" is no number of seconds"));
    }
  } else if (!IsSlurmNone(elapsed)) {
    const absl::StatusOr<int64_t> seconds = ParseSlurmDuration(elapsed);
    if (!seconds.ok()) return absl::InvalidArgumentError(absl::StrCat("Elapsed: ", seconds.status().message()));
    run->duration_s = *seconds;
  } else if (end.has_value()) {
    if (*end < *start) return absl::InvalidArgumentError("End: before Start");
    run->duration_s = *end - *start;
  } else {
    return absl::InvalidArgumentError(running ? "Elapsed: no value, and the job has no end yet; print ElapsedRaw"
                                              : "Elapsed: no value, and End neither");
  }
  const absl::string_view limit = Value(run->fields, kTimelimit), limit_raw = Value(run->fields, kTimelimitRaw);
  if (!IsSlurmNone(limit_raw)) {
    int64_t minutes = 0;
    if (!absl::SimpleAtoi(limit_raw, &minutes) || minutes < 0 || minutes > int64_t{1} << 32) {
      return absl::InvalidArgumentError(
          absl::StrCat("TimelimitRaw: \"", limit_raw.substr(0, 40), "\" is no number of minutes"));
    }
    run->limit_s = minutes * 60;
  } else if (!IsSlurmNone(limit)) {
    const absl::StatusOr<int64_t> seconds = ParseSlurmDuration(limit);
    if (!seconds.ok()) return absl::InvalidArgumentError(absl::StrCat("Timelimit: ", seconds.status().message()));
    run->limit_s = *seconds;
  }
  return absl::OkStatus();
}

// Before Slurm 21.08 the amount ends in n or c: of a node, of a processor.
absl::StatusOr<int64_t> SacctReader::ParseMemory(const Run& run, const Tres& tres) const {
  absl::string_view text = Value(run.fields, kReqMem);
  if (IsSlurmNone(text) || absl::StartsWith(text, "?")) return 0;
  int64_t times = 1;
  if (absl::ConsumeSuffix(&text, "n")) times = tres.nodes;
  if (absl::ConsumeSuffix(&text, "c")) times = tres.cpus;
  const absl::StatusOr<int64_t> each = ParseSlurmMemory(text, int64_t{1} << 20);
  if (!each.ok()) return absl::InvalidArgumentError(absl::StrCat("ReqMem: ", each.status().message()));
  if (*each > 0 && times > (int64_t{1} << 52) / *each) return absl::InvalidArgumentError("ReqMem: too large");
  return *each * times;
}

absl::Status SacctReader::ParseResources(Run* run) {
  Tres tres;
  for (const Column column : {kAllocTres, kReqTres}) {
    const absl::string_view text = Value(run->fields, column);
    if (IsSlurmNone(text)) continue;
    absl::StatusOr<Tres> parsed = ParseTres(text);
    if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat(kNames[column], ": ", parsed.status().message()));
    tres = *std::move(parsed);
    break;
  }
  const auto count = [&](std::initializer_list<Column> columns, int64_t* out) {
    for (const Column column : columns) {
      if (*out == 0 && !IsSlurmNone(Value(run->fields, column)) &&
          (!absl::SimpleAtoi(Value(run->fields, column), out) || *out < 0 || *out > int64_t{1} << 50)) {
        return absl::InvalidArgumentError(absl::StrCat(kNames[column], ": no count"));
      }
    }
    return absl::OkStatus();
  };
  if (absl::Status s = count({kAllocCpus, kReqCpus, kNCpus}, &tres.cpus); !s.ok()) return s;
  if (absl::Status s = count({kAllocNodes, kNNodes, kReqNodes}, &tres.nodes); !s.ok()) return s;
  tres.nodes = std::max<int64_t>(1, tres.nodes);
  if (tres.memory_bytes == 0) {
    const absl::StatusOr<int64_t> memory = ParseMemory(*run, tres);
    if (!memory.ok()) return memory.status();
    tres.memory_bytes = *memory;
  }
  if (tres.cpus == 0 && tres.gpus == 0 && tres.memory_bytes == 0) {
    return absl::InvalidArgumentError("neither AllocTRES nor ReqTRES says what the job asked for");
  }
  if (at_[kAllocTres] < 0 && at_[kReqTres] < 0) {
    Say("there is no column AllocTRES or ReqTRES: GPUs are not known, jobs ask for processors and memory", run->row);
  }
  for (const std::string& other : tres.others) {
    Say(absl::StrCat("jobs that held ", other, ", which is not counted"), run->row);
  }
  run->gpu_type = tres.gpu_type;
  run->shares = ShareAmongNodes(tres);
  return absl::OkStatus();
}

void SacctReader::Emit(const std::vector<Run>& components, Record* record) const {
  const Run& run = components.front();
  std::vector<PodShare> shares;
  int64_t start_s = run.start_s, duration_s = 0;
  for (const Run& component : components) {
    shares.insert(shares.end(), component.shares.begin(), component.shares.end());
    start_s = std::min(start_s, component.start_s);
    duration_s = std::max(duration_s, component.duration_s);
  }
  const auto list = [&shares](int64_t PodShare::*amount) -> std::string {
    if (std::all_of(shares.begin(), shares.end(), [&](const PodShare& s) { return s.*amount == 0; })) return "";
    return absl::StrJoin(shares, "+", [&](std::string* out, const PodShare& s) { absl::StrAppend(out, s.*amount); });
  };
  const auto text = [](std::optional<int64_t> value) { return value.has_value() ? absl::StrCat(*value) : ""; };
  record->row = run.row;
  record->values = {run.base,
                    absl::StrCat(run.submit_s),
                    absl::StrCat(start_s),
                    absl::StrCat(duration_s),
                    text(run.limit_s),  // what the user asked for is what Slurm enforces
                    text(run.limit_s),
                    list(&PodShare::pods),
                    list(&PodShare::cpus),
                    list(&PodShare::memory_bytes),
                    list(&PodShare::gpus),
                    run.state,
                    std::string(Value(run.fields, kUser)),
                    std::string(Value(run.fields, kGroup)),
                    std::string(Value(run.fields, kAccount)),
                    std::string(Value(run.fields, kPartition)),
                    std::string(Value(run.fields, kQos)),
                    run.gpu_type,
                    text(run.eligible_s)};
  record->values.insert(record->values.end(), run.fields.begin(), run.fields.end());
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> NewSacctReader(std::istream* in, const ReadOptions& options) {
  auto reader = std::make_unique<SacctReader>(in, options);
  if (absl::Status status = reader->ReadHeader(); !status.ok()) return status;
  return reader;
}

}  // namespace muster::sim
