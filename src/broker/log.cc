// SPDX-License-Identifier: Apache-2.0
#include "broker/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <string>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include "broker/limits.h"

namespace ringmq::broker {
namespace {

constexpr std::string_view kCut = "...";

spdlog::level::level_enum SpdlogLevel(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// Of syslog(3), as sd-daemon(3) wants them.
std::string_view JournalPrefix(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "<7>";
    case LogLevel::kInfo:
      return "<6>";
    case LogLevel::kWarning:
      return "<4>";
    case LogLevel::kError:
      return "<3>";
  }
  return "<3>";
}

class StderrLog final : public Log {
 public:
  StderrLog(LogLevel level, LogFormat format)
      : Log(level),
        format_(format),
        logger_("ringmqd", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger_.set_level(spdlog::level::debug);  // Log has filtered before.
    logger_.set_pattern(format == LogFormat::kJournal ? "%v" : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    logger_.flush_on(spdlog::level::debug);
  }

 protected:
  void Emit(LogLevel level, std::string_view line) override {
    const std::string_view prefix =
        format_ == LogFormat::kJournal ? JournalPrefix(level) : std::string_view();
    logger_.log(SpdlogLevel(level), "{}{}", prefix, line);
  }

 private:
  const LogFormat format_;
  spdlog::logger logger_;
};

// A client's bytes must neither begin a line of their own nor steer the operator's terminal.
void Escape(std::string_view text, std::string& out) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    }
  }
}

}  // namespace

void Log::WriteFormatted(LogLevel level, fmt::string_view format, fmt::format_args args) {
  std::string raw;
  fmt::vformat_to(std::back_inserter(raw), format, args);
  std::string line;
  Escape(std::string_view(raw).substr(0, kLogLineBytesMax), line);
  if (line.size() > kLogLineBytesMax || raw.size() > kLogLineBytesMax) {
    line.resize(std::min(line.size(), kLogLineBytesMax - kCut.size()));
    line += kCut;
  }
  Emit(level, line);
}

LogFormat DetectLogFormat() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat status = {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &status) != 0) return LogFormat::kTimestamp;
  // The variable is inherited even where standard error was redirected since; so compare.
  const std::string ours = fmt::format("{}:{}", status.st_dev, status.st_ino);
  return ours == stream ? LogFormat::kJournal : LogFormat::kTimestamp;
}

std::unique_ptr<Log> MakeStderrLog(LogLevel level, LogFormat format) {
  return std::make_unique<StderrLog>(level, format);
}

bool RateLimitedLog::Admit(Instant now, LogLevel level) {
  if (lines_written_ == 0 || now - interval_begin_ >= limit_.interval) Restart(now);
  if (lines_written_ < limit_.lines_max) {
    ++lines_written_;
    return true;
  }
  ++lines_suppressed_;
  suppressed_level_ = std::max(suppressed_level_, level);
  return false;
}

void RateLimitedLog::Flush(Instant now) {
  if (lines_suppressed_ > 0 && now - interval_begin_ >= limit_.interval) Restart(now);
}

void RateLimitedLog::Restart(Instant now) {
  if (lines_suppressed_ > 0) {
    log_.Write(suppressed_level_, "suppressed {} similar lines", lines_suppressed_);
  }
  interval_begin_ = now;
  lines_written_ = 0;
  lines_suppressed_ = 0;
  suppressed_level_ = LogLevel::kDebug;
}

}  // namespace ringmq::broker
