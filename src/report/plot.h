// One chart as an SVG element that is as wide as the page lets it be, without a script.
//
// Positions across are percentages and positions down are pixels, so text keeps its size on any
// screen; only lines and areas lie in an inner SVG that is stretched. The style sheet (style.h)
// makes room for the labels, which stand outside of the plot's own box, and hides the expendable
// ones where it is narrow.
//
//   y title
//   100 +---------------------------+
//       |                           |  data: [0, 100 %] x [0, height]
//     0 +---------------------------+
//       0s          5s            10s
//                             x title
//
// Series are numbered; a number means the same colour and dash in all charts of a page.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/axis.h"

namespace ringmq::report {

// NaN in y: the line is interrupted.
struct Point {
  double x = 0;
  double y = 0;
};

inline constexpr int kSeriesMax = 6;

class Plot {
 public:
  struct Shape {
    int height_px = 240;
    bool has_x_labels = true;
  };

  Plot(Axis x, Axis y, Shape shape);
  Plot(Axis x, Axis y) : Plot(std::move(x), std::move(y), Shape{}) {}

  [[nodiscard]] const Axis& x() const { return x_; }
  [[nodiscard]] const Axis& y() const { return y_; }

  // Requires of all: 0 <= series < kSeriesMax. What is drawn first lies beneath.
  void Line(std::span<const Point> points, int series, const std::string& extra_class = "");
  // Between the points and the bottom.
  void Area(std::span<const Point> points, int series);
  // Between two lines. Requires: as many low as high, with the same x.
  void Band(std::span<const Point> low, std::span<const Point> high, int series);
  // What it stands for shows when it is pointed at.
  void Bar(double from_x, double to_x, double y, int series, std::string_view title);
  // `link`: a file, or empty.
  void Dot(Point at, int series, std::string_view title, std::string_view link = "");
  // A stretch of x that is something else than the rest.
  void Shade(double from_x, double to_x, std::string_view title);
  // A line across at x, with a text beside it; those of several marks stand below each other.
  void Mark(double x, std::string_view text);
  // Invisible, but says something when it is pointed at.
  void Hover(double from_x, double to_x, std::string_view title);
  // SVG of the caller in a coordinate system of its own, stretched over the plot.
  void Stretched(double width, double height, const std::string& content);

  // `label` says in a sentence what is to be seen, for those who cannot see it.
  [[nodiscard]] std::string Svg(std::string_view label) const;

  // A sample of the line of a series, for a legend.
  [[nodiscard]] static std::string Swatch(int series);

 private:
  [[nodiscard]] double XPercent(double x) const;
  [[nodiscard]] double YPixels(double y) const;
  // "M0 12.5L10 3..."; a part ends where y is not a number.
  [[nodiscard]] std::string PathOf(std::span<const Point> points) const;
  void AddPath(const std::string& path, const std::string& classes);
  [[nodiscard]] std::string Grid() const;
  [[nodiscard]] std::string Labels() const;

  Axis x_;
  Axis y_;
  Shape shape_;
  bool has_links_ = false;
  int marks_ = 0;
  std::string content_;  // In the order in which it was drawn.
};

}  // namespace ringmq::report
