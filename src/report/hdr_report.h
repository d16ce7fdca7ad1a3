// The histograms of a run as an HdrHistogram log, which other people's plotters open.
//
//   #[Histogram log format version 1.3]
//   #[BaseTime: 1774668000.000 (seconds since epoch)]
//   "StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"
//   Tag=response,6.000,1.000,4.115,HISTFAAAA...
//
// A line a second and metric where the Result has intervals, in the order of time; their sums are
// the histograms of the run. What has none (times of connecting, and everything if intervals were
// not asked for) has one line, whose interval is the phase that it is of: times of connecting that
// of connecting (if clients connect later too, all up to the end of measuring; churn: only the
// measure phase), others the measure phase. Values are nanoseconds at three digits, Interval_Max is
// in milliseconds, as those who read such logs expect. Samples below 1 us count as the highest of
// them that was seen or 999 ns, samples above 1 h as 1 h; negative ones are left out.
//
// The last field is base64 of
//
//   cookie (4) | length (4) | deflated: cookie (4) | length (4) | 0 (4) | digits (4) |
//                                       lowest (8) | highest (8) | 1.0 (8) | counts
//
// all big-endian, the counts from the lowest bucket on as ZigZag LEB128 (the ninth byte has eight
// bits); a negative one is so many empty buckets. With a lowest value of 1 and three digits the
// buckets are exactly those of measure::Histogram, so nothing is rounded twice.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "report/result.h"

namespace ringmq::report {

[[nodiscard]] std::string HdrLog(const Result& result);

}  // namespace ringmq::report
