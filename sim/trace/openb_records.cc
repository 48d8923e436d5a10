// Pods of Alibaba's cluster-trace-gpu-v2023 ("openb"): CSV with amounts in thousandths and a share of a GPU.
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "sim/trace/openb.h"
#include "sim/trace/readers.h"

namespace muster::sim {
namespace {

class OpenbReader : public RecordReader {
 public:
  explicit OpenbReader(std::unique_ptr<RecordReader> csv)
      : csv_(std::move(csv)),
        names_({"job_id", "queue", "submit_s", "start_s", "duration_s", "request.cpu", "request.memory",
                absl::StrCat("request.", kGpuMilli), "node_selector", "status"}) {}

  absl::StatusOr<bool> Next(Record* record) override {
    for (;;) {
      absl::StatusOr<bool> more = csv_->Next(&raw_);
      record->row = raw_.row;
      if (!more.ok() || !*more) return more;
      absl::StatusOr<bool> kept = Convert(record);
      if (!kept.ok() || *kept) return kept;
    }
  }

 private:
  absl::StatusOr<int64_t> Number(absl::string_view column, int64_t max) const {
    const absl::string_view text = absl::StripAsciiWhitespace(raw_.Get(column).value_or(""));
    double number = 0;  // some of the published files write 1000.0
    if (text.empty() || !absl::SimpleAtod(text, &number) || !(number >= 0 && number <= static_cast<double>(max))) {
      return absl::InvalidArgumentError(
          absl::StrCat(column, ": \"", text.substr(0, 40), "\" is no number in 0..", max));
    }
    return static_cast<int64_t>(number);
  }
  std::string Text(absl::string_view column) const {
    return std::string(absl::StripAsciiWhitespace(raw_.Get(column).value_or("")));
  }

  // False if the row is left out.
  absl::StatusOr<bool> Convert(Record* record) {
    constexpr int64_t kMost = int64_t{1} << 40;
    int64_t cpu = 0, memory = 0, gpus = 0, milli = 0, created = 0, scheduled = 0, deleted = 0;
    for (auto [column, out, max] : {std::tuple{"cpu_milli", &cpu, kMost},
                                    {"memory_mib", &memory, int64_t{1} << 30},
                                    {"num_gpu", &gpus, int64_t{1000}},
                                    {"gpu_milli", &milli, int64_t{1000}},
                                    {"creation_time", &created, kMost},
                                    {"deletion_time", &deleted, kMost}}) {
      absl::StatusOr<int64_t> number = Number(column, max);
      if (!number.ok()) return number.status();
      *out = *number;
    }
    const std::string phase = Text("pod_phase");
    if (Text("scheduled_time").empty()) {
      LeaveOut("pods that were never scheduled", raw_.row);
      return false;
    }
    absl::StatusOr<int64_t> number = Number("scheduled_time", kMost);
    if (!number.ok()) return number.status();
    scheduled = *number;
    if (deleted < scheduled) return absl::InvalidArgumentError("deletion_time: before scheduled_time");
    if (phase == "Running") Say("pods still running, which count with the time they have run so far", raw_.row);
    if (gpus > 1 && milli != 0 && milli < 1000) {
      return absl::InvalidArgumentError("gpu_milli: only a pod of one GPU can have a share of it");
    }
    // Which cards will do: "V100M16|V100M32".
    const std::string cards = Text("gpu_spec");
    record->names = names_;
    record->values = {Text("name"),
                      absl::AsciiStrToLower(Text("qos")),
                      absl::StrCat(created),
                      absl::StrCat(scheduled),
                      absl::StrCat(deleted - scheduled),
                      cpu == 0 ? "" : absl::StrCat(cpu, "m"),
                      memory == 0 ? "" : absl::StrCat(memory, "Mi"),
                      gpus == 0 ? "" : absl::StrCat(gpus * (milli == 0 ? 1000 : milli)),
                      cards.empty() ? "" : absl::StrCat(kGpuModelLabel, "=", cards),
                      phase};
    return true;
  }

  std::unique_ptr<RecordReader> csv_;
  Record raw_;
  const ColumnNames names_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> NewOpenbReader(std::istream* in) {
  absl::StatusOr<std::unique_ptr<RecordReader>> csv = NewCsvReader(in);
  if (!csv.ok()) return csv.status();
  return std::make_unique<OpenbReader>(*std::move(csv));
}

}  // namespace muster::sim
