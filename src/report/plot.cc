// SPDX-License-Identifier: Apache-2.0
#include "report/plot.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "report/markup.h"

namespace ringmq::report {
namespace {

// Units of the stretched inner SVG across; down they are pixels.
constexpr double kInnerWidth = 1'000;

// "12.5", "3", "0.25": short, because a page has many thousands of them.
std::string Number(double value) {
  std::string text = absl::StrFormat("%.2f", value);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string Titled(std::string_view title) {
  return title.empty() ? "" : absl::StrCat("<title>", Escape(title), "</title>");
}

void CheckSeries(int series) {
  RMQ_CHECK(series >= 0);
  RMQ_CHECK(series < kSeriesMax);
}

}  // namespace

Plot::Plot(Axis x, Axis y, Shape shape) : x_(std::move(x)), y_(std::move(y)), shape_(shape) {
  RMQ_CHECK(shape.height_px > 0);
}

double Plot::XPercent(double x) const { return x_.scale.Of(x) * 100; }

double Plot::YPixels(double y) const { return (1 - y_.scale.Of(y)) * shape_.height_px; }

std::string Plot::PathOf(std::span<const Point> points) const {
  std::string path;
  bool is_down = false;
  for (const Point& point : points) {
    if (std::isnan(point.y)) {
      is_down = false;
      continue;
    }
    absl::StrAppend(&path, is_down ? "L" : "M", Number(x_.scale.Of(point.x) * kInnerWidth), " ",
                    Number(YPixels(point.y)));
    is_down = true;
  }
  return path;
}

void Plot::AddPath(const std::string& path, const std::string& classes) {
  if (path.empty()) return;
  Stretched(kInnerWidth, shape_.height_px,
            absl::StrCat("<path class=\"", classes, "\" d=\"", path, "\"/>"));
}

void Plot::Line(std::span<const Point> points, int series, const std::string& extra_class) {
  CheckSeries(series);
  AddPath(PathOf(points),
          absl::StrCat("line s", series, extra_class.empty() ? "" : " ", extra_class));
}

void Plot::Area(std::span<const Point> points, int series) {
  CheckSeries(series);
  std::string path;
  for (size_t first = 0; first < points.size();) {
    size_t end = first;
    while (end < points.size() && !std::isnan(points[end].y)) ++end;
    if (end > first) {
      absl::StrAppend(&path, PathOf(points.subspan(first, end - first)), "V", shape_.height_px, "H",
                      Number(x_.scale.Of(points[first].x) * kInnerWidth), "Z");
    }
    first = end + 1;
  }
  AddPath(path, absl::StrCat("area s", series));
}

void Plot::Band(std::span<const Point> low, std::span<const Point> high, int series) {
  CheckSeries(series);
  RMQ_CHECK(low.size() == high.size());
  std::vector<Point> around(high.begin(), high.end());
  around.insert(around.end(), low.rbegin(), low.rend());
  std::erase_if(around, [](const Point& point) { return std::isnan(point.y); });
  const std::string path = PathOf(around);
  if (!path.empty()) AddPath(path + "Z", absl::StrCat("band s", series));
}

void Plot::Bar(double from_x, double to_x, double y, int series, std::string_view title) {
  CheckSeries(series);
  const double left = XPercent(from_x);
  const double top = YPixels(y);
  absl::StrAppend(&content_, "<rect class=\"bar s", series, "\" x=\"", Number(left), "%\" y=\"",
                  Number(top), "\" width=\"", Number(XPercent(to_x) - left), "%\" height=\"",
                  Number(shape_.height_px - top), "\">", Titled(title), "</rect>");
}

void Plot::Dot(Point at, int series, std::string_view title, std::string_view link) {
  CheckSeries(series);
  const std::string dot =
      absl::StrCat("<circle class=\"dot s", series, "\" cx=\"", Number(XPercent(at.x)), "%\" cy=\"",
                   Number(YPixels(at.y)), "\" r=\"", link.empty() ? "3.5" : "5", "\">",
                   Titled(title), "</circle>");
  if (link.empty()) {
    content_ += dot;
    return;
  }
  has_links_ = true;
  absl::StrAppend(&content_, "<a href=\"", FileLink(link), "\">", dot, "</a>");
}

void Plot::Shade(double from_x, double to_x, std::string_view title) {
  const double left = XPercent(from_x);
  const double width = XPercent(to_x) - left;
  if (width <= 0) return;
  absl::StrAppend(&content_, "<rect class=\"shade\" x=\"", Number(left), "%\" y=\"0\" width=\"",
                  Number(width), "%\" height=\"", shape_.height_px, "\">", Titled(title),
                  "</rect>");
}

void Plot::Mark(double x, std::string_view text) {
  const double at = XPercent(x);
  const bool is_right = at > 50;
  const std::string place = Number(at) + "%";
  absl::StrAppend(&content_, "<line class=\"mark\" x1=\"", place, "\" x2=\"", place,
                  "\" y1=\"0\" y2=\"", shape_.height_px, "\"/><text class=\"mark-text\" x=\"",
                  place, "\" dx=\"", is_right ? "-6" : "6", "\" y=\"", 14 + 16 * marks_,
                  "\" text-anchor=\"", is_right ? "end" : "start", "\">", Escape(text), "</text>");
  ++marks_;
}

void Plot::Hover(double from_x, double to_x, std::string_view title) {
  const double left = XPercent(from_x);
  absl::StrAppend(&content_, "<rect class=\"hover\" x=\"", Number(left), "%\" y=\"0\" width=\"",
                  Number(XPercent(to_x) - left), "%\" height=\"", shape_.height_px, "\">",
                  Titled(title), "</rect>");
}

void Plot::Stretched(double width, double height, const std::string& content) {
  absl::StrAppend(&content_, "<svg width=\"100%\" height=\"", shape_.height_px, "\" viewBox=\"0 0 ",
                  Number(width), " ", Number(height), "\" preserveAspectRatio=\"none\">", content,
                  "</svg>");
}

std::string Plot::Grid() const {
  std::string grid;
  for (const Tick& tick : y_.ticks) {
    const std::string y = Number(YPixels(tick.at));
    absl::StrAppend(&grid, "<line class=\"", tick.label.empty() ? "grid faint" : "grid",
                    "\" x1=\"0\" x2=\"100%\" y1=\"", y, "\" y2=\"", y, "\"/>");
  }
  for (const Tick& tick : x_.ticks) {
    const std::string x = Number(XPercent(tick.at)) + "%";
    absl::StrAppend(&grid, "<line class=\"", tick.label.empty() ? "grid faint" : "grid", "\" x1=\"",
                    x, "\" x2=\"", x, "\" y1=\"0\" y2=\"", shape_.height_px, "\"/>");
  }
  return grid;
}

std::string Plot::Labels() const {
  std::string labels;
  for (const Tick& tick : y_.ticks) {
    if (tick.label.empty()) continue;
    absl::StrAppend(&labels, "<text class=\"tick\" x=\"-8\" y=\"", Number(YPixels(tick.at) + 4),
                    "\" text-anchor=\"end\">", Escape(tick.label), "</text>");
  }
  absl::StrAppend(&labels, "<text class=\"axis\" x=\"-52\" y=\"-14\">", Escape(y_.title),
                  "</text>");
  if (!shape_.has_x_labels) return labels;
  for (const Tick& tick : x_.ticks) {
    if (tick.label.empty()) continue;
    absl::StrAppend(&labels, "<text class=\"tick", tick.is_expendable ? " spare" : "", "\" x=\"",
                    Number(XPercent(tick.at)), "%\" y=\"", shape_.height_px + 17,
                    "\" text-anchor=\"middle\">", Escape(tick.label), "</text>");
  }
  absl::StrAppend(&labels, "<text class=\"axis\" x=\"100%\" y=\"", shape_.height_px + 35,
                  "\" text-anchor=\"end\">", Escape(x_.title), "</text>");
  return labels;
}

std::string Plot::Svg(std::string_view label) const {
  // An image has no parts that could be chosen, so a chart with links is none.
  return absl::StrCat("<svg class=\"plot", shape_.has_x_labels ? "" : " bare",
                      "\" xmlns=\"http://www.w3.org/2000/svg\" role=\"",
                      has_links_ ? "group" : "img", "\" aria-label=\"", Escape(label),
                      "\" height=\"", shape_.height_px, "\">", Grid(), content_, Labels(),
                      "</svg>\n");
}

std::string Plot::Swatch(int series) {
  CheckSeries(series);
  return absl::StrCat(
      "<svg class=\"swatch\" width=\"28\" height=\"10\" aria-hidden=\"true\"><line class=\"line s",
      series, "\" x1=\"0\" x2=\"28\" y1=\"5\" y2=\"5\"/></svg>");
}

}  // namespace ringmq::report
