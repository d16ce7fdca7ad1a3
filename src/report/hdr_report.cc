// SPDX-License-Identifier: Apache-2.0
#include "report/hdr_report.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/check.h"

namespace ringmq::report {
namespace {

using measure::Histogram;

// The 0x10 stands where older versions had the size of a count: ZigZag LEB128.
constexpr uint32_t kCookie = 0x1c849303 | 0x10;
constexpr uint32_t kCompressedCookie = 0x1c849304 | 0x10;

constexpr uint32_t kSignificantDigits = 3;
// What three digits take: 2048 values of one nanosecond, then 1024 a doubling.
constexpr int kSubBucketBits = 10;

void AppendBigEndian(uint64_t value, int bytes, std::string& out) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

void AppendZigZag(int64_t number, std::string& out) {
  uint64_t value = (static_cast<uint64_t>(number) << 1) ^ static_cast<uint64_t>(number >> 63);
  for (int byte = 0; byte < 8 && value >= 0x80; ++byte) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

int64_t HdrIndexOf(int64_t ns) {
  const auto value = static_cast<uint64_t>(ns);
  const int width = static_cast<int>(std::bit_width(value | (uint64_t{1} << kSubBucketBits)));
  const int bucket = width - 1 - kSubBucketBits;
  return (int64_t{bucket} << kSubBucketBits) + static_cast<int64_t>(value >> bucket);
}

std::string CountsOf(const Histogram& histogram) {
  std::string counts;
  int64_t next = 0;  // Index that the next count belongs to.
  histogram.ForEachBucket([&](int64_t low_ns, int64_t high_ns, uint64_t count) {
    const int64_t index = HdrIndexOf(low_ns > 0 ? low_ns : std::min(high_ns, histogram.max()));
    if (index - next == 1) AppendZigZag(0, counts);
    if (index - next > 1) AppendZigZag(next - index, counts);
    AppendZigZag(static_cast<int64_t>(count), counts);
    next = index + 1;
  });
  return counts;
}

std::string Deflate(const std::string& plain) {
  uLongf size = compressBound(plain.size());
  std::string packed(size, '\0');
  const int status =
      compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                reinterpret_cast<const Bytef*>(plain.data()), plain.size(), Z_DEFAULT_COMPRESSION);
  RMQ_CHECK(status == Z_OK);  // It only fails without memory or with too small a buffer.
  packed.resize(size);
  return packed;
}

std::string Encode(const Histogram& histogram) {
  const std::string counts = CountsOf(histogram);
  std::string plain;
  AppendBigEndian(kCookie, 4, plain);
  AppendBigEndian(counts.size(), 4, plain);
  AppendBigEndian(0, 4, plain);  // Nothing is shifted.
  AppendBigEndian(kSignificantDigits, 4, plain);
  AppendBigEndian(1, 8, plain);
  AppendBigEndian(static_cast<uint64_t>(Histogram::kHighestNs), 8, plain);
  AppendBigEndian(std::bit_cast<uint64_t>(1.0), 8, plain);
  const std::string packed = Deflate(plain + counts);
  std::string out;
  AppendBigEndian(kCompressedCookie, 4, out);
  AppendBigEndian(packed.size(), 4, out);
  return absl::Base64Escape(out + packed);
}

// The two lines that timestamps count from; nothing if the result does not say when it was.
std::string BaseTime(const std::string& start_time) {
  absl::Time start;
  if (!absl::ParseTime(absl::RFC3339_full, start_time, &start, nullptr)) return "";
  const double seconds = absl::ToDoubleSeconds(start - absl::UnixEpoch());
  return absl::StrFormat(
      "#[StartTime: %.3f (seconds since epoch), %s]\n#[BaseTime: %.3f (seconds since epoch)]\n",
      seconds, absl::FormatTime(absl::RFC3339_sec, start, absl::UTCTimeZone()), seconds);
}

// A line of a metric; `from_s` since the start time.
void AppendLine(Metric metric, double from_s, double length_s, const Histogram& histogram,
                std::string& log) {
  absl::StrAppendFormat(&log, "Tag=%s,%.3f,%.3f,%.3f,%s\n", MetricName(metric), from_s, length_s,
                        static_cast<double>(histogram.max()) * 1e-6, Encode(histogram));
}

struct Span {
  double from_s = 0;  // Since the start time.
  double length_s = 0;
};

// When the samples of a metric that has no intervals are from.
Span SpanOf(Metric metric, const Result& result) {
  const Phases& phases = result.phases;
  const double measured_from_s = phases.connect_s + phases.warmup_s;
  const bool is_of_connects = metric >= Metric::kConnectTcp && metric <= Metric::kConnectLag;
  // The first connects of churn do not count.
  if (!is_of_connects || result.scenario == "churn") return {measured_from_s, phases.measure_s};
  const bool has_later_ones = result.scenario == "retain" || result.scenario == "session" ||
                              result.scenario == "will" || result.scalars.contains("reconnects") ||
                              result.scalars.contains("reconnected_all_s");
  if (has_later_ones) return {0, measured_from_s + phases.measure_s};
  return {0, phases.connect_s};
}

bool HasIntervals(const Result& result, Metric metric) {
  return std::ranges::any_of(result.intervals, [metric](const Interval& interval) {
    return !interval.histograms[metric].empty();
  });
}

}  // namespace

std::string HdrLog(const Result& result) {
  std::string log =
      absl::StrCat("#[Histogram log format version 1.3]\n", BaseTime(result.start_time),
                   "#[Values are nanoseconds, Interval_Max is in milliseconds]\n",
                   "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                   "\"Interval_Compressed_Histogram\"\n");
  for (size_t i = 0; i < kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    const Histogram& histogram = result.histograms[metric];
    if (histogram.count() == 0 || HasIntervals(result, metric)) continue;
    const Span span = SpanOf(metric, result);
    AppendLine(metric, span.from_s, span.length_s, histogram, log);
  }
  const double measured_from_s = result.phases.connect_s + result.phases.warmup_s;
  for (const Interval& interval : result.intervals) {
    for (size_t i = 0; i < kMetricCount; ++i) {
      const auto metric = static_cast<Metric>(i);
      const std::string& encoded = interval.histograms[metric];
      if (encoded.empty()) continue;
      const absl::StatusOr<Histogram> histogram = Histogram::Decode(encoded);
      if (!histogram.ok() || histogram->count() == 0) continue;
      AppendLine(metric, measured_from_s + interval.at_s - 1, 1, *histogram, log);
    }
  }
  return log;
}

}  // namespace ringmq::report
