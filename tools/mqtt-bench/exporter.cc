// SPDX-License-Identifier: Apache-2.0
#include "exporter.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "measure/text.h"
#include "report/prometheus_page.h"
#include "report/prometheus_report.h"

namespace ringmq::bench {
namespace {

constexpr const char* kAllAddresses = "0.0.0.0";

class Exporting : public Onlooker {
 public:
  Exporting(std::string scenario, Exporter& exporter)
      : scenario_(std::move(scenario)), exporter_(exporter) {}

  void OnTick(const load::Tick& tick) override {
    live_ = LiveMetrics(scenario_, tick);
    exporter_.Publish(live_);
  }
  // The counters stay where they were, for whoever looks at how they rose.
  void OnResult(report::Result& result) override {
    exporter_.Publish(live_ + report::PrometheusReport(result));
  }

 private:
  const std::string scenario_;
  Exporter& exporter_;
  std::string live_;
};

void AddLastSecond(const report::Second& second, report::PrometheusPage& page) {
  constexpr const char* kName = "mqtt_bench_last_second_latency_seconds";
  page.Describe(kName, "gauge", "Quantiles of the last second that is over.");
  const auto add = [&page](const char* metric, const char* quantile, int64_t ns) {
    const std::string labels =
        std::string("metric=\"") + metric + "\",quantile=\"" + quantile + "\"";
    if (ns > 0) page.Add(kName, labels, static_cast<double>(ns) * 1e-9);
  };
  add("response", "0.5", second.response_p50_ns);
  add("response", "0.99", second.response_p99_ns);
  add("send_lag", "0.99", second.lag_p99_ns);
  if (second.broker_rss_bytes == 0) return;
  page.AddGauge("mqtt_bench_broker_cpu_cores", "CPU that the broker used in the last second.",
                second.broker_cpu_cores);
  page.AddGauge("mqtt_bench_broker_memory_bytes", "The broker's memory.",
                static_cast<double>(second.broker_rss_bytes));
}

}  // namespace

std::optional<HostAndPort> MetricsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || text.find('/') != std::string_view::npos) return {};
  const std::string_view digits = text.substr(colon + 1);
  const std::optional<uint16_t> port = measure::ParseNumber<uint16_t>(digits);
  if (!port) return {};
  HostAndPort address = {.host = "", .port = *port};
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  address.host = host.empty() ? kAllAddresses : std::string(host);
  return address;
}

std::string WhyNoMetricsTarget(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || text.find('/') != std::string::npos) return "";
  const std::string digits = text.substr(colon + 1);
  const bool is_meant = digits.find_first_not_of("0123456789") == std::string::npos;
  if (!is_meant || MetricsAddress(text).has_value()) return "";
  return absl::StrCat("'", digits, "' is no port; for example :9300; a file of that name is ./",
                      text);
}

std::string LiveMetrics(const std::string& scenario, const load::Tick& tick) {
  report::PrometheusPage page(scenario);
  page.AddCounter("mqtt_bench_offered_total", "Messages that were due.", tick.offered);
  page.AddCounter("mqtt_bench_sent_total", "Messages that were sent.", tick.sent);
  page.AddCounter("mqtt_bench_acked_total", "Messages that were acknowledged.", tick.acked);
  page.AddCounter("mqtt_bench_received_total", "Deliveries.", tick.received);
  page.AddCounter("mqtt_bench_errors_total", "Failed and lost connections, and refusals.",
                  tick.failed + tick.dropped + tick.refusals);
  page.AddCounter("mqtt_bench_reconnects_total", "Connections that were made again.",
                  tick.reconnects);
  page.AddGauge("mqtt_bench_running", "1 until everybody is to leave.",
                tick.phase == load::Phase::kLeave ? 0 : 1);
  page.AddGauge("mqtt_bench_measuring", "1 while it is measured.",
                tick.phase == load::Phase::kMeasure ? 1 : 0);
  page.AddGauge("mqtt_bench_clients", "Clients that have connected so far.",
                static_cast<double>(tick.connected));
  page.AddGauge("mqtt_bench_in_flight", "Deliveries that are to come.",
                static_cast<double>(tick.in_flight));
  if (!tick.seconds.empty()) AddLastSecond(tick.seconds.back(), page);
  return page.Take();
}

Exporter::Exporter()
    : page_([this] {
        const std::lock_guard lock(mutex_);
        return text_;
      }) {}

absl::Status Exporter::Bind(const HostAndPort& address) {
  const absl::StatusOr<uint16_t> port = page_.Bind(address.host, address.port);
  if (!port.ok()) return port.status();
  const bool is_v6 = address.host.find(':') != std::string::npos;
  std::fprintf(stderr, "metrics at http://%s%s%s:%u/metrics\n", is_v6 ? "[" : "",
               address.host.c_str(), is_v6 ? "]" : "", unsigned{*port});
  return absl::OkStatus();
}

void Exporter::Begin(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    if (!text_.empty()) return;
  }
  Publish(std::move(text));
}

void Exporter::Publish(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    text_ = std::move(text);
  }
  page_.Start();
}

std::unique_ptr<Onlooker> MakeExporting(const std::string& scenario, Exporter& exporter) {
  return std::make_unique<Exporting>(scenario, exporter);
}

}  // namespace ringmq::bench
