#include "sim/compare/run.h"

#include <istream>
#include <memory>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "sim/files/input.h"
#include "sim/files/result_folder.h"
#include "sim/trace/records.h"

namespace muster::sim {
namespace {

using Json = nlohmann::ordered_json;

// Takes columns of one row; the first that cannot be read is kept.
class Row {
 public:
  explicit Row(const Record& record) : record_(record) {}

  std::string Text(const char* column) {
    const std::optional<absl::string_view> value = record_.Get(column);
    if (!value.has_value()) Fail(absl::StrCat("there is no column ", column));
    return value.has_value() ? std::string(*value) : "";
  }
  // Empty is `none`, if that is allowed.
  int64_t Whole(const char* column, std::optional<int64_t> none = std::nullopt) {
    const std::string text = Text(column);
    if (text.empty() && none.has_value()) return *none;
    int64_t value = 0;
    if (!absl::SimpleAtoi(text, &value)) Fail(absl::StrCat("column ", column, ": \"", text, "\" is no whole number"));
    return value;
  }
  double Number(const char* column) {
    const std::string text = Text(column);
    double value = 0;
    if (!absl::SimpleAtod(text, &value)) Fail(absl::StrCat("column ", column, ": \"", text, "\" is no number"));
    return value;
  }
  const std::string& problem() const { return problem_; }

 private:
  void Fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }
  const Record& record_;
  std::string problem_;
};

absl::Status ReadJobs(const std::string& path, std::vector<RunJob>* jobs) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(path);
  if (!in.ok()) return in.status();
  absl::StatusOr<std::unique_ptr<RecordReader>> reader = NewRecordReader(Format::kCsv, in->get());
  if (!reader.ok()) return absl::InvalidArgumentError(absl::StrCat(path, ": ", reader.status().message()));
  Record record;
  while (true) {
    const absl::StatusOr<bool> more = (*reader)->Next(&record);
    if (!more.ok())
      return absl::InvalidArgumentError(absl::StrCat(path, ":", record.row, ": ", more.status().message()));
    if (!*more) return absl::OkStatus();
    Row row(record);
    RunJob job;
    job.id = row.Text("job_id");
    job.team = row.Text("cluster_queue");
    job.submit_s = row.Whole("submit_s", -1);
    job.first_start_s = row.Whole("first_start_s", -1);
    job.finish_s = row.Whole("finish_s", -1);
    job.duration_s = row.Whole("duration_s");
    job.preemptions = row.Whole("preemptions");
    job.amount = row.Number("amount");
    if (!row.problem().empty())
      return absl::InvalidArgumentError(absl::StrCat(path, ":", record.row, ": ", row.problem()));
    jobs->push_back(std::move(job));
  }
}

// The digest of a part of the provenance; null if there is no such part.
Json DigestOf(const RunResult& run, const char* part) {
  const auto found = run.provenance().find(part);
  if (found == run.provenance().end() || !found->is_object()) return nullptr;
  const auto digest = found->find("sha256");
  return digest == found->end() ? Json(nullptr) : *digest;
}

// Why the runs are not of the same trace; "" if they are.
std::string OtherTrace(const RunResult& a, const RunResult& b) {
  if (DigestOf(a, "trace") != DigestOf(b, "trace")) return "they replayed different traces";
  if (DigestOf(a, "mapping") != DigestOf(b, "mapping")) return "they read the trace by different mappings";
  const auto manifests = [](const RunResult& run) { return run.provenance().value("manifests", Json()); };
  if (manifests(a) != manifests(b)) return "the manifests of the jobs differ";
  for (const char* option : {"scale-load", "shift", "thin", "repeat"}) {
    const auto given = [option](const RunResult& run) {
      const Json options = run.provenance().value("options", Json::object());
      return options.is_object() ? options.value(option, Json()) : Json();
    };
    if (given(a) != given(b)) return absl::StrCat("their load differs (--", option, ")");
  }
  if (a.jobs.size() != b.jobs.size()) {
    return absl::StrCat("one has ", a.jobs.size(), " jobs, the other ", b.jobs.size(),
                        " (--max-jobs, --skip-bad-rows, --lenient, --seed)");
  }
  // When a job that waits for others is submitted is an outcome, so that times may differ.
  for (size_t i = 0; i < a.jobs.size(); ++i) {
    const RunJob &x = a.jobs[i], &y = b.jobs[i];
    if (x.id != y.id) return absl::StrCat("job ", i + 1, " is ", x.id, " in one and ", y.id, " in the other");
    if (x.duration_s != y.duration_s) {
      return absl::StrCat("job ", x.id, " takes ", x.duration_s, " s in one and ", y.duration_s, " s in the other");
    }
  }
  return "";
}

}  // namespace

absl::StatusOr<RunResult> ReadRun(const std::string& dir) {
  absl::StatusOr<Json> summary = ReadSummary(dir);
  if (!summary.ok()) return summary.status();
  RunResult run;
  run.dir = dir;
  run.summary = *std::move(summary);
  if (const auto variants = run.summary.find("variants"); variants != run.summary.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(dir, " has the results of several variants, in folders of their own; name these: ", dir, "/base"));
  }
  for (const char* part : {"total", "resource", "teams"}) {
    if (!run.summary.contains(part)) {
      return absl::InvalidArgumentError(absl::StrCat(dir, "/summary.json has no ", part, "; replay it again"));
    }
  }
  if (run.summary["files"].contains("decisions.jsonl")) run.decisions = dir + "/decisions.jsonl";
  if (!run.summary["files"].contains("jobs.csv")) {
    return absl::NotFoundError(absl::StrCat(dir, " has no jobs.csv; replay it again"));
  }
  if (absl::Status s = ReadJobs(dir + "/jobs.csv", &run.jobs); !s.ok()) return s;
  return run;
}

absl::StatusOr<std::vector<JobPair>> PairJobs(const RunResult& a, const RunResult& b, bool any_trace) {
  const auto refuse = [&](const std::string& why) {
    return absl::InvalidArgumentError(absl::StrCat(a.dir, " and ", b.dir, " cannot be compared: ", why));
  };
  if (a.summary["resource"] != b.summary["resource"]) {
    return refuse(absl::StrCat("one reports ", a.summary["resource"].dump(), ", the other ",
                               b.summary["resource"].dump(), " (--resource)"));
  }
  const std::string why = OtherTrace(a, b);
  std::vector<JobPair> pairs;
  if (why.empty()) {
    for (size_t i = 0; i < a.jobs.size(); ++i) pairs.push_back({i, i});
    return pairs;
  }
  if (!any_trace) return refuse(why + "; --any-trace compares the jobs that both have, by their ids");
  absl::flat_hash_map<absl::string_view, size_t> of_b;
  for (size_t i = 0; i < b.jobs.size(); ++i) of_b.emplace(b.jobs[i].id, i);
  for (size_t i = 0; i < a.jobs.size(); ++i) {
    if (const auto found = of_b.find(a.jobs[i].id); found != of_b.end()) pairs.push_back({i, found->second});
  }
  if (pairs.empty()) return refuse("no job is in both");
  return pairs;
}

std::vector<std::string> DiffersIn(const RunResult& a, const RunResult& b) {
  std::vector<std::string> parts;
  Json keys = a.provenance();
  keys.update(b.provenance());
  for (const auto& [key, unused] : keys.items()) {
    const Json one = a.provenance().value(key, Json()), other = b.provenance().value(key, Json());
    if (SameProvenance(one, other)) continue;
    if (key != "options" || !one.is_object() || !other.is_object()) {
      parts.push_back(key == "muster" ? "version" : key);
      continue;
    }
    Json names = one;
    names.update(other);
    for (const auto& [name, value] : names.items()) {
      if (one.value(name, Json()) != other.value(name, Json())) parts.push_back("options." + name);
    }
  }
  return parts;
}

}  // namespace muster::sim
