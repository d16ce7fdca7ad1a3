// Log lines for the operator: one line, one fact.
//
// A thin front over spdlog, so that no other file knows it. What always holds: a line is at most
// kLogLineBytesMax long and has no control characters, whatever a client put into its id or
// topic; and what clients can cause at will goes through a RateLimitedLog.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/time.h"
#include "broker/config.h"

namespace ringmq::broker {

// Any thread may write to one Log.
class Log {
 public:
  explicit Log(LogLevel level) : level_(level) {}
  virtual ~Log() = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Relaxed: a level that changes a line too late harms nobody.
  [[nodiscard]] bool IsEnabled(LogLevel level) const {
    return level >= level_.load(std::memory_order_relaxed);
  }
  void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }

  template <typename... Args>
  void Debug(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kDebug, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void Info(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kInfo, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void Warning(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kWarning, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void Error(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kError, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void Write(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    if (!IsEnabled(level)) return;
    WriteFormatted(level, format, fmt::make_format_args(args...));
  }

 protected:
  // Puts one clean line where lines go. May be called from any thread.
  virtual void Emit(LogLevel level, std::string_view line) = 0;

 private:
  void WriteFormatted(LogLevel level, fmt::string_view format, fmt::format_args args);

  std::atomic<LogLevel> level_;
};

enum class LogFormat : uint8_t {
  kTimestamp,  // "2026-01-31T12:00:00.123+0000 info line"
  kJournal,    // "<6>line": the journal adds its own time.
};

// kJournal if standard error is the journal's socket, as JOURNAL_STREAM says.
[[nodiscard]] LogFormat DetectLogFormat();

[[nodiscard]] std::unique_ptr<Log> MakeStderrLog(LogLevel level, LogFormat format);

// One site that clients can make write at will: at most `lines_max` lines per interval; further
// ones are counted, and the count is the first line after it. One per shard and kind of line;
// not for several threads.
class RateLimitedLog {
 public:
  struct Limit {
    uint32_t lines_max = 10;
    Duration interval = 10 * kSecond;
  };

  // `log` outlives this.
  RateLimitedLog(Log& log, Limit limit) : log_(log), limit_(limit) {}

  template <typename... Args>
  void Write(Instant now, LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    if (!log_.IsEnabled(level)) return;
    if (Admit(now, level)) log_.Write(level, format, std::forward<Args>(args)...);
  }

  // Writes the count if the interval is over. For a periodic timer, so that the count does not
  // wait for the next burst.
  void Flush(Instant now);

 private:
  [[nodiscard]] bool Admit(Instant now, LogLevel level);
  void Restart(Instant now);

  Log& log_;
  Limit limit_;
  Instant interval_begin_ = {};
  uint32_t lines_written_ = 0;  // Zero: no interval has begun.
  uint64_t lines_suppressed_ = 0;
  LogLevel suppressed_level_ = LogLevel::kDebug;  // Highest of them.
};

[[nodiscard]] inline RateLimitedLog::Limit LimitOf(const LogConfig& config) {
  return {.lines_max = config.similar_lines_max,
          .interval = int64_t{config.similar_interval_s} * kSecond};
}

}  // namespace ringmq::broker
