// Log lines as JSON, one object a line on standard error, for whatever collects the logs of a cluster.
#ifndef MUSTER_WEBHOOK_BASE_LOG_H_
#define MUSTER_WEBHOOK_BASE_LOG_H_

#include <memory>
#include <nlohmann/json.hpp>  // callers write the fields in braces
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace spdlog {
class logger;
}  // namespace spdlog

namespace muster::webhook {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

// "debug", "info", "warn", "error". Errors: InvalidArgument.
absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view text);

// {"ts":"2026-01-02T03:04:05.678Z","level":"info","msg":"…", …}. Thread-safe; writing never waits for whoever reads:
// when the reader is too slow the oldest lines are lost.
class Log {
 public:
  // Lines below `level` are not written.
  explicit Log(LogLevel level);
  ~Log();  // writes what is left
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool enabled(LogLevel level) const { return level >= level_; }
  void Write(LogLevel level, absl::string_view message) const;
  // `fields` is an object (or null); its keys follow the standard ones. Invalid UTF-8 is replaced, and all
  // but ASCII escaped, so that a terminal only shows it.
  void Write(LogLevel level, absl::string_view message, const nlohmann::ordered_json& fields) const;

 private:
  const LogLevel level_;
  // Goes after the logger: lines in the queue hold on to the logger, and the last of them ends on the pool's thread,
  // which cannot wait for itself.
  std::shared_ptr<void> pool_;
  std::shared_ptr<spdlog::logger> logger_;
};

// The line Write makes, without its end; for tests.
std::string LogLine(LogLevel level, absl::string_view time, absl::string_view message,
                    const nlohmann::ordered_json& fields);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_BASE_LOG_H_
