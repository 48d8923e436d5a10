#include "api/hyperpod/catalog.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace muster::hyperpod {
namespace {

// The text of instance_types.txt, as a string literal.
constexpr absl::string_view kTable =
#include "api/hyperpod/instance_types.inc"
    ;

constexpr int64_t kMi = int64_t{1} << 20;
constexpr int64_t kGi = int64_t{1} << 30;

// A broken table is a broken build: catalog_test holds every line against this reader.
int64_t Int(absl::string_view text) {
  int64_t value = 0;
  return absl::SimpleAtoi(text, &value) ? value : 0;
}
double Real(absl::string_view text) {
  double value = 0;
  return absl::SimpleAtod(text, &value) ? value : 0;
}

InstanceType ReadLine(absl::string_view line) {
  const std::vector<absl::string_view> field = absl::StrSplit(line, ' ');
  InstanceType t;
  if (field.size() != 14) return t;
  t.name = std::string(field[0]);
  t.vcpus = Int(field[1]);
  t.memory_bytes = Int(field[2]) * kGi;
  if (field[3] == "nvidia") t.accelerator_resource = std::string(kGpu);
  if (field[3] == "neuron") t.accelerator_resource = std::string(kNeuronDevice);
  t.accelerators = Int(field[4]);
  t.accelerator_memory_gib = Real(field[5]);
  t.efa = Int(field[6]);
  t.network_gbps = Real(field[7]);
  t.neuron_cores = Int(field[8]);
  t.allocatable_milli_cpu = field[9] == "-" ? t.vcpus * 1000 - ReservedMilliCpu(t.vcpus) : Int(field[9]);
  t.allocatable_memory_bytes =
      field[10] == "-" ? t.memory_bytes - ReservedMemoryBytes(t.memory_bytes) : Int(field[10]) * kMi;
  t.max_pods = Int(field[11]);
  t.in_hyp_table = field[12].find('c') != absl::string_view::npos;
  t.in_newest_sdk_only = field[12].find('j') != absl::string_view::npos;
  t.topology_aware = field[12].find('t') != absl::string_view::npos;
  if (field[13] != "-") {
    for (absl::string_view p : absl::StrSplit(field[13], ',')) t.mig_profiles.push_back(absl::StrCat("mig-", p, "gb"));
  }
  return t;
}

std::vector<InstanceType> ReadTable() {
  std::vector<InstanceType> types;
  for (absl::string_view line : absl::StrSplit(kTable, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    types.push_back(ReadLine(line));
  }
  std::sort(types.begin(), types.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return types;
}

}  // namespace

bool InstanceType::SupportsMig(absl::string_view profile) const {
  return std::find(mig_profiles.begin(), mig_profiles.end(), profile) != mig_profiles.end();
}

const std::vector<InstanceType>& InstanceTypes() {
  static const auto* const types = new std::vector<InstanceType>(ReadTable());
  return *types;
}

const InstanceType* FindInstanceType(absl::string_view name) {
  const std::vector<InstanceType>& types = InstanceTypes();
  const auto it = std::lower_bound(types.begin(), types.end(), name,
                                   [](const InstanceType& t, absl::string_view n) { return t.name < n; });
  return it != types.end() && it->name == name ? &*it : nullptr;
}

const std::vector<std::string>& ApiMigProfiles() {
  static const auto* const profiles = new std::vector<std::string>{
      "mig-1g.5gb",  "mig-1g.10gb", "mig-1g.18gb", "mig-1g.20gb", "mig-1g.23gb",  "mig-1g.35gb",  "mig-1g.45gb",
      "mig-1g.47gb", "mig-2g.10gb", "mig-2g.20gb", "mig-2g.35gb", "mig-2g.45gb",  "mig-2g.47gb",  "mig-3g.20gb",
      "mig-3g.40gb", "mig-3g.71gb", "mig-3g.90gb", "mig-3g.93gb", "mig-4g.20gb",  "mig-4g.40gb",  "mig-4g.71gb",
      "mig-4g.90gb", "mig-4g.93gb", "mig-7g.40gb", "mig-7g.80gb", "mig-7g.141gb", "mig-7g.180gb", "mig-7g.186gb"};
  return *profiles;
}

int64_t MigSlices(absl::string_view profile) {
  if (!absl::ConsumePrefix(&profile, "mig-") || !absl::ConsumeSuffix(&profile, "gb")) return 0;
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(profile, absl::MaxSplits("g.", 1));
  return parts.first.size() == 1 && Int(parts.second) > 0 ? Int(parts.first) : 0;
}

std::string MigResource(absl::string_view profile) { return absl::StrCat("nvidia.com/", profile); }

int64_t ReservedMilliCpu(int64_t vcpus) {
  int64_t milli = 100;
  if (vcpus >= 1) milli += 300;
  if (vcpus >= 2) milli += 150;
  milli += 100 * std::clamp<int64_t>(vcpus - 2, 0, 2);
  milli += 60 * std::max<int64_t>(0, vcpus - 4);
  return milli;
}

int64_t ReservedMemoryBytes(int64_t memory_bytes) {
  // Percent of each further part of the memory; the last part has no end.
  struct Band {
    int64_t gib;
    int64_t percent;
  };
  constexpr Band kBands[] = {{4, 30}, {4, 25}, {8, 20}, {112, 17}, {int64_t{1} << 30, 7}};
  int64_t reserved = kGi / 2;
  int64_t rest = memory_bytes;
  for (const Band& band : kBands) {
    const int64_t part = std::min(rest, band.gib > (int64_t{1} << 29) ? rest : band.gib * kGi);
    reserved += part / 100 * band.percent;
    rest -= part;
  }
  return reserved;
}

}  // namespace muster::hyperpod
