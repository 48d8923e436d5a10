// The subcommands of `muster`. Each Add* registers one; it runs while CLI11 parses and sets *exit_code: 0 done, 1
// failed (with the reason on standard error). Wrong usage is CLI11's to report.
#ifndef MUSTER_CLI_COMMANDS_H_
#define MUSTER_CLI_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <string>

namespace muster::cli {

// `simulate`: replay a trace under a policy.
void AddSimulate(CLI::App* app, int* exit_code);
// `generate`: make up a trace.
void AddGenerate(CLI::App* app, int* exit_code);
// `trace inspect`, `trace convert` and `trace nodes`.
void AddTrace(CLI::App* app, int* exit_code);
// `validate`: read policy files and say what is wrong with them.
void AddValidate(CLI::App* app, int* exit_code);
// `compile` and `decompile`: HyperPod policy to Kueue objects and back.
void AddCompile(CLI::App* app, int* exit_code);
void AddDecompile(CLI::App* app, int* exit_code);
// `lint`: what is wrong, or likely to be regretted, in HyperPod policy.
void AddLint(CLI::App* app, int* exit_code);
// `topology`: draw a topology and try gangs on it.
void AddTopology(CLI::App* app, int* exit_code);
// `pack`: put pods on nodes one by one.
void AddPack(CLI::App* app, int* exit_code);
// `webhook`: serve Kueue's admission webhooks; `webhook manifests`: print what a cluster needs for it.
void AddManager(CLI::App* app, int* exit_code);
void AddManagerManifests(CLI::App* manager, int* exit_code);
void AddWebhook(CLI::App* app, int* exit_code);
void AddWebhookManifests(CLI::App* webhook, int* exit_code);
// `version`, and what it prints.
std::string VersionLine();
// `scenario run`: play scenario files and check what they expect. Exit code 2: a file cannot be used.
void AddScenario(CLI::App* app, int* exit_code);
// `workloads`: print the Workloads that jobs become.
void AddWorkloads(CLI::App* app, int* exit_code);
// `version`.
void AddVersion(CLI::App* app);

}  // namespace muster::cli

#endif  // MUSTER_CLI_COMMANDS_H_
