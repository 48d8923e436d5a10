#include "cli/sweep_manifests.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "api/vocabulary.h"
#include "api/yaml.h"
#include "cli/arguments.h"

namespace muster::cli {
namespace {

struct Args {
  std::string kind, name = "muster-sweep", image, claim, queue, memory = "2Gi", time = "04:00:00";
  int64_t shards = 0;
  int cpu = 1;
  std::vector<std::string> words;  // of `muster sweep`
};

// What a Job, and in Slurm's directives a word, may be called.
absl::Status CheckName(const std::string& name) {
  const auto plain = [](char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-'; };
  if (!name.empty() && name.size() <= 52 && std::all_of(name.begin(), name.end(), plain) && name.front() != '-' &&
      name.back() != '-') {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" cannot be a name; use at most 52 small letters, digits and -"));
}

absl::Status CheckMemory(const std::string& memory) {
  absl::string_view digits = memory;
  if (digits.size() > 2 && digits.size() < 10 && absl::EndsWith(digits, "i")) {
    digits.remove_suffix(1);
    const char unit = digits.back();
    digits.remove_suffix(1);
    if ((unit == 'M' || unit == 'G' || unit == 'T') && std::all_of(digits.begin(), digits.end(), absl::ascii_isdigit)) {
      return absl::OkStatus();
    }
  }
  return absl::InvalidArgumentError(absl::StrCat("\"", memory, "\" is not an amount such as 500Mi, 2Gi or 1Ti"));
}

absl::Status CheckTime(const std::string& time) {
  const auto plain = [](char c) { return absl::ascii_isdigit(c) || c == ':' || c == '-'; };
  if (!time.empty() && std::all_of(time.begin(), time.end(), plain)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("\"", time, "\" is not a time such as 04:00:00 or 2-00:00:00"));
}

// What each shard is called with: as many processes as it has cores, unless it says otherwise.
std::vector<std::string> SweepWords(const Args& args) {
  std::vector<std::string> words = args.words;
  const bool says =
      std::any_of(words.begin(), words.end(), [](const std::string& word) { return absl::StartsWith(word, "--jobs"); });
  if (!says) words.push_back(absl::StrCat("--jobs=", args.cpu));
  return words;
}

// A word as a POSIX shell takes it.
std::string Quoted(const std::string& word) {
  const auto plain = [](char c) { return absl::ascii_isalnum(c) || absl::StrContains("-_./=,:+@%", c); };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return word;
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

// The results of all shards go to the one --out: points have folders of their own, and the last shard to end writes the
// tables.
std::string IndexedJob(const Args& args) {
  nlohmann::json command = {"muster", "sweep"};
  // Kubernetes expands $(...) in arguments; $$ is a $.
  for (const std::string& word : SweepWords(args)) command.push_back(absl::StrReplaceAll(word, {{"$", "$$"}}));
  command.push_back(absl::StrCat("--shard=$(JOB_COMPLETION_INDEX)/", args.shards));
  const std::string cpu = absl::StrCat(args.cpu);
  nlohmann::json container = {
      {"name", "sweep"},
      {"image", args.image},
      {"command", command},
      {"workingDir", "/sweep"},
      {"env",
       {{{"name", "JOB_COMPLETION_INDEX"},
         {"valueFrom",
          {{"fieldRef", {{"fieldPath", "metadata.annotations['batch.kubernetes.io/job-completion-index']"}}}}}}}},
      {"resources", {{"requests", {{"cpu", cpu}, {"memory", args.memory}}}, {"limits", {{"memory", args.memory}}}}},
      {"volumeMounts", {{{"name", "sweep"}, {"mountPath", "/sweep"}}}}};
  nlohmann::json job = {
      {"apiVersion", "batch/v1"},
      {"kind", "Job"},
      {"metadata", {{"name", args.name}}},
      {"spec",
       {{"completionMode", "Indexed"},
        {"completions", args.shards},
        {"parallelism", args.shards},
        {"backoffLimitPerIndex", 3},
        {"template",
         {{"spec",
           {{"restartPolicy", "Never"},
            {"containers", nlohmann::json::array({container})},
            {"volumes", {{{"name", "sweep"}, {"persistentVolumeClaim", {{"claimName", args.claim}}}}}}}}}}}}};
  if (!args.queue.empty()) {
    job["metadata"]["labels"] = {{api::kQueueNameLabel, args.queue}};
    job["spec"]["suspend"] = true;
  }
  return absl::StrCat("# Each of the ", args.shards,
                      " indexes replays its share of the points. The volume of the claim holds the plan, policy\n"
                      "# and trace (paths are relative to it), and takes the results.\n",
                      api::ToYaml(job));
}

std::string SlurmArray(const Args& args) {
  std::vector<std::string> words;
  for (const std::string& word : SweepWords(args)) words.push_back(Quoted(word));
  return absl::StrCat("#!/bin/sh\n#SBATCH --job-name=", args.name, "\n#SBATCH --array=0-", args.shards - 1,
                      "\n#SBATCH --cpus-per-task=", args.cpu, "\n#SBATCH --mem=", absl::StripSuffix(args.memory, "i"),
                      "\n#SBATCH --time=", args.time, "\n#SBATCH --requeue\n# Each of the ", args.shards,
                      " tasks replays its share of the points.\nexec muster sweep ", absl::StrJoin(words, " "),
                      " --shard=\"$SLURM_ARRAY_TASK_ID/", args.shards, "\"\n");
}

}  // namespace

void AddSweepManifests(CLI::App* sweep, int* exit_code) {
  auto args = std::make_shared<Args>();
  CLI::App* command = sweep->add_subcommand(
      "manifests", "Print a Kubernetes Indexed Job or a Slurm array that runs the shards of a sweep.");
  command->add_option("KIND", args->kind, "kubernetes or slurm")
      ->required()
      ->check(CLI::IsMember({"kubernetes", "slurm"}));
  command->add_option("--shards", args->shards, "So many parts")->required()->check(WholeNumber<int64_t>(1, 10000));
  command->add_option("--name", args->name, "Of the job")->check(AcceptedBy(CheckName))->capture_default_str();
  command->add_option("--image", args->image, "Kubernetes: the image that has muster");
  command->add_option("--claim", args->claim,
                      "Kubernetes: a PersistentVolumeClaim that all pods may write to (ReadWriteMany)");
  command->add_option("--queue", args->queue, "Kubernetes: a LocalQueue; the job waits there for its quota");
  command->add_option("--cpu", args->cpu, "Cores of each part, and its --jobs unless that is given")
      ->check(WholeNumber<int>(1, 1024))
      ->capture_default_str();
  command->add_option("--memory", args->memory, "Of each part")->check(AcceptedBy(CheckMemory))->capture_default_str();
  command->add_option("--time", args->time, "Slurm: the time limit")
      ->check(AcceptedBy(CheckTime))
      ->capture_default_str();
  command->add_option("ARGUMENT", args->words, "After --: what `muster sweep` is to be called with")->required();
  command->callback([args, exit_code] {
    if (args->kind == "kubernetes" && (args->image.empty() || args->claim.empty())) {
      std::cerr << "muster sweep manifests: kubernetes needs --image and --claim\n";
      *exit_code = 2;
      return;
    }
    std::cout << (args->kind == "kubernetes" ? IndexedJob(*args) : SlurmArray(*args));
  });
}

}  // namespace muster::cli
