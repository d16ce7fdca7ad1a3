// SPDX-License-Identifier: Apache-2.0
#include "scrape.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "http.h"
#include "metric_pattern.h"
#include "reactor/clock.h"
#include "report/telemetry.h"

namespace ringmq::bench {
namespace {

class Scraper : public Onlooker {
 public:
  Scraper(const std::string& url, const std::string& pattern)
      : url_(url), pattern_(pattern), pattern_text_(pattern) {}
  ~Scraper() override { Stop(); }

  void LookFirst() override { LookOnce(); }

  void OnStart() override { began_s_ = NowS(); }

  void OnTick(const load::Tick&) override {
    if (!thread_.joinable()) thread_ = std::thread([this] { LookOften(); });
  }

  void LookLast() override {
    Stop();
    LookOnce();
  }

  void OnResult(report::Result& result) override {
    if (failures_ > 0) {
      result.notes.push_back(absl::StrCat("--scrape ", url_, ": ", failures_, " of ", tries_,
                                          " looks failed, the last for this: ", problem_, "."));
    }
    if (log_.looks() == 0) return;
    if (!fits_any_) {
      result.notes.push_back(absl::StrCat("--scrape ", url_, ": nothing there fits --scrape-only '",
                                          pattern_text_, "'."));
      return;
    }
    report::Telemetry telemetry = log_.Take(url_, began_s_);
    if (telemetry.looks > 1 && !HasChanged(telemetry)) {
      result.notes.push_back(
          absl::StrCat("--scrape ", url_, ": no counter rose, and no gauge moved."));
    }
    result.telemetry.push_back(std::move(telemetry));
  }

 private:
  static double NowS() { return static_cast<double>(reactor::MonotonicNow().ns) * 1e-9; }

  // On one thread at a time: that of the first look, the one that looks often, that of the last.
  void LookOnce() {
    ++tries_;
    const double at_s = NowS();
    const absl::StatusOr<std::string> text = HttpGet(url_);
    std::vector<report::TelemetrySample> samples;
    if (text.ok()) samples = report::ParseMetrics(*text);
    if (!text.ok() || samples.empty()) {
      ++failures_;
      problem_ = text.ok() ? "there are no metrics" : std::string(text.status().message());
      return;
    }
    std::erase_if(samples, [this](const report::TelemetrySample& sample) {
      return !pattern_.Fits(sample.name);
    });
    fits_any_ |= !samples.empty();
    log_.Add(at_s, samples);
  }

  void LookOften() {
    std::unique_lock lock(mutex_);
    while (!has_to_end_.wait_for(lock, std::chrono::seconds(1), [this] { return ends_; })) {
      lock.unlock();
      LookOnce();
      lock.lock();
    }
  }

  void Stop() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    has_to_end_.notify_one();
    thread_.join();
  }

  const std::string url_;
  const MetricPattern pattern_;
  const std::string pattern_text_;
  double began_s_ = 0;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable has_to_end_;
  bool ends_ = false;  // Guarded by the mutex.
  // Of the thread that looks.
  bool fits_any_ = false;
  report::TelemetryLog log_;
  uint64_t tries_ = 0;
  uint64_t failures_ = 0;
  std::string problem_;  // Of the last look that failed.
};

}  // namespace

absl::StatusOr<std::unique_ptr<Onlooker>> MakeScraper(const std::string& url,
                                                      const std::string& pattern) {
  if (const absl::Status status = CheckHttpUrl(url); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--scrape: ", status.message()));
  }
  return std::make_unique<Scraper>(url, pattern);
}

}  // namespace ringmq::bench
