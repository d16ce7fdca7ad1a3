// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "flags.h"

namespace ringmq::bench {
namespace {

// What can be run at a rate, and answers.
const std::vector<std::string> kRated = {"pubsub", "fanout", "fanin", "shared",
                                         "pairs",  "rr",     "pub"};

void AddSearch(CLI::App& app, Settings& s) {
  CLI::App* const search =
      app.add_subcommand("search", "the highest rate that meets --assert, and the curve up to it")
          ->fallthrough();
  search->add_option("--scenario", s.scenario, "what to run")
      ->check(CLI::IsMember(kRated))
      ->capture_default_str();
  search
      ->add_option("--from", s.search_from, "the lowest rate; each next is --factor times as high")
      ->capture_default_str();
  search->add_option("--to", s.search_to, "nothing above is tried");
  search->add_option("--factor", s.search_factor, "of the climb")->capture_default_str();
  search->add_option("--tolerance", s.search_tolerance, "how exact the answer is to be")
      ->capture_default_str();
  search->add_option("--points", s.points_folder, "keep result and page of each run in this folder")
      ->type_name("DIR");
  search->footer(
      std::string("Without --assert: ") + kSearchedLatency +
      " and loss==0, at QoS 0 loss_permitted==0 too. Each point runs for --duration (5s) "
      "and drains; one that does not hold is tried once more. Exit code 4: not even "
      "--from holds.");
}

void AddSoak(CLI::App& app, Settings& s) {
  CLI::App* const soak =
      app.add_subcommand("soak", "a long run in windows, and whether anything drifts")
          ->fallthrough();
  soak->add_option("--scenario", s.scenario, "what to run")
      ->check(CLI::IsMember(kRated))
      ->capture_default_str();
  soak->add_option("--window", s.window, "a line for each; trends are those of the windows")
      ->capture_default_str();
  soak->footer("Memory and CPU need --watch-pid. Ctrl-C ends it and shows the report.");
}

void AddPreset(CLI::App& app, Settings& s) {
  CLI::App* const preset =
      app.add_subcommand("preset", "a run that has a name; without one: what there is")
          ->fallthrough();
  preset->add_option("name", s.preset, "as fanout-5-1000-5-250K");
  preset->add_option("--scale", s.scale, "times all counts and rates, as 0.01")
      ->capture_default_str();
  preset->add_flag("--show", s.show_only, "print the equal command line and leave");
}

void AddRun(CLI::App& app, Settings& s) {
  CLI::App* const run =
      app.add_subcommand("run", "a run whose rate changes in phases, from a file")->fallthrough();
  run->add_option("file", s.run_file, "TOML")->required()->check(CLI::ExistingFile);
  run->footer(
      "Keys are flags without dashes, and scenario; [[phases]] have duration, rate, to (what the "
      "rate rises or falls to), run (a command for the shell) and name. What is on the command "
      "line has the last word.");
}

}  // namespace

void AddSeriesCommands(CLI::App& app, Settings& settings) {
  AddRun(app, settings);
  AddSearch(app, settings);
  AddSoak(app, settings);
  AddPreset(app, settings);
}

}  // namespace ringmq::bench
