// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "flags.h"

namespace ringmq::bench {

void AddStatefulFlags(CLI::App& app, Settings& s) {
  app.option_defaults()->group("Coming and going");
  app.add_option("--churn", s.churn,
                 "of churn: connections that come and go, as 500/s, or 5%/s of --clients")
      ->capture_default_str();
  app.add_flag("--abrupt", s.abrupt, "they leave without DISCONNECT, by a reset");
  app.add_option("--filter", s.filter,
                 "what each of --clients subscribes to, {i} is filled in; nothing should be "
                 "published there");
}

}  // namespace ringmq::bench
