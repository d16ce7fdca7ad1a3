// SPDX-License-Identifier: Apache-2.0
#include "presets.h"

#include <algorithm>
#include <cmath>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "measure/quantity.h"
#include "report/columns.h"

namespace ringmq::bench {
namespace {

constexpr std::string_view kSuitePrefix = "singlenode-";

// What all of the suite have in common: QoS 1, 16 bytes, keep alive 300 s, clean, half an hour.
#define RINGMQ_SUITE "--qos 1 --payload 16 --stamp compact --keepalive 300 --duration 30m"
#define RINGMQ_SUITE_CONN "--keepalive 300 --duration 30m --version 4"

constexpr Preset kPresets[] = {
    {.name = "conn-tcp-10K-100",
     .what = "10,000 connections, 100 a second, held for half an hour",
     .command = "conn",
     .connections = 10'000,
     .connects_per_s = 100,
     .flags = RINGMQ_SUITE_CONN},
    {.name = "conn-tcp-1M-5K",
     .what = "a million connections, 5,000 a second, held for half an hour",
     .command = "conn",
     .connections = 1'000'000,
     .connects_per_s = 5'000,
     .flags = RINGMQ_SUITE_CONN},
    {.name = "fanout-1-1000-1-1000K",
     .what = "1 publisher, 1 message a second to 1,000 subscribers",
     .command = "fanout",
     .publishers = 1,
     .subscribers = 1'000,
     .rate_per_s = 1,
     .flags = RINGMQ_SUITE " --version 4"},
    {.name = "fanout-5-1000-5-250K",
     .what = "5 publishers, 50 messages a second each, all to 1,000 subscribers",
     .command = "pubsub",
     .publishers = 5,
     .subscribers = 1'000,
     .rate_per_s = 250,
     .flags = RINGMQ_SUITE " --version 4"},
    {.name = "p2p-1K-1K-1K-1K",
     .what = "1,000 pairs, a message a second each",
     .command = "pairs",
     .publishers = 1'000,
     .subscribers = 1'000,
     .rate_per_s = 1'000,
     .flags = RINGMQ_SUITE " --version 4"},
    {.name = "p2p-50K-50K-50K-50K",
     .what = "50,000 pairs, a message a second each",
     .command = "pairs",
     .publishers = 50'000,
     .subscribers = 50'000,
     .rate_per_s = 50'000,
     .flags = RINGMQ_SUITE " --version 4"},
    {.name = "sharesub-1K-5-1K-1K",
     .what = "1,000 publishers, a message a second each, to a shared group of 5",
     .command = "shared",
     .publishers = 1'000,
     .subscribers = 5,
     .rate_per_s = 1'000,
     .flags = RINGMQ_SUITE},
    {.name = "sharesub-50K-500-50K-50K",
     .what = "50,000 publishers, a message a second each, to a shared group of 500",
     .command = "shared",
     .publishers = 50'000,
     .subscribers = 500,
     .rate_per_s = 50'000,
     .flags = RINGMQ_SUITE},
    // Ours: how much goes through, with as much under way as keeps every broker busy.
    {.name = "p2p-qos0",
     .what = "10 pairs, QoS 0, as fast as it goes",
     .command = "pairs",
     .publishers = 10,
     .subscribers = 10,
     .flags = "--inflight 20000"},
    {.name = "p2p-qos1",
     .what = "10 pairs, QoS 1, as fast as it goes",
     .command = "pairs",
     .publishers = 10,
     .subscribers = 10,
     .flags = "--qos 1 --inflight 2000"},
    {.name = "p2p-qos2",
     .what = "10 pairs, QoS 2, as fast as it goes",
     .command = "pairs",
     .publishers = 10,
     .subscribers = 10,
     .flags = "--qos 2 --inflight 2000"},
    {.name = "p2p-1KiB",
     .what = "10 pairs, QoS 0, 1 KiB, as fast as it goes",
     .command = "pairs",
     .publishers = 10,
     .subscribers = 10,
     .flags = "--payload 1k --inflight 20000"},
    {.name = "p2p-16KiB",
     .what = "10 pairs, QoS 0, 16 KiB, as fast as it goes",
     .command = "pairs",
     .publishers = 10,
     .subscribers = 10,
     .flags = "--payload 16k --inflight 5000"},
    {.name = "fanout-100",
     .what = "1 publisher to 100 subscribers, QoS 0, as fast as it goes",
     .command = "fanout",
     .publishers = 1,
     .subscribers = 100,
     .flags = "--inflight 60000"},
    {.name = "fanout-1000",
     .what = "1 publisher to 1,000 subscribers, QoS 0, as fast as it goes",
     .command = "fanout",
     .publishers = 1,
     .subscribers = 1'000,
     .flags = "--inflight 60000"},
    {.name = "fanout-100-qos1",
     .what = "1 publisher to 100 subscribers, QoS 1, as fast as it goes",
     .command = "fanout",
     .publishers = 1,
     .subscribers = 100,
     .flags = "--qos 1 --inflight 2000"},
    {.name = "fanin-100",
     .what = "100 publishers to 1 subscriber, QoS 0, as fast as it goes",
     .command = "fanin",
     .publishers = 100,
     .subscribers = 1,
     .flags = "--inflight 20000"},
    {.name = "fanin-100-qos1",
     .what = "100 publishers to 1 subscriber, QoS 1, as fast as it goes",
     .command = "fanin",
     .publishers = 100,
     .subscribers = 1,
     .flags = "--qos 1 --inflight 200"},
    {.name = "shared-100-10",
     .what = "100 publishers to a shared group of 10, QoS 1, as fast as it goes",
     .command = "shared",
     .publishers = 100,
     .subscribers = 10,
     .flags = "--qos 1 --inflight 200"},
    {.name = "pairs-100-slow",
     .what = "100 pairs, QoS 1, one message each under way: a send for each",
     .command = "pairs",
     .publishers = 100,
     .subscribers = 100,
     .flags = "--qos 1 --inflight 1"},
    {.name = "idle-18K",
     .what = "18,000 idle connections: with --watch-pid, the memory of one",
     .command = "idle",
     .connections = 18'000,
     .flags = "--duration 10s"},
};

#undef RINGMQ_SUITE
#undef RINGMQ_SUITE_CONN

// How names compare: without case, prefix, and the two spellings that the suite uses.
std::string Plain(std::string_view name) {
  std::string plain = absl::AsciiStrToLower(std::string(name));
  if (plain.starts_with(kSuitePrefix)) plain.erase(0, kSuitePrefix.size());
  if (plain.starts_with("sharedsub")) plain.replace(0, 9, "sharesub");
  return plain == "fanout-1-1k-1-1k" ? "fanout-1-1000-1-1000k" : plain;
}

uint32_t Scaled(uint32_t count, double scale) {
  if (count == 0) return 0;
  return static_cast<uint32_t>(std::max(1.0, std::round(count * scale)));
}

// Without an exponent, which flags do not take.
std::string Number(double number) {
  std::string text = absl::StrFormat("%.3f", number);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text == "0" ? "0.001" : text;
}

// For a shell, where that makes a difference.
std::string Quoted(const std::string& value) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+,=";
  if (value.find_first_not_of(kPlain) == std::string::npos) return value;
  return absl::StrCat("'", absl::StrReplaceAll(value, {{"'", "'\\''"}}), "'");
}

}  // namespace

std::span<const Preset> Presets() { return kPresets; }

absl::StatusOr<const Preset*> FindPreset(std::string_view name) {
  const std::string wanted = Plain(name);
  std::string alike;
  for (const Preset& preset : kPresets) {
    const std::string plain = Plain(preset.name);
    if (plain == wanted) return &preset;
    const size_t family = std::min(plain.find('-'), wanted.size());
    if (family > 0 && plain.substr(0, family) == wanted.substr(0, family)) {
      absl::StrAppend(&alike, alike.empty() ? "" : ", ", std::string(preset.name));
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("preset: there is none called '", std::string(name), "'; ",
                   alike.empty() ? "mqtt-bench preset lists them" : "there are ", alike));
}

FlagValues FlagsOf(const Preset& preset, double scale) {
  FlagValues flags;
  const auto add_count = [&flags, scale](const char* flag, uint32_t count) {
    if (count > 0) flags.emplace_back(flag, absl::StrCat(Scaled(count, scale)));
  };
  const auto add_rate = [&flags, scale](const char* flag, double rate_per_s) {
    if (rate_per_s > 0) flags.emplace_back(flag, Number(rate_per_s * scale));
  };
  add_count("--pubs", preset.publishers);
  add_count("--subs", preset.subscribers);
  add_count("--clients", preset.connections);
  add_rate("--rate", preset.rate_per_s);
  add_rate("--ramp", preset.connects_per_s);
  const std::vector<std::string> words =
      absl::StrSplit(std::string(preset.flags), ' ', absl::SkipEmpty());
  for (size_t i = 0; i + 1 < words.size(); i += 2) flags.emplace_back(words[i], words[i + 1]);
  return flags;
}

uint64_t ConnectionsOf(const Preset& preset, double scale) {
  return uint64_t{Scaled(preset.publishers, scale)} + Scaled(preset.subscribers, scale) +
         Scaled(preset.connections, scale);
}

std::string PresetList() {
  std::string list;
  for (const Preset& preset : kPresets) {
    if (&preset == kPresets) {
      list += "Of the Open MQTT Benchmark Suite, by its names:\n";
    } else if (preset.name == "p2p-qos0") {
      list += "\nOurs:\n";
    }
    const uint64_t connections = ConnectionsOf(preset, 1);
    const std::string rate = preset.rate_per_s > 0 ? measure::FormatRateBriefly(preset.rate_per_s)
                             : preset.connects_per_s > 0 ? "-"
                             : preset.connections > 0    ? "-"
                                                         : "all it can";
    absl::StrAppend(&list, "  ", report::PadRight(preset.name, 26),
                    report::PadLeft(report::GroupDigits(connections), 9), " connections  ",
                    report::PadRight(rate, 11), std::string(preset.what), "\n");
  }
  list +=
      "\nEach takes a descriptor a connection; --scale 0.01 shrinks counts and rates, --show "
      "prints "
      "the equal\ncommand line, and any flag may be given beside it, as: mqtt-bench preset "
      "fanout-100 -d 5s\n";
  return list;
}

std::string EqualCommandLine(std::string_view command, const FlagValues& flags) {
  std::string line = absl::StrCat("mqtt-bench ", std::string(command));
  for (const auto& [flag, value] : flags) {
    absl::StrAppend(&line, " ", flag, value.empty() ? "" : " ", Quoted(value));
  }
  return line;
}

}  // namespace ringmq::bench
