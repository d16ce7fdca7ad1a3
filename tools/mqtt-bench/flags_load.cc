// SPDX-License-Identifier: Apache-2.0
#include "flags.h"

#include <CLI/CLI.hpp>
#include <string>

#include "measure/quantity.h"

namespace ringmq::bench {
namespace {

// [MQTT-4.8.2-2] in the words of a command line.
std::string NoSlashOrWildcard(const std::string& name) {
  const bool is_right = !name.empty() && name.find_first_of("/+#") == std::string::npos;
  return is_right ? "" : "a name without / + # is needed; for example --share workers";
}

}  // namespace

void AddShapeFlags(CLI::App& app, Settings& s) {
  app.option_defaults()->group("Shape");
  app.add_option("-p,--pubs", s.publishers, "publishers")->capture_default_str();
  app.add_option("-s,--subs", s.subscribers, "subscribers")->capture_default_str();
  app.add_option("-c,--clients", s.connections, "connections of conn, idle, churn and will")
      ->capture_default_str();
  app.add_option(
         "--topic", s.topic,
         "{pub} is the publisher's number, {run} the run's; {rand:N} a number below N, drawn "
         "for each message; {topic} as --topics says")
      ->capture_default_str();
  app.add_option_function<std::string>(
         "--topics",
         [&s](const std::string& text) {
           s.topics = static_cast<uint32_t>(measure::ParseCount(text).value());
         },
         "each publisher sends to so many topics in turns, as 1k, with their numbers for {topic} "
         "in "
         "--topic, or behind it")
      ->check([](const std::string& text) {
        const auto count = measure::ParseCount(text);
        const bool is_one = count.ok() && *count >= 1 && *count <= 1e9;
        return is_one ? std::string() : "from 1 to 1G; for example --topics 1k";
      })
      ->type_name("COUNT");
  app.add_option(
         "--filter", s.filters,
         "what subscribers have instead of a filter of all that --topic means, or --clients, "
         "where nothing should be published then; {i}, {role} and {run} as in --client-id; if "
         "repeated, client n takes the n mod so many")
      ->expected(1)
      ->take_all();
  app.add_option("--share,--group", s.group, "name of the shared group of shared and rr")
      ->check(NoSlashOrWildcard)
      ->capture_default_str();
  app.add_option("--ramp", s.connect_rate,
                 "connections per second, as 2k/s, or the time for all of them, as 10s")
      ->capture_default_str();
}

void AddLoadFlags(CLI::App& app, Settings& s) {
  app.option_defaults()->group("Load");
  app.add_option("-q,--qos", s.qos, "0, 1 or 2")->check(CLI::Range(0, 2))->capture_default_str();
  app.add_option("-r,--rate", s.rate,
                 "messages per second of the whole run, as 200k; none: closed loop");
  app.add_option("--rate-per-client", s.rate_per_client,
                 "instead of --rate: messages per second of each publisher, as 0.5 or 10")
      ->excludes("--rate");
  app.add_option("--arrival", s.arrival, "constant, poisson or burst:N")->capture_default_str();
  app.add_option("--inflight", s.in_flight,
                 "unacknowledged messages of a publisher; at QoS 0 in a closed loop: messages on "
                 "their way in all")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  app.add_option("--payload", s.payload,
                 "bytes, as 64, 4k or 64-4k; or @file; or a text in which {seq}, {pub}, {time} "
                 "(milliseconds since 1970) and {rand:N} (a number below N) are filled in for each "
                 "message, as '{\"id\":{pub},\"n\":{seq}}'")
      ->capture_default_str();
  app.add_option("--payload-template", s.payload_template, "such a text, from a file")
      ->check([](const std::string& name) {
        return name.empty() ? std::string("a file has a name; for example message.json")
                            : std::string();
      })
      ->type_name("FILE")
      ->excludes("--payload");
  app.add_flag("--retain", s.retain, "messages are retained; the last of each topic stays there");
  app.add_option("--user-property,--prop", s.user_properties,
                 "a user property of each message, as name=value; may be repeated; MQTT 5")
      ->expected(1)
      ->take_all();
  app.add_option("--alias", s.alias,
                 "auto: publishers name their topic once and use a topic alias then, if the broker "
                 "takes any; MQTT 5")
      ->check(CLI::IsMember({"auto", "off"}))
      ->capture_default_str();
  app.add_option("--seed", s.seed, "of random arrivals, lengths and topics")->capture_default_str();
}

void AddLengthFlags(CLI::App& app, Settings& s) {
  app.option_defaults()->group("Length");
  app.add_option("-d,--duration", s.duration, "of what is measured, as 10s")->capture_default_str();
  app.add_option(
      "-n,--messages", s.messages,
      "messages in all, as 10k; without --duration: until they are sent, and no warm-up");
  app.add_option("--warmup", s.warmup, "load before that")->capture_default_str();
  app.add_option("--drain", s.drain, "wait at most so long for what is on its way")
      ->capture_default_str();
  app.add_option("--trials", s.trials,
                 "make the run so often, and show how far its figures scatter")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
}

}  // namespace ringmq::bench
