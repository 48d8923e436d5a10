#include "manager/manifests/manager_manifests.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "sim/files/output_file.h"
#include "webhook/manifests/manifests.h"

namespace muster::cli {
namespace {

struct Flags {
  manager::ManagerManifestOptions options;
  std::string config;
  std::string output_dir;
};

absl::Status PrintManifests(Flags flags) {
  if (!flags.config.empty()) {
    std::ifstream in(flags.config, std::ios::binary);
    flags.options.configuration.assign(std::istreambuf_iterator<char>(in), {});
  }
  absl::StatusOr<std::vector<webhook::ManifestFile>> files = manager::MakeManagerManifests(flags.options);
  if (!files.ok()) return files.status();
  if (flags.output_dir.empty()) {
    for (size_t i = 0; i < files->size(); ++i) std::cout << (i == 0 ? "" : "---\n") << webhook::ToText((*files)[i]);
    return absl::OkStatus();
  }
  files->push_back(manager::KustomizationOf(*files));
  for (const webhook::ManifestFile& file : *files) {
    const absl::Status status = sim::WriteFile(flags.output_dir + "/" + file.name, webhook::ToText(file));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace

void AddManagerManifests(CLI::App* manager, int* exit_code) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      manager->add_subcommand("manifests", "Print the Kubernetes objects that run the manager in a cluster.");
  command->add_option("--namespace", flags->options.ns, "Where it runs (default: kueue-system)");
  command->add_option("--image", flags->options.image, "Container image (default: muster:latest)");
  command->add_option("--replicas", flags->options.replicas, "Pods, of which one works (default: 2)")
      ->check(CLI::Range(1, 100));
  command
      ->add_option("--config", flags->config,
                   "Kueue's manager Configuration: what the manager may do is what this makes it do")
      ->check(CLI::ExistingFile);
  command->add_option("--metrics-namespace", flags->options.metrics_namespaces,
                      "A namespace whose pods may read metrics (default: monitoring)");
  command->add_option("--output-dir", flags->output_dir, "Write files with a kustomization.yaml instead of printing");
  command->callback([flags, exit_code] {
    if (absl::Status status = PrintManifests(*flags); !status.ok()) {
      std::cerr << "muster manager manifests: " << status.message() << "\n";
      *exit_code = 1;
    }
  });
}

}  // namespace muster::cli
