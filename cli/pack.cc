// `muster pack`: puts pods on nodes one by one and says how much of the GPUs a placement policy gets to use.
#include <algorithm>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "sim/files/output_file.h"
#include "sim/packing/lists.h"
#include "sim/packing/packer.h"

namespace muster::cli {
namespace {

struct Args {
  std::string nodes, pods, out;
  std::vector<std::string> policies = {"best-fit"};
  double load = 0;  // 0: the list as it is
  uint64_t seed = 1;
  int typical = 95;
};

// The pods that arrive, as positions in the list: all of it in its order, or with a load the list shuffled again and
// again until so much is asked for.
absl::StatusOr<std::vector<size_t>> Arrivals(const Args& args, const sim::PackingLists& lists, int64_t gpu_milli) {
  std::vector<size_t> order(lists.pods.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (args.load == 0) return order;
  int64_t per_round = 0;
  for (const sim::PodShape& pod : lists.pods) per_round += pod.demand();
  const double wanted = args.load * static_cast<double>(gpu_milli);
  constexpr double kMostRounds = 1000;
  if (per_round == 0 || wanted / static_cast<double>(per_round) > kMostRounds) {
    return absl::InvalidArgumentError(
        absl::StrCat(args.pods, ": asks for too little GPU to reach --load in ", kMostRounds, " rounds"));
  }
  std::mt19937_64 random(args.seed);
  std::vector<size_t> arrivals;
  int64_t demand = 0;
  for (;;) {
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    for (const size_t pod : order) {
      if (static_cast<double>(demand) >= wanted) return arrivals;
      arrivals.push_back(pod);
      demand += lists.pods[pod].demand();
    }
  }
}

std::string Devices(uint32_t bits) {
  std::vector<int> devices;
  for (int i = 0; i < sim::kMaxGpus; ++i) {
    if ((bits >> i & 1) != 0) devices.push_back(i);
  }
  return absl::StrJoin(devices, " ");
}

absl::Status Pack(const Args& args) {
  absl::StatusOr<sim::PackingLists> lists = sim::ReadPackingLists(args.nodes, args.pods);
  if (!lists.ok()) return lists.status();
  int64_t gpu_milli = 0;
  for (const sim::Machine& m : lists->machines) gpu_milli += m.IdleGpuMilli();
  if (gpu_milli == 0) return absl::InvalidArgumentError(absl::StrCat(args.nodes, ": no node has a GPU"));
  if (lists->pods.empty()) return absl::InvalidArgumentError(absl::StrCat(args.pods, ": there is no pod in it"));
  absl::StatusOr<std::vector<size_t>> arrivals = Arrivals(args, *lists, gpu_milli);
  if (!arrivals.ok()) return arrivals.status();
  const std::vector<sim::TypicalPod> typical = sim::TypicalPods(lists->pods, args.typical);
  const sim::Fragmentation fragmentation(typical);

  int64_t demand = 0;
  for (const size_t pod : *arrivals) demand += lists->pods[pod].demand();
  const auto part = [&](double milli) { return 100 * milli / static_cast<double>(gpu_milli); };
  std::cout << absl::StrFormat(
      "%d nodes, %d GPUs; %d pods arrive and ask for %.2f %% of them. Typical: %d shapes of pods.\n\n",
      lists->machines.size(), gpu_milli / sim::kWholeGpu, arrivals->size(), part(static_cast<double>(demand)),
      typical.size());
  std::cout << "policy             placed   no room  GPUs allocated  idle of no use  part of idle\n";
  std::optional<sim::OutputFile> out;
  if (!args.out.empty()) {
    absl::StatusOr<sim::OutputFile> created = sim::OutputFile::Create(args.out);
    if (!created.ok()) return created.status();
    out = *std::move(created);
    out->stream() << "policy,arrival,pod,node,gpus\n";
  }
  for (const std::string& name : args.policies) {
    absl::StatusOr<std::unique_ptr<sim::PackingPolicy>> policy =
        sim::MakePackingPolicy(name, {lists->machines, typical});
    if (!policy.ok()) return policy.status();
    sim::Packer packer(lists->machines, *std::move(policy), args.seed);
    int64_t placed = 0, arrival = 0;
    for (const size_t pod : *arrivals) {
      const std::optional<sim::PlacedPod> where = packer.Place(lists->pods[pod]);
      placed += where.has_value();
      ++arrival;
      if (!out.has_value()) continue;
      out->stream() << name << "," << arrival << "," << lists->pod_names[pod] << ","
                    << (where.has_value() ? lists->machines[where->node].name : "") << ","
                    << (where.has_value() ? Devices(where->devices) : "") << "\n";
    }
    double of_no_use = 0;
    for (const sim::Machine& m : packer.machines()) of_no_use += fragmentation.Gpus(m) * sim::kWholeGpu;
    const double idle = static_cast<double>(gpu_milli - packer.allocated_gpu_milli());
    std::cout << absl::StrFormat("%-15s %9d %9d %13.2f %% %13.2f %% %11.2f %%\n", name, placed,
                                 static_cast<int64_t>(arrivals->size()) - placed,
                                 part(static_cast<double>(packer.allocated_gpu_milli())), part(of_no_use),
                                 idle > 0 ? 100 * of_no_use / idle : 0);
  }
  return out.has_value() ? out->Commit() : absl::OkStatus();
}

}  // namespace

void AddPack(CLI::App* app, int* exit_code) {
  auto args = std::make_shared<Args>();
  CLI::App* command = app->add_subcommand("pack",
                                          "Put pods on nodes one by one, as kube-scheduler does once quota is there, "
                                          "and say how much of the GPUs a placement "
                                          "policy gets to use and how much of what is idle no usual pod can use.");
  command->add_option("--nodes", args->nodes, "CSV: name, cpu_milli, memory_mib, gpu, model; also .gz or .xz")
      ->required();
  command
      ->add_option(
          "--pods", args->pods,
          "CSV in order of arrival: name, cpu_milli, memory_mib, num_gpu, gpu_milli, gpu_spec; also .gz or .xz")
      ->required();
  command->add_option("--policy", args->policies, "Placement policies, one table row each")
      ->check(CLI::IsMember(sim::PackingPolicyNames()))
      ->delimiter(',')
      ->capture_default_str();
  command
      ->add_option("--load", args->load,
                   "Let pods of the list arrive in a drawn order until they ask for so much of all GPUs (1.3 = 130 %)")
      ->check(CLI::Range(0.01, 100.0));
  command->add_option("--seed", args->seed, "Seed of what is drawn")
      ->check(WholeNumber<uint64_t>(0))
      ->capture_default_str();
  command
      ->add_option("--typical", args->typical,
                   "The most frequent shapes of pods that make up so many percent are the usual ones")
      ->check(WholeNumber<int>(1, 100))
      ->capture_default_str();
  command->add_option("--out", args->out, "CSV to write: where each pod went");
  command->callback([args, exit_code] {
    if (absl::Status s = Pack(*args); !s.ok()) {
      std::cerr << "muster pack: " << s.message() << "\n";
      *exit_code = 1;
    }
  });
}

}  // namespace muster::cli
