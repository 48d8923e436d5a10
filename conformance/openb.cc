// Packs the openb cluster in the published orders of arrival and holds what each placement policy gets to use against
// the published runs. See docs/conformance.md.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <map>
#include <numeric>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "conformance/callers_directory.h"
#include "sim/files/input.h"
#include "sim/packing/lists.h"
#include "sim/packing/packer.h"

namespace muster::conformance {
namespace {

namespace fs = std::filesystem;

struct Published {
  const char* name;
  const char* policy;
};
// As the published tables call them.
constexpr Published kPolicies[] = {{"05-BestFit", "best-fit"},       {"06-FGD", "fgd"},
                                   {"04-GpuPacking", "gpu-packing"}, {"03-GpuClustering", "gpu-clustering"},
                                   {"02-DotProd", "dot-product"},    {"01-Random", "random"}};

// (workload, policy, seed) -> the last column: at 130 % arrived.
using Table = std::map<std::string, double>;

std::string Key(absl::string_view workload, absl::string_view policy, int seed) {
  return absl::StrCat(workload, " ", policy, " ", seed);
}

absl::StatusOr<std::vector<std::string>> Lines(const fs::path& path) {
  auto in = sim::OpenInput(path.string());
  if (!in.ok()) return in.status();
  std::vector<std::string> lines;
  for (std::string line; std::getline(**in, line);) lines.push_back(std::move(line));
  if ((*in)->bad()) return absl::DataLossError(absl::StrCat(path.string(), ": breaks off"));
  return lines;
}

absl::StatusOr<Table> ReadTable(const fs::path& path) {
  absl::StatusOr<std::vector<std::string>> lines = Lines(path);
  if (!lines.ok()) return lines.status();
  Table table;
  for (size_t i = 1; i < lines->size(); ++i) {
    const std::vector<absl::string_view> fields = absl::StrSplit((*lines)[i], ',');
    int seed = 0;
    double value = 0;
    if (fields.size() < 6 || !absl::SimpleAtoi(fields[3], &seed) || !absl::SimpleAtod(fields.back(), &value)) {
      return absl::InvalidArgumentError(absl::StrCat(path.string(), ": row ", i + 1, " is no run"));
    }
    table[Key(fields[0], fields[1], seed)] = value;
  }
  return table;
}

// One drawn order: the rank of each node, and the pods as they arrive.
struct Order {
  int seed = 0;
  std::vector<int> rank;
  std::vector<size_t> pods;
};

template <class Int>
bool Numbers(absl::string_view line, absl::string_view head, size_t limit, std::vector<Int>* out) {
  if (!absl::ConsumePrefix(&line, absl::StrCat(head, " "))) return false;
  for (const absl::string_view word : absl::StrSplit(line, ' ', absl::SkipEmpty())) {
    Int n = 0;
    if (!absl::SimpleAtoi(word, &n) || n < 0 || static_cast<size_t>(n) >= limit) return false;
    out->push_back(n);
  }
  return true;
}

absl::StatusOr<std::vector<Order>> ReadOrders(const fs::path& path, size_t nodes, size_t pods) {
  absl::StatusOr<std::vector<std::string>> lines = Lines(path);
  if (!lines.ok()) return lines.status();
  std::vector<Order> orders;
  for (size_t i = 0; i + 2 < lines->size(); i += 3) {
    Order& order = orders.emplace_back();
    std::vector<int> seed;
    std::vector<int64_t> arrivals;
    if (!Numbers((*lines)[i], "seed", 1'000'000, &seed) || seed.size() != 1 ||
        !Numbers((*lines)[i + 1], "nodes", 1'000'000, &order.rank) || order.rank.size() != nodes ||
        !Numbers((*lines)[i + 2], "pods", pods, &arrivals)) {
      return absl::InvalidArgumentError(absl::StrCat(path.string(), ": lines ", i + 1, " to ", i + 3, " are no order"));
    }
    order.seed = seed[0];
    order.pods.assign(arrivals.begin(), arrivals.end());
  }
  return orders;
}

struct Run {
  double allocated = 0, of_no_use = 0;  // percent of all GPUs
  std::vector<std::string> nodes;       // by arrival; "-": none
  double micros = 0;                    // of CPU time per decision
};

Run Play(const sim::PackingLists& lists, const std::vector<sim::TypicalPod>& typical, const Order& order,
         const char* policy) {
  // Positions in the order of ranks.
  std::vector<size_t> by_rank(lists.machines.size());
  std::iota(by_rank.begin(), by_rank.end(), size_t{0});
  std::sort(by_rank.begin(), by_rank.end(), [&](size_t a, size_t b) { return order.rank[a] < order.rank[b]; });
  std::vector<sim::Machine> machines;
  for (const size_t i : by_rank) machines.push_back(lists.machines[i]);
  sim::Packer packer(machines, *sim::MakePackingPolicy(policy, {machines, typical}), static_cast<uint64_t>(order.seed));
  std::vector<int> where;
  where.reserve(order.pods.size());
  const std::clock_t start = std::clock();
  for (const size_t pod : order.pods) {
    const std::optional<sim::PlacedPod> placed = packer.Place(lists.pods[pod]);
    where.push_back(placed.has_value() ? placed->node : -1);
  }
  Run run;
  run.micros =
      1e6 * static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC / static_cast<double>(order.pods.size());
  for (const int node : where) run.nodes.push_back(node < 0 ? "-" : machines[node].name);
  const sim::Fragmentation fragmentation(typical);
  double of_no_use = 0;
  for (const sim::Machine& m : packer.machines()) of_no_use += fragmentation.Gpus(m) * sim::kWholeGpu;
  const double all = static_cast<double>(packer.gpu_milli());
  run.allocated = 100 * static_cast<double>(packer.allocated_gpu_milli()) / all;
  run.of_no_use = 100 * of_no_use / all;
  return run;
}

// How many of the recorded placements (a line "pod rank-node" or "pod -" per arrival) are the same; -1 if there are none.
int SamePlacements(const fs::path& path, const Run& run) {
  const absl::StatusOr<std::vector<std::string>> lines = Lines(path);
  if (!lines.ok() || lines->size() != run.nodes.size()) return -1;
  int same = 0;
  for (size_t i = 0; i < lines->size(); ++i) {
    absl::string_view node = (*lines)[i];
    node.remove_prefix(std::min(node.size(), node.find(' ') + 1));
    if (const size_t dash = node.find('-'); node != "-" && dash != absl::string_view::npos)
      node.remove_prefix(dash + 1);
    same += node == run.nodes[i];
  }
  return same;
}

struct Setting {
  std::string dir;
  std::vector<std::string> only;
  double tolerance = 0.5;
};

absl::StatusOr<bool> Compare(const Setting& setting) {
  const fs::path dir = setting.dir;
  absl::StatusOr<Table> allocated = ReadTable(dir / "fgd_expected/analysis_allo_discrete.csv.xz");
  if (!allocated.ok()) return allocated.status();
  absl::StatusOr<Table> fragmented = ReadTable(dir / "fgd_expected/analysis_frag_discrete.csv.xz");
  if (!fragmented.ok()) return fragmented.status();
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(dir / "orders", error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  int compared = 0, far = 0;
  std::printf("%-26s %-15s %5s %6s %9s %10s %10s %9s\n", "pods", "policy", "runs", "exact", "mean", "published",
              "furthest", "us/pod");
  for (const fs::path& file : files) {
    const std::string name = file.filename().string();
    const std::string workload = name.substr(0, name.find(".orders"));
    absl::StatusOr<sim::PackingLists> lists =
        sim::ReadPackingLists((dir / "csv/openb_node_list_gpu_node.csv.xz").string(),
                              (dir / "csv" / absl::StrCat(workload, ".csv.xz")).string());
    if (!lists.ok()) return lists.status();
    const std::vector<sim::TypicalPod> typical = sim::TypicalPods(lists->pods);
    absl::StatusOr<std::vector<Order>> orders = ReadOrders(file, lists->machines.size(), lists->pods.size());
    if (!orders.ok()) return orders.status();
    for (const Published& published : kPolicies) {
      if (!setting.only.empty() &&
          std::find(setting.only.begin(), setting.only.end(), published.policy) == setting.only.end()) {
        continue;
      }
      int runs = 0, exact = 0;
      double mean = 0, mean_published = 0, furthest = 0, micros = 0;
      for (const Order& order : *orders) {
        const std::string key = Key(workload, published.name, order.seed);
        if (!allocated->contains(key) || !fragmented->contains(key)) continue;
        const Run run = Play(*lists, typical, order, published.policy);
        // The tables are cut to two digits.
        const double apart =
            std::max(std::abs(run.allocated - allocated->at(key)), std::abs(run.of_no_use - fragmented->at(key)));
        ++runs;
        exact += apart < 0.0051;
        mean += run.allocated;
        mean_published += allocated->at(key);
        furthest = std::max(furthest, apart);
        micros += run.micros;
        if (absl::EndsWith(workload, "default") && order.seed == 42) {
          const std::string name = published.policy == std::string("best-fit") ? "bestfit" : published.policy;
          const int same = SamePlacements(dir / "placements" / absl::StrCat("default_seed42_", name, ".txt.xz"), run);
          if (same >= 0) {
            std::printf("  %s, seed 42: %d of %zu pods on the recorded node\n", published.policy, same,
                        run.nodes.size());
          }
        }
      }
      if (runs == 0) continue;
      // Other draws give other runs; on average they come out even.
      if (std::string(published.policy) == "random") furthest = std::abs(mean - mean_published) / runs;
      compared += runs;
      far += furthest > setting.tolerance;
      std::printf("%-26s %-15s %5d %6d %7.2f %% %8.2f %% %10.3f %9.2f%s\n", workload.c_str(), published.policy, runs,
                  exact, mean / runs, mean_published / runs, furthest, micros / runs,
                  furthest > setting.tolerance ? "  TOO FAR" : "");
    }
  }
  if (compared == 0) return absl::NotFoundError(absl::StrCat(setting.dir, ": there is no order with a published run"));
  std::printf("%d runs compared, %s\n", compared, far == 0 ? "all near enough" : "some too far");
  return far == 0;
}

int Main(int argc, char** argv) {
  ReturnToCallersDirectory();
  CLI::App app("Packs the openb cluster in the published orders and compares with the published runs.");
  Setting setting;
  app.add_option("DIR", setting.dir, "Folder with csv, orders and fgd_expected")->required();
  app.add_option("--policy", setting.only, "Only these policies")->check(CLI::IsMember(sim::PackingPolicyNames()));
  app.add_option("--tolerance", setting.tolerance, "Percentage points that may lie between")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<bool> near = Compare(setting);
  if (!near.ok()) {
    std::fprintf(stderr, "%s\n", near.status().ToString().c_str());
    return 2;
  }
  return *near ? 0 : 1;
}

}  // namespace
}  // namespace muster::conformance

int main(int argc, char** argv) { return muster::conformance::Main(argc, argv); }
