// SPDX-License-Identifier: Apache-2.0
#include "report/comparison_page.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/check.h"
#include "report/latency_charts.h"
#include "report/markup.h"
#include "report/page.h"
#include "report/tables.h"

namespace ringmq::report {
namespace {

using measure::Comparative;
using measure::Histogram;

News NewsOf(Comparative::Kind kind) {
  switch (kind) {
    case Comparative::kBetter:
      return {"good", "✓"};
    case Comparative::kWorse:
      return {"bad", "✗"};
    case Comparative::kEquivalent:
      return {"", "="};
    case Comparative::kCannotTell:
      return {"unknown", "?"};
  }
  RMQ_CHECK(false);
}

size_t CountOf(const Comparison& comparison, Comparative::Kind kind) {
  return static_cast<size_t>(std::ranges::count_if(
      comparison.figures, [kind](const Compared& c) { return c.verdict.kind == kind; }));
}

std::string Conclusion(const Comparison& comparison) {
  const size_t all = comparison.figures.size();
  if (all == 0) return "There is no figure that all of the runs have.";
  const size_t open = CountOf(comparison, Comparative::kCannotTell);
  if (open == all) return "Nobody can tell whether B differs.";
  const size_t better = CountOf(comparison, Comparative::kBetter);
  const size_t worse = CountOf(comparison, Comparative::kWorse);
  const size_t equal = CountOf(comparison, Comparative::kEquivalent);
  std::string text;
  const auto add = [&text, all](size_t count, const char* what) {
    if (count == 0) return;
    const std::string share = count == all ? "all" : absl::StrCat(count);
    absl::StrAppend(&text, text.empty() ? "B: " : ", ", share, " ", what);
  };
  add(worse, "worse");
  add(better, "better");
  add(equal, "equivalent");
  add(open, "cannot be told");
  return absl::StrCat(text, " (of ", all, all == 1 ? " figure)" : " figures)");
}

// What the page begins with.
std::string Summary(const Comparison& comparison) {
  const std::string warning = comparison.warning();
  if (!comparison.is_conclusive()) return warning;
  return absl::StrCat(warning, warning.empty() ? "" : ". ", Conclusion(comparison));
}

News NewsOf(const Comparison& comparison) {
  if (comparison.has_worse() || !comparison.is_conclusive()) return {"bad", "✗"};
  if (!comparison.doubts.empty()) return {"warning", "!"};
  if (CountOf(comparison, Comparative::kCannotTell) == comparison.figures.size()) {
    return {"unknown", "?"};
  }
  return CountOf(comparison, Comparative::kBetter) > 0 ? News{"good", "✓"} : News{"", "="};
}

// The widest change that any interval reaches, as a factor away from 1 that all rows share.
double ReachOf(const Comparison& comparison) {
  constexpr double kReachMin = 1.2;
  constexpr double kReachMax = 4;
  double reach = kReachMin;
  for (const Compared& figure : comparison.figures) {
    if (!figure.ratio.usable()) continue;
    reach = std::max({reach, figure.ratio.high, 1 / figure.ratio.low});
  }
  return std::min(reach * 1.05, kReachMax);
}

// The interval of the ratio, around a line for "the same". Ratios are set out so that twice as
// much and half as much are equally far from it.
std::string WhiskerSvg(const measure::Ratio& ratio, double reach, const std::string& name) {
  const auto place = [reach](double value) {
    const double share = std::log(std::clamp(value, 1 / reach, reach)) / std::log(reach);
    return absl::StrFormat("%.1f%%", 50 + share * 50);
  };
  const double equal = std::log(1 + measure::kEquivalentWithin) / std::log(reach) * 50;
  std::string svg = absl::StrFormat(
      "<svg height=\"20\" role=\"img\" aria-label=\"%s\"><rect class=\"equal\" x=\"%.1f%%\" "
      "y=\"0\" "
      "width=\"%.1f%%\" height=\"20\"/><line class=\"zero\" x1=\"50%%\" x2=\"50%%\" y1=\"0\" "
      "y2=\"20\"/>",
      Escape(absl::StrCat("change of ", name)), 50 - equal, 2 * equal);
  if (ratio.usable()) {
    absl::StrAppend(&svg, "<line class=\"interval\" x1=\"", place(ratio.low), "\" x2=\"",
                    place(ratio.high), "\" y1=\"10\" y2=\"10\"/><circle class=\"estimate\" cx=\"",
                    place(ratio.estimate), "\" cy=\"10\" r=\"4\"/>");
  }
  return svg + "</svg>";
}

std::string DeltaTableHtml(const Comparison& comparison) {
  if (comparison.figures.empty()) return "";
  const double reach = ReachOf(comparison);
  std::string html =
      "<div class=\"table\"><table class=\"delta\"><caption>Figures of both</caption>\n<thead><tr>"
      "<th scope=\"col\"></th><th scope=\"col\">A</th><th scope=\"col\">B</th>"
      "<th scope=\"col\" class=\"whisker\">B / A</th><th scope=\"col\">B is</th></tr></thead>\n"
      "<tbody>";
  for (const Compared& figure : comparison.figures) {
    const News news = NewsOf(figure.verdict.kind);
    absl::StrAppend(
        &html, "<tr><th scope=\"row\">", Escape(figure.name), "</th><td class=\"value a\">",
        Escape(figure.baseline), "</td><td class=\"value b\">", Escape(figure.candidate),
        "</td><td class=\"whisker ", news.css_class, "\">",
        WhiskerSvg(figure.ratio, reach, figure.name), "</td><td class=\"", news.css_class, "\">",
        news.mark, " ", Escape(figure.verdict.text), "</td></tr>\n");
  }
  const std::string note = absl::StrFormat(
      "Medians of all runs. The bar is the interval that B/A lies in, on a scale "
      "from %.2f to %.2f; within the grey strip, ±%.0f %%, both are equivalent.",
      1 / reach, reach, measure::kEquivalentWithin * 100);
  return absl::StrCat(html, "</tbody></table><p class=\"note\">", note, "</p></div>\n");
}

std::string DoubtsHtml(const Comparison& comparison) {
  if (comparison.doubts.empty()) return "";
  constexpr size_t kShownMax = 3;  // More of them would push the figures off the screen.
  std::string html = "<ul class=\"says\">";
  for (const std::string& doubt : comparison.doubts) {
    absl::StrAppend(&html, "<li class=\"warning\"><b>!</b>", Escape(doubt), "</li>");
  }
  html += "</ul>\n";
  if (comparison.doubts.size() <= kShownMax) return html;
  return absl::StrCat("<details><summary class=\"warning\">", comparison.doubts.size(),
                      " reasons to doubt the comparison</summary>", html, "</details>\n");
}

// All runs of a side together, and each of them faintly beside it if there are several.
void AddCurves(const Side& side, const std::string& name, int series, Metric metric,
               const Histogram& whole, std::vector<Curve>& curves) {
  if (side.results.size() > 1) {
    for (const Result& result : side.results) {
      curves.push_back({"", &result.histograms[metric], series, true});
    }
  }
  curves.push_back({name, &whole, series});
}

Histogram MergedOf(const Side& side, Metric metric) {
  Histogram whole;
  for (const Result& result : side.results) whole.Merge(result.histograms[metric]);
  return whole;
}

std::string CurvesHtml(const Side& baseline, const Side& candidate) {
  std::string html;
  for (size_t i = 0; i < kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    if (metric == Metric::kSendLag || metric == Metric::kConnectLag) continue;
    const Histogram a = MergedOf(baseline, metric);
    const Histogram b = MergedOf(candidate, metric);
    if (a.count() == 0 || b.count() == 0) continue;
    std::vector<Curve> curves;
    AddCurves(baseline, "A", 0, metric, a, curves);
    AddCurves(candidate, "B", 1, metric, b, curves);
    const std::string name = absl::StrReplaceAll(MetricName(metric), {{"_", "-"}});
    if (const auto figure =
            PercentileCurves(name, absl::StrCat("Percentiles of ", MetricTitle(metric)), curves)) {
      html += FigureHtml(*figure);
    }
  }
  return html;
}

std::string SideHtml(const std::string& name, const Side& side) {
  RMQ_CHECK(side.results.size() == side.sources.size());
  Table runs{.title = absl::StrCat(name, ": ", side.results.size(),
                                   side.results.size() == 1 ? " run" : " runs")};
  for (size_t i = 0; i < side.results.size(); ++i) {
    runs.rows.push_back(
        {side.sources[i], VerdictLine(side.results[i]), side.results[i].start_time});
  }
  const Result& first = side.results.front();
  std::vector<std::string> tables = {TableHtml(runs), TableHtml(ConfigTable(first)),
                                     TableHtml(EnvironmentTable(first))};
  return absl::StrCat("<div>", tables[0], tables[1], tables[2], "</div>");
}

}  // namespace

std::string ComparisonPage(const Comparison& comparison, const Side& baseline,
                           const Side& candidate) {
  RMQ_CHECK(!baseline.results.empty() && !candidate.results.empty());
  const Result& first = baseline.results.front();
  const News news = NewsOf(comparison);
  const std::string summary = Summary(comparison);
  std::string body = absl::StrCat(
      "<p class=\"verdict ", news.css_class, "\">", news.mark, " ", Escape(summary), "</p>\n<h1>",
      Escape(first.scenario), first.title.empty() ? "" : "  ", Escape(first.title),
      "</h1>\n<p class=\"about\">A is the baseline, B is what is set beside it.</p>\n",
      DoubtsHtml(comparison));
  body += SectionHtml("Difference", DeltaTableHtml(comparison));
  body += SectionHtml("Latency", CurvesHtml(baseline, candidate));
  body += SectionHtml("Runs",
                      BesideHtml(std::array{SideHtml("A", baseline), SideHtml("B", candidate)}));
  return PageHtml(absl::StrCat("mqtt-bench compare: ", summary), body);
}

}  // namespace ringmq::report
