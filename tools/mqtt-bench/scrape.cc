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
      : url_(url), pattern_(pattern), began_ns_(reactor::MonotonicNow().ns) {
    LookOnce();
  }
  ~Scraper() override { Stop(); }

  void OnTick(const load::Tick&) override {
    if (!thread_.joinable()) thread_ = std::thread([this] { LookOften(); });
  }

  void OnResult(report::Result& result) override {
    Stop();
    LookOnce();
    if (failures_ > 0) {
      result.notes.push_back(absl::StrCat("--scrape ", url_, ": ", failures_, " of ", tries_,
                                          " looks failed, the last for this: ", problem_, "."));
    }
    if (log_.looks() > 0) result.telemetry.push_back(log_.Take(url_));
  }

 private:
  // On one thread at a time: the director's before the other begins and after it has ended.
  void LookOnce() {
    ++tries_;
    const double at_s = static_cast<double>(reactor::MonotonicNow().ns - began_ns_) * 1e-9;
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
  const int64_t began_ns_;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable has_to_end_;
  bool ends_ = false;  // Guarded by the mutex.
  // Of the thread that looks.
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
