// SPDX-License-Identifier: Apache-2.0
#include "output.h"

#include <poll.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace ringmq::cli {

Output::Output(const OutputSettings& settings, const Reporter& reporter)
    : settings_(settings), reporter_(reporter), format_(*Format::Parse(settings.format)) {}

// What an empty payload prints is mosquitto's choice: nothing at all without a format, and no end
// of line that would be missed.
void Output::Print(const Printable& message) {
  if (!settings_.format.empty()) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const JsonLayout layout = settings_.pretty ? JsonLayout::kPretty : JsonLayout::kOneLine;
    if (format_.Print(message, now, layout, pending_) == PrintResult::kPayloadIsNotJson) {
      reporter_.Complain("the payload on topic " + std::string(message.topic) + " is not JSON");
    }
  } else if (settings_.verbose) {
    if (message.payload.empty() && !settings_.end_of_line) return;
    PrintVerbose(message, pending_);
  } else {
    if (message.payload.empty()) return;
    pending_ += message.payload;
  }
  if (settings_.end_of_line) pending_ += '\n';
}

bool Output::Flush() {
  std::string_view rest = pending_;
  while (!rest.empty()) {  // Each round writes something, waits for room, or ends.
    const ssize_t written = write(STDOUT_FILENO, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd room{STDOUT_FILENO, POLLOUT, 0};
      poll(&room, 1, -1);
    } else if (errno != EINTR) {
      if (errno != EPIPE) {
        reporter_.Complain(std::string("standard output: ") + std::strerror(errno));
        has_failed_ = true;
      }
      pending_.clear();
      return false;
    }
  }
  pending_.clear();
  return true;
}

Printable PrintableOf(const Message& message) {
  Printable printable{.topic = message.topic(),
                      .payload = message.payload(),
                      .qos = message.qos(),
                      .retain = message.retain(),
                      .packet_id = message.packet_id()};
  if (message.has_properties()) printable.properties = message.properties();
  return printable;
}

}  // namespace ringmq::cli
