#include "sim/packing/lists.h"

#include <algorithm>
#include <istream>
#include <memory>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "api/nearest_name.h"
#include "sim/files/input.h"
#include "sim/trace/records.h"

namespace muster::sim {
namespace {

constexpr int64_t kMostRows = 10'000'000;
constexpr int64_t kMostAmount = 1'000'000'000'000;
constexpr size_t kMostModels = 64;

// One row, with what is wrong with it.
class Row {
 public:
  Row(const std::string& file, const Record& record) : file_(file), record_(record) {}

  std::string Text(absl::string_view column, absl::string_view or_column = "") {
    std::optional<absl::string_view> value = record_.Get(column);
    if (!value.has_value() && !or_column.empty()) value = record_.Get(or_column);
    if (!value.has_value()) Fail("", absl::StrCat("there is no column ", column));
    return std::string(value.value_or(""));
  }
  // "" if there is no such column, nor one that may be a slip for it.
  std::string TextIfThere(absl::string_view column) {
    if (const auto value = record_.Get(column); value.has_value()) return std::string(*value);
    for (const std::string& name : record_.names.list()) {
      if (!api::NearestName(name, {column}).empty()) Fail(name, absl::StrCat("is ", column, " meant?"));
    }
    return "";
  }
  int64_t Number(absl::string_view column, int64_t most) {
    const std::string text = Text(column);
    int64_t value = 0;
    if (status_.ok() && (!absl::SimpleAtoi(text, &value) || value < 0 || value > most)) {
      Fail(column, absl::StrCat("\"", text, "\" is not a whole number from 0 to ", most));
    }
    return value;
  }
  void Fail(absl::string_view column, absl::string_view why) {
    if (!status_.ok()) return;
    status_ = absl::InvalidArgumentError(
        absl::StrCat(file_, ": row ", record_.row, column.empty() ? "" : ": column ", column, ": ", why));
  }
  const absl::Status& status() const { return status_; }

 private:
  const std::string& file_;
  const Record& record_;
  absl::Status status_;
};

// Calls `take` with every row.
template <class TakeRow>
absl::Status ReadRows(const std::string& file, TakeRow take) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = OpenInput(file);
  if (!in.ok()) return in.status();
  absl::StatusOr<std::unique_ptr<RecordReader>> reader = NewRecordReader(Format::kCsv, in->get());
  if (!reader.ok()) return absl::InvalidArgumentError(absl::StrCat(file, ": ", reader.status().message()));
  std::set<std::string> names;
  Record record;
  for (int64_t rows = 0;; ++rows) {
    const absl::StatusOr<bool> more = (*reader)->Next(&record);
    if (!more.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(file, ": row ", record.row, ": ", more.status().message()));
    }
    if (!*more) return absl::OkStatus();
    Row row(file, record);
    if (rows >= kMostRows) row.Fail("", absl::StrCat("there are more than ", kMostRows));
    const std::string name = row.Text("name", "sn");
    if (name.empty()) row.Fail("name", "is empty");
    if (!names.insert(name).second) row.Fail("name", absl::StrCat(name, " comes twice"));
    take(name, &row);
    if (!row.status().ok()) return row.status();
  }
}

int ModelNumber(const std::string& name, std::vector<std::string>* models, Row* row) {
  const auto it = std::find(models->begin(), models->end(), name);
  if (it != models->end()) return static_cast<int>(it - models->begin());
  if (models->size() == kMostModels) {
    row->Fail("", absl::StrCat("there are more than ", kMostModels, " GPU models"));
    return 0;
  }
  models->push_back(name);
  return static_cast<int>(models->size()) - 1;
}

}  // namespace

absl::StatusOr<PackingLists> ReadPackingLists(const std::string& nodes, const std::string& pods) {
  PackingLists lists;
  absl::Status read = ReadRows(nodes, [&](const std::string& name, Row* row) {
    Machine m;
    m.name = name;
    m.cpu_milli = row->Number("cpu_milli", kMostAmount);
    m.memory_mib = row->Number("memory_mib", kMostAmount);
    m.gpus = static_cast<int32_t>(row->Number("gpu", kMaxGpus));
    const std::string model = row->Text("model");
    if (m.gpus > 0 && model.empty()) row->Fail("model", "is empty");
    if (m.gpus > 0 && row->status().ok()) m.model = ModelNumber(model, &lists.models, row);
    std::fill(m.gpu_milli.begin(), m.gpu_milli.begin() + m.gpus, kWholeGpu);
    lists.machines.push_back(std::move(m));
  });
  if (!read.ok()) return read;
  read = ReadRows(pods, [&](const std::string& name, Row* row) {
    PodShape pod;
    pod.cpu_milli = row->Number("cpu_milli", kMostAmount);
    pod.memory_mib = row->Number("memory_mib", kMostAmount);
    pod.gpus = static_cast<int32_t>(row->Number("num_gpu", kMaxGpus));
    pod.gpu_milli = static_cast<int32_t>(row->Number("gpu_milli", kWholeGpu));
    const std::string spec = row->TextIfThere("gpu_spec");
    if (pod.gpus == 0) pod.gpu_milli = 0;
    if (pod.gpus > 0 && pod.gpu_milli == 0) row->Fail("gpu_milli", "is 0, though the pod has GPUs");
    if (pod.gpus > 1 && pod.gpu_milli != kWholeGpu) row->Fail("gpu_milli", "is below 1000, which only one GPU can be");
    if (!spec.empty() && row->status().ok()) {
      for (const absl::string_view model : absl::StrSplit(spec, '|')) {
        pod.models |= uint64_t{1} << ModelNumber(std::string(model), &lists.models, row);
      }
    }
    lists.pod_names.push_back(name);
    lists.pods.push_back(pod);
  });
  if (!read.ok()) return read;
  return lists;
}

}  // namespace muster::sim
