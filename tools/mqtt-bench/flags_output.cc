// SPDX-License-Identifier: Apache-2.0
#include "flags.h"

#include <CLI/CLI.hpp>
#include <string>

#include "exporter.h"
#include "line_writer.h"
#include "metric_pattern.h"
#include "outputs.h"
#include "percentiles.h"

namespace ringmq::bench {

void AddWatchFlag(CLI::App& app, const char* flag, int& pid, const char* what) {
  constexpr const char* kAuto = "auto";
  app.add_option_function<std::string>(
         flag,
         [&pid](const std::string& text) {
           if (text == kAuto) {
             pid = kWatchAuto;
           } else {
             CLI::detail::lexical_cast(text, pid);
           }
         },
         what)
      ->check([](const std::string& text) {
        int number = 0;
        const bool is_one = CLI::detail::lexical_cast(text, number) && number > 0;
        return is_one || text == kAuto ? std::string()
                                       : "a process has a number; for example $(pidof ringmqd)";
      })
      ->type_name("PID");
}

void AddMeasureFlags(CLI::App& app, Settings& s) {
  app.option_defaults()->group("Measure");
  app.add_option(
         "--stamp", s.stamp,
         "what tells messages apart: full (32 bytes of the payload, with checksum), compact "
         "(16), payload (what of both fits), corr (Correlation Data; MQTT 5), none (they "
         "are only counted); auto: the first of these that fits")
      ->check(CLI::IsMember({"auto", "payload", "full", "compact", "corr", "none"}))
      ->capture_default_str();
  app.add_option("--verify", s.verify,
                 "full: each message is accounted for; counts: loss by the totals, without memory "
                 "for each flow; off: deliveries are counted and timed")
      ->check(CLI::IsMember({"off", "counts", "full"}))
      ->capture_default_str();
  app.add_option("--legacy-latency", s.legacy_latency,
                 "service: report as response what other tools do, from the send on, without the "
                 "wait before it")
      ->check(CLI::IsMember({"service"}));
  app.add_option("--percentiles", s.percentiles,
                 "of the tables in the report, the page and --csv-latency, as 50,90,99,99.9")
      ->check([](const std::string& text) {
        return std::string(ParsePercentiles(text).status().message());
      });
  app.add_flag("--intervals", s.intervals,
               "keep the histograms of each second, also in --json for a later report --hdr; --hdr "
               "implies it");
  app.add_option("--scrape", s.scraped,
                 "page of metrics in Prometheus' format, of the broker or anybody, to show what "
                 "changed there; may be repeated")
      ->type_name("URL");
  app.add_flag("--sys", s.watches_sys,
               "listen to $SYS/# on a connection of its own, to show what changed there");
  app.add_option(
         "--scrape-only", s.scrape_only,
         "which metrics of --scrape and --sys count, by a regular expression for their names")
      ->check(WhyNoPattern)
      ->type_name("REGEX");
  AddWatchFlag(app, "--watch-pid", s.watch_pid,
               "the broker's process, to show what it spent; auto: who listens there");
}

void AddJudgeFlags(CLI::App& app, Settings& s) {
  app.option_defaults()->group("Judge");
  app.add_option("--assert", s.assertions,
                 "what has to hold, as 'p99(e2e)<5ms' or 'loss==0'; may be repeated")
      ->type_name("TEXT");
  app.add_flag("--allow-invalid", s.allow_invalid,
               "exit 0 though the measurement is invalid, if there is one");
  app.add_option("--lag-max", s.lag_max,
                 "the send lag that may be in p99.9 of a valid run, as 200us; without: 10 % of the "
                 "median response")
      ->type_name("TIME");
}

void AddOutputFlags(CLI::App& app, Settings& s) {
  app.option_defaults()->group("Output");
  s.outputs.resize(Outputs().size());
  for (size_t i = 0; i < s.outputs.size(); ++i) {
    CLI::Option* const option =
        app.add_option(Outputs()[i].flag, s.outputs[i], Outputs()[i].what)->type_name("FILE");
    if (i == IndexOf("--prometheus")) option->check(WhyNoMetricsTarget);
  }
  app.add_option("--jsonl-fd", s.lines_fd,
                 "write the run while it goes to this descriptor, a line of JSON a second; as "
                 "--jsonl-fd 3 3>lines")
      ->check([](const std::string& text) {
        int fd = 0;
        const bool is_one = CLI::detail::lexical_cast(text, fd) && fd >= 0;
        return is_one ? WhyNoOutput(fd) : std::string("a descriptor has a number; for example 3");
      })
      ->type_name("FD");
  app.add_flag("--no-tui", s.no_screen, "a line a second also on a terminal, no screen");
  app.add_flag("--show-config", s.show_config, "show what all flags are, and do nothing else");
  app.add_flag("--quiet", s.quiet, "neither screen nor lines while it runs");
}

}  // namespace ringmq::bench
