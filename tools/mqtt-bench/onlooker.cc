// SPDX-License-Identifier: Apache-2.0
#include "onlooker.h"

#include <memory>
#include <string>
#include <utility>

#include "exporter.h"
#include "line_writer.h"
#include "scrape.h"
#include "sys_watch.h"

namespace ringmq::bench {

absl::StatusOr<Onlookers> MakeOnlookers(const Settings& settings, const report::Result& known) {
  Onlookers onlookers;
  for (const std::string& url : settings.scraped) {
    absl::StatusOr<std::unique_ptr<Onlooker>> scraper = MakeScraper(url, settings.scrape_only);
    if (!scraper.ok()) return scraper.status();
    onlookers.push_back(*std::move(scraper));
  }
  if (settings.watches_sys) {
    absl::StatusOr<std::unique_ptr<Onlooker>> watch = MakeSysWatch(settings);
    if (!watch.ok()) return watch.status();
    onlookers.push_back(*std::move(watch));
  }
  if (settings.exporter != nullptr) {
    onlookers.push_back(MakeExporting(settings.command, *settings.exporter));
  }
  if (settings.lines_fd >= 0) onlookers.push_back(MakeLineWriter(settings, known));
  return onlookers;
}

}  // namespace ringmq::bench
