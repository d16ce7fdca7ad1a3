// SPDX-License-Identifier: Apache-2.0
#include "broker/notify.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include <fmt/format.h>

namespace ringmq::broker {
namespace {

// A failure leaves systemd waiting until its own timeout, and is for its log, not ours.
void Send(const std::string& state) { (void)::sd_notify(/*unset_environment=*/0, state.c_str()); }

}  // namespace

void NotifyReady() { Send("READY=1"); }
void NotifyStopping() { Send("STOPPING=1"); }
void NotifyWatchdog() { Send("WATCHDOG=1"); }

void NotifyReloading(Instant now) {
  Send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", now.ns / kMicrosecond.ns));
}

void NotifyStatus(std::string_view status) {
  std::string line(status);
  // A line end would begin another assignment, and a NUL end the message.
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\0'; }, ' ');
  Send("STATUS=" + line);
}

std::optional<Duration> WatchdogInterval() {
  uint64_t interval_us = 0;
  if (::sd_watchdog_enabled(/*unset_environment=*/0, &interval_us) <= 0) return std::nullopt;
  return static_cast<int64_t>(interval_us) * kMicrosecond;
}

}  // namespace ringmq::broker
