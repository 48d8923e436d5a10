// `muster compile` and `muster decompile`: HyperPod policy to Kueue objects and back.
#include "api/hyperpod/compile.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "api/codec.h"
#include "api/convert.h"
#include "api/hyperpod/decompile.h"
#include "api/hyperpod/write.h"
#include "api/problem.h"
#include "api/yaml.h"
#include "cli/commands.h"
#include "cli/hyperpod_files.h"
#include "sim/files/output_file.h"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;
using Files = std::map<std::string, std::string>;  // name -> text

// Which file of the output an object goes to. The numbers are the order in which kubectl applies a folder.
std::string FileOf(const api::Object& object) {
  static const std::map<absl::string_view, const char*> kNames = {
      {"Namespace", "1-namespaces.yaml"},
      {"Topology", "2-topologies.yaml"},
      {"ResourceFlavor", "3-resource-flavors.yaml"},
      {"WorkloadPriorityClass", "4-workload-priority-classes.yaml"},
      {"Cohort", "5-cohorts.yaml"},
      {"ClusterQueue", "6-cluster-queues.yaml"},
      {"LocalQueue", "7-local-queues.yaml"},
      {"Configuration", "manager/configuration.yaml"},
  };
  return kNames.at(api::Kind(object));
}

std::string Yaml(const api::Object& object, const std::string& version) {
  nlohmann::json document = api::Encode(object);
  if (version == "v1beta1" && std::holds_alternative<api::Configuration>(object)) {
    document["apiVersion"] = "config.kueue.x-k8s.io/v1beta1";
    // There the object alone does not switch it on.
    if (document.contains("fairSharing")) document["fairSharing"]["enable"] = true;
  } else if (version == "v1beta1" && absl::StartsWith(api::ApiVersion(object), "kueue.x-k8s.io/")) {
    api::DowngradeToV1Beta1(api::Kind(object), document).IgnoreError();  // fails on Workloads only
  }
  return absl::StrCat("---\n", api::ToYaml(document));
}

// Writes the files below `folder`, or all one after the other to standard output when that is "-".
absl::Status Write(const Files& files, const std::string& folder) {
  if (folder == "-") {
    for (const auto& [name, text] : files) std::cout << text;
    return absl::OkStatus();
  }
  for (const auto& [name, text] : files) {
    const fs::path path = fs::path(folder) / name;
    if (absl::Status s = sim::WriteFile(path.string(), text); !s.ok()) return s;
    std::cout << path.string() << "\n";
  }
  return absl::OkStatus();
}

// Errors of reading as a status; warnings go to standard error.
absl::Status CheckProblems(const std::vector<api::Problem>& problems) {
  for (const api::Problem& problem : problems) {
    if (problem.severity == api::Severity::kWarning) std::cerr << "warning: " << api::ToString(problem) << "\n";
  }
  return api::ToStatus(problems);
}

struct CompileArgs {
  std::vector<std::string> paths, nodes, options;
  std::string out = "-";
  std::string version = "v1beta2";
};

absl::Status RunCompile(const CompileArgs& args) {
  absl::StatusOr<hyperpod::CompileOptions> options = CompileOptionsOf(args.options);
  if (!options.ok()) return options.status();
  const HyperPodFiles files = ReadHyperPodFiles(args.paths);
  if (absl::Status s = CheckProblems(files.hyperpod.problems); !s.ok()) return s;
  if (absl::Status s = CheckProblems(files.kubernetes.problems); !s.ok()) return s;
  const hyperpod::Documents& documents = files.hyperpod.documents;
  if (documents.policies.empty() && documents.quotas.empty()) {
    return absl::InvalidArgumentError("there is neither a cluster policy nor a compute quota in what was named");
  }
  absl::StatusOr<hyperpod::Capacity> capacity = CapacityOf(files, args.nodes);
  if (!capacity.ok()) return capacity.status();
  const auto objects = hyperpod::Compile(documents.policies, documents.quotas, *capacity, *options);
  if (!objects.ok()) return objects.status();
  Files out;
  for (const api::Object& object : *objects) absl::StrAppend(&out[FileOf(object)], Yaml(object, args.version));
  if (args.out != "-") {
    // What an earlier run left and this one has none of.
    for (const char* name :
         {"2-topologies.yaml", "3-resource-flavors.yaml", "4-workload-priority-classes.yaml", "6-cluster-queues.yaml",
          "7-local-queues.yaml", "1-namespaces.yaml", "manager/configuration.yaml"}) {
      std::error_code ignored;
      if (!out.contains(name)) fs::remove(fs::path(args.out) / name, ignored);
    }
  }
  return Write(out, args.out);
}

struct DecompileArgs {
  std::vector<std::string> paths, options;
  std::string out = "-";
  std::string cluster_arn;
};

constexpr char kPlaceholderArn[] = "arn:aws:sagemaker:us-east-1:000000000000:cluster/000000000000";

template <class Record>
void FillRecord(const DecompileArgs& args, const std::string& name, Record* record) {
  if (record->name.empty()) record->name = name;
  if (!args.cluster_arn.empty()) record->cluster_arn = args.cluster_arn;
  if (!record->cluster_arn.empty()) return;
  record->cluster_arn = kPlaceholderArn;
  std::cerr << "warning: " << record->name << ": no object says the ClusterArn, written as " << kPlaceholderArn
            << "; give --cluster-arn\n";
}

absl::Status RunDecompile(const DecompileArgs& args) {
  absl::StatusOr<hyperpod::CompileOptions> options = CompileOptionsOf(args.options);
  if (!options.ok()) return options.status();
  const api::LoadResult loaded = api::LoadPaths(args.paths);
  if (absl::Status s = CheckProblems(loaded.problems); !s.ok()) return s;
  std::vector<api::Object> objects;
  for (const api::Decoded& decoded : loaded.objects) objects.push_back(decoded.object);
  hyperpod::Decompiled back = hyperpod::Decompile(objects, *options);
  for (const std::string& note : back.notes) std::cerr << "warning: " << note << "\n";
  if (back.policies.empty() && back.quotas.empty()) {
    return absl::InvalidArgumentError("there is no queue of HyperPod task governance in what was named");
  }
  Files out;
  const auto text = [](const nlohmann::ordered_json& value) { return absl::StrCat(value.dump(2), "\n"); };
  for (auto& policy : back.policies) {
    FillRecord(args, "cluster-policy", &policy);
    out["policy.json"] = text(hyperpod::ToCreateJson(policy));
  }
  for (auto& quota : back.quotas) {
    FillRecord(args, quota.team_name, &quota);
    out[absl::StrCat("quotas/", quota.team_name, ".json")] = text(hyperpod::ToCreateJson(quota));
  }
  if (!back.capacity.empty()) out["cluster.json"] = text(hyperpod::ToDescribeClusterJson(back.capacity));
  return Write(out, args.out);
}

template <class Args>
void Run(const char* name, absl::Status (*run)(const Args&), const Args& args, int* exit_code) {
  if (absl::Status s = run(args); !s.ok()) {
    std::cerr << "muster " << name << ": " << s.message() << "\n";
    *exit_code = 1;
  }
}

constexpr char kOptionHelp[] = "NAME=VALUE: what AWS does not document, see below";

}  // namespace

void AddCompile(CLI::App* app, int* exit_code) {
  auto args = std::make_shared<CompileArgs>();
  CLI::App* command = app->add_subcommand(
      "compile",
      "Turn HyperPod policy (ClusterSchedulerConfig, ComputeQuota) into the Kueue objects that it stands for.");
  command
      ->add_option("PATH", args->paths,
                   "Files or folders: policy and quotas (JSON, YAML, AWS CLI commands, CloudFormation, Terraform), "
                   "DescribeCluster or ListClusterNodes output or Node objects for the instance types there are")
      ->required();
  command->add_option("-o,--out", args->out, "Folder to write, - for standard output")->capture_default_str();
  command->add_option("--api-version", args->version, "Version of Kueue's API")
      ->check(CLI::IsMember({"v1beta1", "v1beta2"}))
      ->capture_default_str();
  AddNodesOption(command, &args->nodes);
  AddCompileOption(command, &args->options, kOptionHelp);
  command->footer("Options of --option:\n" + hyperpod::CompileOptions::Help());
  command->callback([args, exit_code] { Run("compile", &RunCompile, *args, exit_code); });
}

void AddDecompile(CLI::App* app, int* exit_code) {
  auto args = std::make_shared<DecompileArgs>();
  CLI::App* command = app->add_subcommand(
      "decompile", "Turn the Kueue objects of a HyperPod cluster back into the policy they stand for.");
  command
      ->add_option("PATH", args->paths,
                   "Files or folders with Kueue objects, as compile or kubectl get -o yaml writes them")
      ->required();
  command->add_option("-o,--out", args->out, "Folder to write, - for standard output")->capture_default_str();
  command->add_option("--cluster-arn", args->cluster_arn, "ClusterArn of the records");
  AddCompileOption(command, &args->options, kOptionHelp);
  command->footer("Options of --option:\n" + hyperpod::CompileOptions::Help());
  command->callback([args, exit_code] { Run("decompile", &RunDecompile, *args, exit_code); });
}

}  // namespace muster::cli
