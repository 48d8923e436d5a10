// `muster trace`: what is in a trace, and traces and node lists of others as Muster's own.
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "api/codec.h"
#include "api/kueue.h"
#include "api/load.h"
#include "cli/commands.h"
#include "cli/hyperpod_files.h"
#include "cli/policy_files.h"
#include "cli/spooled_paths.h"
#include "cli/trace_files.h"
#include "sim/files/input.h"
#include "sim/files/output_file.h"
#include "sim/trace/inspect.h"
#include "sim/trace/manifests.h"
#include "sim/trace/openb.h"
#include "sim/trace/write_trace.h"

namespace muster::cli {
namespace {

void Fail(const char* command, const absl::Status& status, int* exit_code) {
  std::cerr << "muster trace " << command << ": " << status.message() << "\n";
  *exit_code = 1;
}

absl::Status Print(const std::string& out, const std::string& text) {
  if (out != "-") return sim::WriteFile(out, text);
  std::cout << text;
  return absl::OkStatus();
}

using Capacity = std::map<std::string, double>;

void AddQuotas(const std::vector<api::ResourceGroup>& groups, Capacity* capacity) {
  for (const api::ResourceGroup& group : groups) {
    for (const api::FlavorQuotas& flavor : group.flavors) {
      for (const api::ResourceQuota& quota : flavor.resources)
        (*capacity)[quota.name] += quota.nominal_quota.ToDouble();
    }
  }
}

// What the nodes have, or if there are none, the nominal quotas of all queues and cohorts.
absl::StatusOr<Capacity> CapacityOf(const std::vector<std::string>& policy) {
  Capacity nodes, quotas;
  if (policy.empty()) return nodes;
  const SpooledPaths spooled(policy);
  const api::LoadResult loaded = ReadPolicyFiles(spooled.paths());
  if (absl::Status s = loaded.status(); !s.ok()) return s;
  // A HyperPod cluster's description counts by itself, too.
  for (const api::Node& node : NodesOf(ReadHyperPodFiles(spooled.paths(), {}))) {
    for (const auto& [resource, amount] : node.allocatable) nodes[resource] += amount.ToDouble();
  }
  for (const api::Decoded& decoded : loaded.objects) {
    if (const auto* cq = std::get_if<api::ClusterQueue>(&decoded.object)) AddQuotas(cq->resource_groups, &quotas);
    if (const auto* cohort = std::get_if<api::Cohort>(&decoded.object)) AddQuotas(cohort->resource_groups, &quotas);
  }
  if (nodes.empty() && quotas.empty()) {
    return absl::InvalidArgumentError("--policy: holds neither nodes nor quotas; what is there to compare with?");
  }
  return nodes.empty() ? quotas : nodes;
}

struct InspectArgs : TraceArgs {
  std::vector<std::string> policy;
  std::string resource, output = "text";
};

absl::Status InspectFile(const InspectArgs& args) {
  const absl::StatusOr<Capacity> capacity = CapacityOf(args.policy);
  if (!capacity.ok()) return capacity.status();
  TraceArgs lax = args;
  lax.skip_bad_rows = true;  // that there are some is what is to be found out
  absl::StatusOr<TraceFile> file = ReadTraceFile(lax, /*keep_record=*/true);
  if (!file.ok()) return file.status();
  if (absl::Status s = sim::ReadManifests(&file->trace); !s.ok()) return s;
  sim::InspectOptions options;
  options.resource = args.resource;
  options.capacity = *capacity;
  sim::Inspection inspection = sim::Inspect(file->trace, options);
  inspection.format = std::string(sim::FormatInWords(file->format));
  std::cout << (args.output == "json" ? InspectionJson(inspection) : InspectionText(inspection));
  return absl::OkStatus();
}

void AddInspect(CLI::App* trace, int* exit_code) {
  auto args = std::make_shared<InspectArgs>();
  CLI::App* command = trace->add_subcommand(
      "inspect", "Say what is in a trace: jobs, sizes, queues, load over time, what is odd and what is missing.");
  command->add_option("FILE", args->trace, "The trace, compressed or not; - for standard input")->required();
  AddTraceOptions(command, args.get());
  command->add_option("--policy", args->policy, "Files or folders with nodes or quotas, to hold the load against");
  command->add_option("--resource", args->resource, "Resource of sizes, hours and load; by default the accelerator");
  command->add_option("-o,--output", args->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([args, exit_code] {
    if (absl::Status s = InspectFile(*args); !s.ok()) Fail("inspect", s, exit_code);
  });
}

struct ConvertArgs : TraceArgs {
  std::string out = "-";
};

absl::Status ConvertFile(const ConvertArgs& args) {
  const absl::StatusOr<TraceFile> file = ReadTraceFile(args, /*keep_record=*/true);
  if (!file.ok()) return file.status();
  std::ostringstream text;
  if (absl::Status s = sim::WriteTrace(file->trace, &text); !s.ok()) return s;
  return Print(args.out, text.str());
}

void AddConvert(CLI::App* trace, int* exit_code) {
  auto args = std::make_shared<ConvertArgs>();
  CLI::App* command = trace->add_subcommand("convert", "Write a trace in Muster's own columns, as CSV.");
  command->add_option("FILE", args->trace, "The trace, compressed or not; - for standard input")->required();
  AddTraceOptions(command, args.get());
  command->add_option("--out", args->out, "File to write, - for standard output")->capture_default_str();
  command->callback([args, exit_code] {
    if (absl::Status s = ConvertFile(*args); !s.ok()) Fail("convert", s, exit_code);
  });
}

absl::StatusOr<std::vector<api::Node>> ReadNodes(const std::string& path) {
  absl::StatusOr<std::unique_ptr<std::istream>> in = sim::OpenInput(path);
  if (!in.ok()) return in.status();
  const absl::StatusOr<std::string> head = sim::PeekInput(in->get(), sim::kMaxPeek);
  if (!head.ok()) return absl::Status(head.status().code(), absl::StrCat(path, ": ", head.status().message()));
  if (absl::StartsWith(*head, "sn,")) {
    absl::StatusOr<std::vector<api::Node>> nodes = sim::ReadOpenbNodes(in->get());
    if (!nodes.ok()) return absl::Status(nodes.status().code(), absl::StrCat(path, ": ", nodes.status().message()));
    return nodes;
  }
  const HyperPodFiles files = ReadHyperPodFiles({path}, {});
  std::vector<api::Node> nodes = NodesOf(files);
  if (!nodes.empty()) return nodes;
  return absl::InvalidArgumentError(
      absl::StrCat(path,
                   ": is neither a node list of cluster-trace-gpu-v2023 (sn,cpu_milli,...) "
                   "nor the description of a HyperPod cluster (describe-cluster)"));
}

absl::Status WriteNodes(const std::string& path, const std::string& out) {
  absl::StatusOr<std::vector<api::Node>> nodes = ReadNodes(path);
  if (!nodes.ok()) return nodes.status();
  std::string text;
  for (api::Node& node : *nodes) {
    api::Object object = std::move(node);
    nlohmann::json raw = api::Encode(object);
    absl::StrAppend(&text, text.empty() ? "" : "---\n", api::ToYamlText({std::move(object), {}, std::move(raw), {}}));
  }
  return Print(out, text);
}

void AddNodes(CLI::App* trace, int* exit_code) {
  struct Args {
    std::string path, out = "-";
  };
  auto args = std::make_shared<Args>();
  CLI::App* command = trace->add_subcommand(
      "nodes", "Write the Nodes of a node list (cluster-trace-gpu-v2023) or of a HyperPod cluster's description.");
  command->add_option("FILE", args->path, "The list or description")->required();
  command->add_option("--out", args->out, "File to write, - for standard output")->capture_default_str();
  command->callback([args, exit_code] {
    if (absl::Status s = WriteNodes(args->path, args->out); !s.ok()) Fail("nodes", s, exit_code);
  });
}

}  // namespace

void AddTrace(CLI::App* app, int* exit_code) {
  CLI::App* trace = app->add_subcommand("trace", "Look at traces and convert them.");
  trace->require_subcommand(1);
  AddInspect(trace, exit_code);
  AddConvert(trace, exit_code);
  AddNodes(trace, exit_code);
}

}  // namespace muster::cli
