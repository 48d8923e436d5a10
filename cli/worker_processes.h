// This program started again, many times side by side, with other arguments.
#ifndef MUSTER_CLI_WORKER_PROCESSES_H_
#define MUSTER_CLI_WORKER_PROCESSES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace muster::cli {

struct WorkerHooks {
  // The arguments for one piece of work, without the name of the program.
  std::function<std::vector<std::string>(int64_t work)> arguments;
  // Told of each that ended well, in the order in which they end.
  std::function<void(int64_t work)> on_done;
};

// Runs a process for each of `works`, at most `jobs` at a time. Their standard output is thrown away. When one fails no
// more are started, and those that run are waited for. When this process ends, however it does, SIGTERM ends them.
// Errors: what the first that failed wrote to standard error, or how it ended; Unavailable if none can be started.
// Thread-safety: no other thread may start or await processes.
absl::Status RunWorkers(const std::vector<int64_t>& works, int jobs, const WorkerHooks& hooks);

}  // namespace muster::cli

#endif  // MUSTER_CLI_WORKER_PROCESSES_H_
