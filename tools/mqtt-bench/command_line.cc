// SPDX-License-Identifier: Apache-2.0
#include "command_line.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "outputs.h"

namespace ringmq::bench {
namespace {

constexpr int kVersionOfTool = 0;

constexpr std::pair<const char*, const char*> kCommands[] = {
    {"pubsub", "publishers and subscribers, each to each (the default)"},
    {"pub", "publishers only"},
    {"sub", "subscribers only, for as long as the run takes"},
    {"fanout", "one publisher, many subscribers"},
    {"fanin", "many publishers, one subscriber"},
    {"shared", "publishers and one shared group of subscribers"},
    {"pairs", "each publisher has a subscriber of its own"},
    {"rr", "request and response: publishers ask, subscribers answer"},
    {"conn", "connect, hold, leave"},
    {"idle", "as conn; with --watch-pid: the broker's bytes per connection"},
};

void AddTargetFlags(CLI::App& app, Settings& s) {
  app.add_option("-u,--url", s.url, "mqtt, mqtts, ws or wss://host:port, or unix:///path")
      ->capture_default_str();
  app.add_option("--ca", s.ca_file, "authorities to trust (PEM); without: the system's");
  app.add_option("--cert", s.certificate_file, "certificate of all clients (PEM)");
  app.add_option("--key", s.key_file, "its key (PEM)");
  app.add_flag("--insecure", s.insecure, "believe every certificate");
  app.add_flag("--tls-resume", s.tls_resume, "resume TLS sessions instead of full handshakes");
  app.add_option("--keylog", s.keylog_file, "append the keys of TLS sessions, for Wireshark");
}

void AddFlags(CLI::App& app, Settings& s) {
  app.add_option("-V,--version", s.version, "of MQTT: 3, 4 or 5; without a value: of mqtt-bench")
      ->check(CLI::IsMember({kVersionOfTool, 3, 4, 5}))
      ->expected(0, 1)
      ->default_str(std::to_string(kVersionOfTool));
  app.add_option("-p,--pubs", s.publishers, "publishers")->capture_default_str();
  app.add_option("-s,--subs", s.subscribers, "subscribers")->capture_default_str();
  app.add_option("-c,--clients", s.connections, "connections of conn and idle")
      ->capture_default_str();
  app.add_option("--topic", s.topic, "{pub} is the publisher's number")->capture_default_str();
  app.add_option("--client-id", s.client_id, "{run}, {role} and {i} are filled in")
      ->capture_default_str();
  app.add_option("-q,--qos", s.qos, "0, 1 or 2")->check(CLI::Range(0, 2))->capture_default_str();
  app.add_option("-r,--rate", s.rate,
                 "messages per second of the whole run, as 200k; none: closed loop");
  app.add_option("--arrival", s.arrival, "constant, poisson or burst:N")->capture_default_str();
  app.add_option("--inflight", s.in_flight,
                 "unacknowledged messages of a publisher; at QoS 0 in a closed loop: messages on "
                 "their way in all")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  app.add_option("--payload", s.payload, "bytes, as 64, 4k or 64-4k, or @file")
      ->capture_default_str();
  app.add_option("--stamp", s.stamp, "full (32 bytes, with checksum) or compact (16)")
      ->check(CLI::IsMember({"full", "compact"}))
      ->capture_default_str();
  app.add_option("-d,--duration", s.duration, "of what is measured, as 10s")->capture_default_str();
  app.add_option(
      "-n,--messages", s.messages,
      "messages in all, as 10k; without --duration: until they are sent, and no warm-up");
  app.add_option("--warmup", s.warmup, "load before that")->capture_default_str();
  app.add_option("--drain", s.drain, "wait at most so long for what is on its way")
      ->capture_default_str();
  app.add_option("--ramp", s.connect_rate, "connections per second, as 2k/s")
      ->capture_default_str();
  app.add_option("--threads", s.threads, "threads")->check(CLI::Range(1, 256));
  app.add_option("--source-ip", s.sources,
                 "spread connections over these addresses, as 10.0.0.1,10.0.0.2 or 10.0.0.0/28; a "
                 "number: so many of 127.0.0.0/8");
  app.add_option("--user", s.user, "{i} is filled in");
  app.add_option("--pass", s.password, "{i} is filled in");
  app.add_option("--keepalive", s.keep_alive_s, "seconds")->capture_default_str();
  app.add_option("--engine", s.engine, "auto, io_uring or epoll")
      ->check(CLI::IsMember({"auto", "io_uring", "epoll"}))
      ->capture_default_str();
  app.add_option("--seed", s.seed, "of random arrivals")->capture_default_str();
  app.add_option("--watch-pid", s.watch_pid, "the broker's process, to show what it spent");
  app.add_option("--assert", s.assertions,
                 "what has to hold, as 'p99(e2e)<5ms' or 'loss==0'; may be repeated")
      ->type_name("TEXT");
  s.outputs.resize(Outputs().size());
  for (size_t i = 0; i < s.outputs.size(); ++i) {
    app.add_option(Outputs()[i].flag, s.outputs[i], Outputs()[i].what)->type_name("FILE");
  }
  app.add_flag("--quiet", s.quiet, "no progress lines");
  app.add_flag("--allow-invalid", s.allow_invalid, "exit 0 though the generator was the limit");
}

// What some commands take for granted where others do not.
void SetDefaults(const CLI::App& app, Settings& s) {
  const auto set = [&app](const char* flag, std::string& value, const char* instead) {
    if (app.count(flag) == 0) value = instead;
  };
  if (!s.messages.empty()) {
    set("--duration", s.duration, "1d");
    set("--warmup", s.warmup, "0s");
  }
}

void AddComparing(CLI::App& app, Settings& s) {
  CLI::App* const compare =
      app.add_subcommand("compare", "results side by side; five runs of each say most")
          ->fallthrough();
  compare->add_option("file", s.files, "result.json of A")->required()->expected(1, -1);
  compare->add_option("--with", s.with, "result.json of B")->expected(1, -1);
  CLI::App* const ab =
      app.add_subcommand("ab", "two brokers in turns, and whether B differs")->fallthrough();
  ab->add_option("--url-b", s.url_b, "the second broker");
  ab->add_option("--watch-pid-b", s.watch_pid_b, "its process");
  std::vector<std::string> scenarios;
  for (const auto& [name, what] : kCommands) scenarios.emplace_back(name);
  ab->add_option("--scenario", s.ab_scenario, "what to run")
      ->check(CLI::IsMember(scenarios))
      ->capture_default_str();
  ab->add_option("--pairs", s.pairs, "how often, each in turns A B, B A; one more warms up")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
}

int Parse(CLI::App& app, int argc, char** argv) {
  CLI11_PARSE(app, argc, argv);
  return -1;
}

}  // namespace

std::optional<int> ParseCommandLine(int argc, char** argv, Settings& settings) {
  CLI::App app("mqtt-bench: how fast, how late, what got lost, and can I believe it?");
  app.fallthrough();
  app.require_subcommand(0, 1);
  AddTargetFlags(app, settings);
  AddFlags(app, settings);
  for (const auto& [name, what] : kCommands) app.add_subcommand(name, what)->fallthrough();
  app.add_subcommand("report", "show a result.json of an earlier run, and write what is asked for")
      ->fallthrough()
      ->add_option("file", settings.files, "result.json")
      ->required()
      ->expected(1);
  AddComparing(app, settings);
  app.add_subcommand("doctor", "what of this machine would limit a run with --clients connections")
      ->fallthrough();
  app.footer(
      "Exit codes: 0 ok, 1 usage, 2 the run failed, 3 the measurement is invalid, 4 an "
      "assertion does not hold.");
  const int code = Parse(app, argc, argv);
  if (code >= 0) return code == 0 ? kOk : kUsage;
  if (settings.version == kVersionOfTool) {
    std::printf("%s\n", RINGMQ_VERSION);
    return kOk;
  }
  const auto chosen = app.get_subcommands();
  settings.command = chosen.empty() ? "pubsub" : chosen.front()->get_name();
  SetDefaults(app, settings);
  return std::nullopt;
}

}  // namespace ringmq::bench
