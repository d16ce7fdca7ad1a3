// What a command line asks for, once it is understood.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "option_table.h"
#include "ringmq/client.h"
#include "ringmq/options.h"

namespace ringmq::cli {

enum class PayloadSource : uint8_t {
  kNone,      // Not said yet.
  kArgument,  // -m
  kFile,      // -f
  kLines,     // -l
  kStdin,     // -s
  kEmpty,     // -n
};

enum class RetainedFilter : uint8_t { kAll, kNone, kOnly };

struct PublishSettings {
  PayloadSource source = PayloadSource::kNone;
  std::string payload{};  // Of kArgument the payload, of kFile the path.
  bool retain = false;
  uint32_t repeat_count = 1;
  std::chrono::milliseconds repeat_delay{0};
  std::chrono::milliseconds expires_after{0};
  PublishProperties properties{};
};

struct ReceiveSettings {
  std::vector<std::string> unsubscribe{};
  std::vector<std::string> filters_out{};
  uint64_t messages_max = 0;             // Zero: no limit.
  std::chrono::milliseconds timeout{0};  // Zero: none.
  bool leave_when_subscribed = false;
  RetainedFilter retained = RetainedFilter::kAll;
  bool remove_retained = false;
  bool retain_as_published = false;
  uint32_t subscription_id = 0;
  UserProperties subscribe_properties{};
  UserProperties unsubscribe_properties{};
  double print_chance = 1.0;
};

struct OutputSettings {
  std::string format{};  // Empty: payload only, or with the topic if it is verbose.
  bool verbose = false;
  bool end_of_line = true;
  bool pretty = false;
  bool debug = false;
  bool quiet = false;
};

struct Settings {
  Command command = Command::kPub;
  bool help = false;  // Nothing else counts.
  bool version = false;
  Options client{};
  // Prove the password to the server with SCRAM-SHA-256 instead of showing it.
  bool scram = false;
  std::vector<std::string> topics{};  // Of sub filters; of the others exactly one.
  Qos qos = Qos::kAtMostOnce;
  std::string response_topic{};
  PublishSettings publish{};
  ReceiveSettings receive{};
  OutputSettings output{};
  DisconnectOptions disconnect{};
  // What was asked for and understood, and what the client library cannot do: one sentence each.
  std::vector<std::string> unsupported{};
};

}  // namespace ringmq::cli
