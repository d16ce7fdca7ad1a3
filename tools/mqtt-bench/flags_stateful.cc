// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "flags.h"

namespace ringmq::bench {

void AddStatefulFlags(CLI::App& app, Settings& s) {
  app.option_defaults()->group("Coming and going");
  app.add_option("--churn", s.churn,
                 "of churn: connections that come and go, as 500/s, or 5%/s of --clients; of will: "
                 "connections that are cut")
      ->capture_default_str();
  app.add_flag("--abrupt", s.abrupt, "they leave without DISCONNECT, by a reset");
  app.add_flag("--storm", s.storm,
               "of conn: all connect at once, and again after --duration, when all were cut");
  app.add_option("--will-delay", s.will_delay, "of will, with MQTT 5: whole seconds, as 2s")
      ->capture_default_str();
  app.add_flag("--keep", s.keep,
               "of retain and session, and of sessions with --expiry: leave in the broker what was "
               "stored");
}

}  // namespace ringmq::bench
