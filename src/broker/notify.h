// What systemd is told (Type=notify, WatchdogSec=), through libsystemd. Without systemd each of
// these does nothing.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace ringmq::broker {

void NotifyReady();
void NotifyStopping();
void NotifyWatchdog();

// To be followed by NotifyReady(). `now` is CLOCK_MONOTONIC, which systemd compares with its own.
void NotifyReloading(Instant now);

// One line for `systemctl status`. Line ends in it become blanks.
void NotifyStatus(std::string_view status);

// How long systemd waits for NotifyWatchdog() before it kills us: call it twice as often. None:
// no watchdog is configured.
[[nodiscard]] std::optional<Duration> WatchdogInterval();

}  // namespace ringmq::broker
