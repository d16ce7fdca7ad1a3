// SPDX-License-Identifier: Apache-2.0
#include "onlooker.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "exporter.h"
#include "line_writer.h"
#include "scrape.h"
#include "sys_watch.h"

namespace ringmq::bench {
namespace {

// All at once, for each may have to wait for somebody who is silent.
void Look(const Onlookers& onlookers, void (Onlooker::*look)()) {
  std::vector<std::thread> threads;
  threads.reserve(onlookers.size());
  for (const auto& onlooker : onlookers) {
    threads.emplace_back([&onlooker, look] { (onlooker.get()->*look)(); });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

absl::StatusOr<Onlookers> MakeWatchers(const Settings& settings) {
  // Several processes are forked first; who asks waits for the first tick then.
  if (settings.exporter != nullptr && settings.processes == 1) {
    settings.exporter->Begin(LiveMetrics(settings.command, {}));
  }
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
  Look(onlookers, &Onlooker::LookFirst);
  return onlookers;
}

void LookLast(const Onlookers& onlookers) { Look(onlookers, &Onlooker::LookLast); }

void AddTellers(const Settings& settings, const report::Result& known, Onlookers& onlookers) {
  if (settings.exporter != nullptr) {
    onlookers.push_back(MakeExporting(settings.command, *settings.exporter));
  }
  if (settings.lines_fd >= 0) onlookers.push_back(MakeLineWriter(settings, known));
}

}  // namespace ringmq::bench
