// SPDX-License-Identifier: Apache-2.0
#include "line_writer.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "absl/strings/str_cat.h"
#include "report/json_lines.h"
#include "run_once.h"

namespace ringmq::bench {
namespace {

// The run is over then, and what it came to matters more than some time.
constexpr int kLastLineMs = 1'000;

class LineWriter : public Onlooker {
 public:
  LineWriter(const Settings& settings, const report::Result& known)
      : allow_invalid_(settings.allow_invalid), fd_(settings.lines_fd), writer_(fd_) {
    // It is not for the commands of phases.
    fcntl(fd_, F_SETFD, fcntl(fd_, F_GETFD) | FD_CLOEXEC);
    writer_.Write(report::StartLine(known));
  }

  void OnTick(const load::Tick& tick) override {
    WriteSeconds(tick.seconds);
    writer_.Flush(0);
  }

  void OnResult(report::Result& result) override {
    WriteSeconds(result.series);
    if (writer_.dropped() > 0) {
      result.notes.push_back(absl::StrCat(
          "Of the lines for --jsonl-fd ", fd_, " ", writer_.dropped(), " were dropped, for ",
          writer_.is_broken() ? "nobody read them any more." : "they were read too slowly."));
    }
    writer_.Flush(kLastLineMs);
    writer_.Write(report::EndLine(result, ExitCodeOf(result, allow_invalid_), writer_.dropped()));
    writer_.Flush(kLastLineMs);
  }

 private:
  // Those that are new.
  void WriteSeconds(std::span<const report::Second> seconds) {
    const auto first = std::ranges::find_if(
        seconds, [this](const report::Second& second) { return second.at_s > written_s_; });
    for (auto second = first; second != seconds.end(); ++second) {
      writer_.Write(report::SecondLine(*second));
      written_s_ = second->at_s;
    }
  }

  const bool allow_invalid_;
  const int fd_;
  PatientWriter writer_;
  double written_s_ = std::numeric_limits<double>::lowest();
};

}  // namespace

bool PatientWriter::Write(const std::string& line) {
  Flush(0);
  if (is_broken_ || waiting_.size() + line.size() > kWaitingBytesMax) {
    ++dropped_;
    return false;
  }
  waiting_ += line;
  Flush(0);
  return !is_broken_;
}

void PatientWriter::Flush(int timeout_ms) {
  while (!waiting_.empty() && WriteSome(timeout_ms)) continue;
}

bool PatientWriter::WriteSome(int timeout_ms) {
  pollfd output = {.fd = fd_, .events = POLLOUT, .revents = 0};
  if (poll(&output, 1, timeout_ms) <= 0) return false;
  // A pipe that can be written to takes so much at once; the descriptor may be shared with others
  // to whom it blocks, so it is left as it is.
  const ssize_t count = write(fd_, waiting_.data(), std::min<size_t>(waiting_.size(), PIPE_BUF));
  if (count > 0) {
    waiting_.erase(0, static_cast<size_t>(count));
    return true;
  }
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return false;
  is_broken_ = true;
  dropped_ += static_cast<uint64_t>(std::ranges::count(waiting_, '\n'));
  waiting_.clear();
  return false;
}

std::string WhyNoOutput(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return "it is not open; for example --jsonl-fd 3 3>lines.jsonl";
  if ((flags & O_ACCMODE) == O_RDONLY) return "it is open for reading only";
  return "";
}

std::unique_ptr<Onlooker> MakeLineWriter(const Settings& settings, const report::Result& known) {
  return std::make_unique<LineWriter>(settings, known);
}

}  // namespace ringmq::bench
