// SPDX-License-Identifier: Apache-2.0
#include "report/time_charts.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "measure/quantity.h"
#include "report/columns.h"
#include "report/plot.h"

namespace ringmq::report {
namespace {

using measure::FormatTime;

constexpr int kStripPixels = 90;
constexpr int kHeatLevels = 8;

Axis TimeAxis(const Slots& slots) {
  return ClockAxis("time since the measuring began", slots.low_s, slots.high_s);
}

std::string When(const Slot& slot) {
  return absl::StrCat(BriefClock(slot.from_s), " to ", BriefClock(slot.to_s));
}

// Every slot is a level stretch, so that a run of one second shows as well.
std::vector<Point> StepsOf(const Slots& slots, const std::function<double(const Slot&)>& of) {
  std::vector<Point> points;
  for (const Slot& slot : slots.slots) {
    const double value = slot.seconds == 0 ? NAN : of(slot);
    points.push_back({slot.from_s, value});
    points.push_back({slot.to_s, value});
  }
  return points;
}

double Most(const Slots& slots, const std::function<double(const Slot&)>& of) {
  double most = 0;
  for (const Slot& slot : slots.slots) {
    if (slot.seconds > 0) most = std::max(most, of(slot));
  }
  return most;
}

// What is before the measuring, and after.
void ShadePhases(const Result& result, const Slots& slots, Plot& plot) {
  if (slots.low_s < 0) plot.Shade(slots.low_s, 0, "warm-up");
  const double end = result.phases.measure_s;
  if (end > 0 && slots.high_s > end) plot.Shade(end, slots.high_s, "drain");
}

std::string PhaseNote(const Result& result, const Slots& slots) {
  const bool has_drain = result.phases.measure_s > 0 && slots.high_s > result.phases.measure_s;
  if (slots.low_s < 0) return has_drain ? "Shaded: warm-up and drain." : "Shaded: warm-up.";
  return has_drain ? "Shaded: drain." : "";
}

void AddHovers(const Slots& slots, const std::function<std::string(const Slot&)>& text,
               Plot& plot) {
  for (const Slot& slot : slots.slots) {
    if (slot.seconds == 0) continue;
    plot.Hover(slot.from_s, slot.to_s, absl::StrCat(When(slot), ": ", text(slot)));
  }
}

struct Stream {
  const char* name;
  Spread Slot::*spread;
  int series;
};

std::vector<Stream> StreamsOf(const Result& result) {
  std::vector<Stream> streams;
  // Where all are the same, the dashes of the later ones let the earlier ones through.
  streams.push_back({"delivered", &Slot::received_per_s, 0});
  streams.push_back({"sent", &Slot::sent_per_s, 1});
  if (!result.closed_loop) streams.push_back({"offered", &Slot::offered_per_s, 2});
  return streams;
}

// A path of rectangles for each level of darkness; neighbours in a column make one rectangle.
std::string CellsOf(const Slots& slots, const Scale& scale, size_t first, size_t last,
                    double height, uint64_t most) {
  std::string paths[kHeatLevels];
  const auto level_of = [most](uint64_t count) {
    const double share =
        std::log1p(static_cast<double>(count)) / std::log1p(static_cast<double>(most));
    return std::clamp(static_cast<int>(std::ceil(share * kHeatLevels)), 1, kHeatLevels);
  };
  const auto y_of = [&](size_t cell) {
    return std::round((1 - scale.Of(static_cast<double>(HeatCellLowNs(cell)))) * height * 10) / 10;
  };
  for (size_t column = 0; column < slots.slots.size(); ++column) {
    const HeatColumn& heat = slots.slots[column].heat;
    for (size_t cell = first; cell <= last;) {
      if (heat[cell] == 0) {
        ++cell;
        continue;
      }
      const int level = level_of(heat[cell]);
      size_t end = cell;
      while (end <= last && heat[end] > 0 && level_of(heat[end]) == level) ++end;
      // The last cell has no upper end, so it reaches up to that of the axis.
      const double top = end == kHeatCells ? 0 : y_of(end);
      absl::StrAppend(&paths[level - 1], "M", column, " ", top, "h1V", y_of(cell), "h-1z");
      cell = end;
    }
  }
  std::string cells = "<g class=\"cells\">";
  for (int level = 1; level <= kHeatLevels; ++level) {
    if (paths[level - 1].empty()) continue;
    absl::StrAppend(&cells, "<path class=\"h", level, "\" d=\"", paths[level - 1], "\"/>");
  }
  return cells + "</g>";
}

std::string HeatRamp(uint64_t most) {
  std::string ramp =
      "<p class=\"ramp\">deliveries in a cell: 1 <svg width=\"160\" height=\"12\" "
      "aria-hidden=\"true\">";
  for (int level = 1; level <= kHeatLevels; ++level) {
    absl::StrAppend(&ramp, "<rect class=\"h", level, "\" x=\"", (level - 1) * 20,
                    "\" width=\"20\" height=\"12\"/>");
  }
  return absl::StrCat(ramp, "</svg> ", GroupDigits(most), "</p>\n");
}

}  // namespace

std::optional<Figure> TrafficChart(const Result& result, const Slots& slots) {
  const std::vector<Stream> streams = StreamsOf(result);
  double most = 0;
  for (const Stream& stream : streams) {
    most =
        std::max(most, Most(slots, [&](const Slot& slot) { return (slot.*stream.spread).most; }));
  }
  if (most == 0) return std::nullopt;
  Figure figure{.id = "traffic", .title = "Messages per second"};
  Plot plot(TimeAxis(slots), CountAxis("messages per second", most));
  ShadePhases(result, slots, plot);
  for (const Stream& stream : streams) {
    const auto part = [&](double Spread::*member) {
      return StepsOf(slots, [&](const Slot& slot) { return slot.*stream.spread.*member; });
    };
    if (slots.slot_s > 1) plot.Band(part(&Spread::least), part(&Spread::most), stream.series);
    plot.Line(part(&Spread::mean), stream.series);
    figure.key.push_back({stream.name, stream.series});
  }
  AddHovers(
      slots,
      [&](const Slot& slot) {
        std::string text;
        for (const Stream& stream : streams) {
          absl::StrAppend(&text, text.empty() ? "" : ", ", stream.name, " ",
                          BriefCount((slot.*stream.spread).mean), "/s");
        }
        if (slot.errors > 0) absl::StrAppend(&text, ", ", slot.errors, " errors");
        return text;
      },
      plot);
  figure.svg = plot.Svg(
      absl::StrCat("Messages per second over time, at most ", BriefCount(most), " per second."));
  figure.note = PhaseNote(result, slots);
  if (slots.slot_s > 1) {
    absl::StrAppend(&figure.note, figure.note.empty() ? "" : " ", "Each step stands for ",
                    BriefClock(slots.slot_s),
                    ": the line is the mean, behind it the least and the greatest second.");
  }
  return figure;
}

std::optional<Figure> HeatMap(const Result& result, const Slots& slots) {
  size_t first = kHeatCells;
  size_t last = 0;
  uint64_t most = 0;
  for (const Slot& slot : slots.slots) {
    for (size_t cell = 0; cell < kHeatCells; ++cell) {
      if (slot.heat[cell] == 0) continue;
      first = std::min(first, cell);
      last = std::max(last, cell);
      most = std::max(most, slot.heat[cell]);
    }
  }
  if (most == 0) return std::nullopt;
  const char* const name = result.closed_loop ? "service" : "response";
  Figure figure{.id = "heat", .title = absl::StrCat("Where the ", name, " times lie")};
  // The first cell has no lower end worth drawing, the last no upper one.
  const double low = first == 0 ? kHeatLowestNs / 2.0 : static_cast<double>(HeatCellLowNs(first));
  const double high = last + 1 == kHeatCells ? static_cast<double>(HeatCellLowNs(last)) * 1.25
                                             : static_cast<double>(HeatCellLowNs(last + 1));
  constexpr int kHeight = 220;
  // A logarithmic axis in any case: the cells are.
  Plot plot(TimeAxis(slots),
            LatencyAxis(absl::StrCat(name, " time"), std::min(low, high / 10), high),
            {.height_px = kHeight, .has_x_labels = false});
  ShadePhases(result, slots, plot);
  plot.Stretched(static_cast<double>(slots.slots.size()), kHeight,
                 CellsOf(slots, plot.y().scale, first, last, kHeight, most));
  AddHovers(
      slots,
      [](const Slot& slot) {
        return slot.response_p99_ns == 0 ? "nothing delivered"
                                         : absl::StrCat("p99 ", FormatTime(slot.response_p99_ns));
      },
      plot);
  figure.svg = HeatRamp(most) +
               plot.Svg(absl::StrCat("Heat map of ", name,
                                     " latency over time: the darker, the more deliveries."));
  return figure;
}

std::optional<Figure> SendLagStrip(const Result& result, const Slots& slots) {
  const auto lag = [](const Slot& slot) { return static_cast<double>(slot.lag_p99_ns); };
  const double most = Most(slots, lag);
  if (result.closed_loop || most == 0) return std::nullopt;
  Figure figure{.id = "lag", .title = "Send lag of the generator, p99"};
  Plot plot(TimeAxis(slots), TimeAmountAxis("send lag", most), {.height_px = kStripPixels});
  ShadePhases(result, slots, plot);
  plot.Area(StepsOf(slots, lag), 3);
  AddHovers(
      slots,
      [](const Slot& slot) { return absl::StrCat("send lag p99 ", FormatTime(slot.lag_p99_ns)); },
      plot);
  figure.svg =
      plot.Svg(absl::StrCat("Send lag over time, at most ", FormatTime(std::llround(most)), "."));
  figure.note = "What is late here is the load tool's own doing, not the broker's.";
  return figure;
}

namespace {

// Of what is known of the broker only while it is watched.
std::optional<Figure> BrokerChart(const Result& result, const Slots& slots, Figure figure,
                                  const std::function<double(const Slot&)>& of,
                                  const std::function<Axis(double)>& axis,
                                  const std::function<std::string(const Slot&)>& text, int series) {
  const auto watched = [&of](const Slot& slot) {
    return slot.broker_rss_bytes == 0 ? NAN : of(slot);
  };
  const bool is_watched =
      std::ranges::any_of(slots.slots, [](const Slot& slot) { return slot.broker_rss_bytes > 0; });
  if (!is_watched) return std::nullopt;
  Plot plot(TimeAxis(slots), axis(Most(slots, of)), {.height_px = 120});
  ShadePhases(result, slots, plot);
  plot.Area(StepsOf(slots, watched), series);
  AddHovers(
      slots,
      [&](const Slot& slot) {
        return slot.broker_rss_bytes == 0 ? std::string("not watched") : text(slot);
      },
      plot);
  figure.svg = plot.Svg(figure.title + " over time.");
  return figure;
}

}  // namespace

std::optional<Figure> BrokerCpuChart(const Result& result, const Slots& slots) {
  return BrokerChart(
      result, slots, {.id = "broker-cpu", .title = "Processor time of the broker"},
      [](const Slot& slot) { return slot.broker_cpu_cores; },
      [](double most) { return CountAxis("cores busy", most); },
      [](const Slot& slot) { return absl::StrFormat("%.2f cores", slot.broker_cpu_cores); }, 0);
}

std::optional<Figure> BrokerMemoryChart(const Result& result, const Slots& slots) {
  return BrokerChart(
      result, slots, {.id = "broker-memory", .title = "Memory of the broker (RSS)"},
      [](const Slot& slot) { return static_cast<double>(slot.broker_rss_bytes); },
      [](double most) { return BytesAxis("resident memory", most); },
      [](const Slot& slot) {
        return measure::FormatBytes(static_cast<double>(slot.broker_rss_bytes));
      },
      2);
}

}  // namespace ringmq::report
