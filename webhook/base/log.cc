#include "webhook/base/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace muster::webhook {
namespace {

constexpr size_t kQueuedLines = 8192;

constexpr std::pair<const char*, LogLevel> kLevels[] = {
    {"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo}, {"warn", LogLevel::kWarn}, {"error", LogLevel::kError}};

const char* Name(LogLevel level) { return kLevels[static_cast<int>(level)].first; }

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

}  // namespace

absl::StatusOr<LogLevel> ParseLogLevel(absl::string_view text) {
  for (const auto& [name, level] : kLevels) {
    if (text == name) return level;
  }
  return absl::InvalidArgumentError(absl::StrCat("log level ", text, ": must be debug, info, warn or error"));
}

std::string LogLine(LogLevel level, absl::string_view time, absl::string_view message,
                    const nlohmann::ordered_json& fields) {
  nlohmann::ordered_json line = {{"ts", std::string(time)}, {"level", Name(level)}, {"msg", std::string(message)}};
  if (fields.is_object()) line.update(fields);
  return line.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::ordered_json::error_handler_t::replace);
}

Log::Log(LogLevel level) : level_(level) {
  auto pool = std::make_shared<spdlog::details::thread_pool>(kQueuedLines, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  logger_ = std::make_shared<spdlog::async_logger>("muster", std::move(sink), pool,
                                                   spdlog::async_overflow_policy::overrun_oldest);
  pool_ = std::move(pool);
  logger_->set_pattern("%v");
  logger_->set_level(ToSpdlog(level));
  logger_->flush_on(spdlog::level::info);
}

Log::~Log() = default;

void Log::Write(LogLevel level, absl::string_view message) const { Write(level, message, nullptr); }

void Log::Write(LogLevel level, absl::string_view message, const nlohmann::ordered_json& fields) const {
  if (!enabled(level)) return;
  const std::string now = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  const std::string line = LogLine(level, now, message, fields);
  logger_->log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace muster::webhook
