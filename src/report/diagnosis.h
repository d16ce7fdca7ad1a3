// What of this machine would limit a run, and what to do about it.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/columns.h"

namespace ringmq::report {

// What was read from the machine; none: it does not say.
struct Machine {
  uint32_t cores = 0;                       // That this process may use.
  std::optional<double> cores_of_cgroup{};  // What a container grants.
  std::string governor{};                   // Empty: none, as in a virtual machine.
  std::string clock_source{};
  std::optional<uint64_t> memory_free_bytes{};
  std::optional<uint64_t> descriptors{};              // That one process may be allowed.
  std::optional<uint64_t> descriptors_of_all{};       // fs.file-max
  std::optional<uint64_t> ports{};                    // For outgoing connections, of one address.
  std::optional<uint64_t> time_wait{};                // Connections that linger.
  std::optional<uint64_t> backlog{};                  // net.core.somaxconn
  std::optional<uint64_t> listen_overflows{};         // Since the machine started.
  std::optional<uint64_t> connections_tracked{};      // By the firewall,
  std::optional<uint64_t> connections_tracked_max{};  // and how many it can.
  std::string uring_refusal{};                        // Empty: io_uring works.
};

struct RunWanted {
  uint64_t connections = 0;
  uint64_t processes = 1;  // That share them.
  uint64_t source_addresses = 1;
  bool is_loopback = true;  // The broker is on this machine.
  bool has_ports = true;    // As TCP; a Unix socket has none.
};

struct Diagnosed {
  enum Kind : uint8_t {
    kFine,
    kDoubtful,  // Works, but the figures may suffer.
    kTooLow,    // The run that was asked for cannot be had.
  };
  Kind kind = kFine;
  std::string what;   // "descriptors"
  std::string found;  // "1048576"
  std::string why;    // A sentence; empty: fine.
  std::string cure;   // A command or a flag; empty: there is none.
};

[[nodiscard]] std::vector<Diagnosed> Diagnose(const Machine& machine, const RunWanted& wanted);

[[nodiscard]] std::string DiagnosisText(const std::vector<Diagnosed>& diagnosis, Colour colour);

}  // namespace ringmq::report
