// SPDX-License-Identifier: Apache-2.0
#include "report/html_report.h"

#include <array>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "measure/quantity.h"
#include "report/columns.h"
#include "report/latency_charts.h"
#include "report/markup.h"
#include "report/page.h"
#include "report/search_chart.h"
#include "report/tables.h"
#include "report/telemetry_tables.h"
#include "report/time_charts.h"

namespace ringmq::report {
namespace {

std::string Html(const std::optional<Figure>& figure) {
  return figure.has_value() ? FigureHtml(*figure) : "";
}

std::string VerdictHtml(const Result& result) {
  const News news = NewsOf(result.verdict.kind);
  std::string html = absl::StrCat("<p class=\"verdict ", news.css_class, "\">", news.mark, " ",
                                  Escape(VerdictLine(result)), "</p>\n");
  if (!AssertionsHold(result)) html += "<p class=\"bad\">Not all assertions hold.</p>\n";
  return html;
}

std::string AboutHtml(const Result& result) {
  return absl::StrCat(
      "<h1>", Escape(result.scenario), result.title.empty() ? "" : "  ", Escape(result.title),
      "</h1>\n<p class=\"about\">",
      Escape(absl::StrCat("mqtt-bench ", result.tool_version,
                          result.start_time.empty() ? "" : ", started ", result.start_time)),
      "</p>\n");
}

// The few numbers that one looks for first.
std::string SummaryHtml(const Result& result) {
  std::vector<Tile> tiles;
  if (const SearchPoint* const best = HighestThatHolds(result)) {
    tiles.push_back({"highest rate that holds", measure::FormatRate(best->rate_per_s)});
  }
  if (result.counters.received > 0) {
    tiles.push_back({"delivered", measure::FormatRate(result.rates.received_per_s)});
  } else if (result.counters.sent > 0) {
    tiles.push_back({"sent", measure::FormatRate(result.rates.sent_per_s)});
  }
  if (const std::optional<Metric> metric = HeadlineMetric(result)) {
    for (const double percentile : {50.0, 99.0, 99.9}) {
      const std::string text = PercentileText(result.histograms[*metric], percentile);
      if (text.empty()) continue;
      tiles.push_back({absl::StrCat(MetricTitle(*metric), " ", PercentileName(percentile)), text});
    }
  }
  if (!(result.integrity == measure::IntegrityCounts{}) && IsVerified(result, "lost")) {
    tiles.push_back({"lost", GroupDigits(result.integrity.lost + result.integrity.lost_permitted)});
  }
  if (tiles.empty() && result.connections > 0) {
    tiles.push_back({"connections", GroupDigits(result.connections)});
  }
  if (result.broker && result.broker->cpu_s_per_million > 0) {
    tiles.push_back({"messages per broker CPU second",
                     measure::FormatCount(1e6 / result.broker->cpu_s_per_million)});
  }
  if (result.broker && result.broker->rss_bytes_per_connection > 0) {
    tiles.push_back({"broker memory per connection",
                     measure::FormatBytes(result.broker->rss_bytes_per_connection)});
  }
  std::string html = TilesHtml(tiles);
  if (!result.trials.empty()) {
    absl::StrAppend(&html, "<p class=\"note\">", tiles.empty() ? "What is" : "These, and what is",
                    " below the trials, are of the one in the middle.</p>\n");
  }
  return html;
}

// Assertions, then what else there is to know before one reads on.
std::string SaysHtml(const Result& result) {
  std::string items;
  const auto add = [&items](const News& news, std::string_view text) {
    absl::StrAppend(&items, "<li class=\"", news.css_class, "\"><b>", news.mark, "</b>",
                    Escape(text), "</li>");
  };
  for (const Asserted& asserted : AllAssertions(result)) {
    add(!asserted.known  ? News{"unknown", "?"}
        : asserted.holds ? News{"good", "✓"}
                         : News{"bad", "✗"},
        asserted.text);
  }
  for (const std::string& note : result.notes) add({"warning", "!"}, note);
  return items.empty() ? "" : absl::StrCat("<ul class=\"says\">", items, "</ul>\n");
}

std::vector<Curve> CurvesOf(const Result& result, std::initializer_list<Metric> metrics) {
  std::vector<Curve> curves;
  for (const Metric metric : metrics) {
    if (metric == Metric::kResponse && result.closed_loop) continue;
    const measure::Histogram& histogram = result.histograms[metric];
    const auto series = static_cast<int>(curves.size());
    if (histogram.count() > 0) curves.push_back({MetricTitle(metric), &histogram, series});
  }
  return curves;
}

std::string LatencyHtml(const Result& result, Percentiles percentiles) {
  std::string html = TableHtml(LatencyTable(result, percentiles));
  html +=
      Html(PercentileCurves("percentiles", "Latency by percentile",
                            CurvesOf(result, {Metric::kResponse, Metric::kService, Metric::kAck})));
  if (const std::optional<Metric> metric = HeadlineMetric(result)) {
    html += Html(LatencyHistogram({MetricTitle(*metric), &result.histograms[*metric]}));
  }
  return html;
}

std::string OverTimeHtml(const Result& result) {
  const Slots slots = SlotsOf(result);
  if (slots.slots.empty()) return "";
  std::string html;
  for (const auto make : {TrafficChart, HeatMap, SendLagStrip, BrokerCpuChart, BrokerMemoryChart}) {
    html += Html(make(result, slots));
  }
  return html;
}

std::string ConnectHtml(const Result& result, Percentiles percentiles) {
  return TableHtml(ConnectTable(result, percentiles)) +
         Html(PercentileCurves(
             "connecting", "Stages of connecting by percentile",
             CurvesOf(result, {Metric::kConnectTcp, Metric::kConnectTls, Metric::kConnectWs,
                               Metric::kConnack, Metric::kSuback})));
}

std::string KeptHtml(const Result& result, Percentiles percentiles) {
  return TableHtml(KeptTable(result, percentiles)) +
         Html(PercentileCurves(
             "kept", "What the broker had kept, by percentile",
             CurvesOf(result, {Metric::kFirstMessage, Metric::kLastMessage, Metric::kWill})));
}

std::string TelemetryHtml(const Result& result) {
  std::string html;
  for (const Table& table : AllTelemetryTables(result)) html += TableHtml(table);
  return html;
}

}  // namespace

std::string HtmlReport(const Result& result, Percentiles percentiles) {
  std::string body = VerdictHtml(result) + AboutHtml(result) + SummaryHtml(result);
  body += SectionHtml("How far runs of the same scatter", TableHtml(TrialTable(result)));
  body += SectionHtml("Assertions and notes", SaysHtml(result));
  body += SectionHtml("What was run", BesideHtml(std::array{TableHtml(ConfigTable(result)),
                                                            TableHtml(ThroughputTable(result))}));
  body += SectionHtml("Phases", TableHtml(PhaseTable(result)));
  body += SectionHtml("Saturation", Html(SaturationCurve(result)) + TableHtml(SearchTable(result)));
  body += SectionHtml("How long it took", LatencyHtml(result, percentiles));
  body += SectionHtml("Kept messages and wills", KeptHtml(result, percentiles));
  body += SectionHtml("Over time", OverTimeHtml(result));
  body += SectionHtml(
      "Integrity and errors",
      BesideHtml(std::array{TableHtml(IntegrityTable(result)), TableHtml(ErrorTable(result))}));
  body += SectionHtml("Connections", ConnectHtml(result, percentiles));
  body += SectionHtml("What it cost", TableHtml(EfficiencyTable(result)));
  body += SectionHtml("What others said", TelemetryHtml(result));
  body += SectionHtml("Also", BesideHtml(std::array{TableHtml(ScalarTable(result)),
                                                    TableHtml(EnvironmentTable(result))}));
  if (!result.command_line.empty()) {
    body += SectionHtml(
        "To repeat", absl::StrCat("<pre><code>", Escape(result.command_line), "</code></pre>\n"));
  }
  return PageHtml(absl::StrCat("mqtt-bench ", result.scenario, ": ", VerdictLine(result)), body);
}

}  // namespace ringmq::report
