// SPDX-License-Identifier: Apache-2.0
#include "measure/schedule.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ringmq::measure {
namespace {

constexpr double kNsPerS = 1e9;

// Due times end here, 95 years after the start, so that a rate of one in a million years does not
// overflow.
constexpr double kFarthestNs = 3e18;

// Exponential with mean 1.
double UnitGap(base::Random& random) {
  // 53 random bits make u uniform in (0, 1]; the logarithm of zero would be no gap at all.
  const double u = static_cast<double>((random.Next() >> 11) + 1) * 0x1p-53;
  return -std::log(u);
}

}  // namespace

Schedule::Schedule(const ScheduleOptions& options)
    : options_(options),
      period_ns_(kNsPerS / options.rate_per_s),
      random_(options.seed + options.part * uint64_t{0x9e3779b97f4a7c15}) {
  RMQ_CHECK(options.rate_per_s > 0);
  RMQ_CHECK(options.burst > 0);
  RMQ_CHECK(options.part < options.parts);
  if (options.arrival == Arrival::kPoisson) {
    drawn_ = UnitGap(random_) * options.parts;
  }
  Compute();
}

ScheduleOptions Schedule::Share(const ScheduleOptions& total, uint32_t part, uint32_t parts) {
  RMQ_CHECK(total.parts == 1);
  RMQ_CHECK(part < parts);
  ScheduleOptions share = total;
  share.part = part;
  share.parts = parts;
  return share;
}

uint64_t Schedule::ShareOfCount(uint64_t total_messages, uint32_t part, uint32_t parts) {
  RMQ_CHECK(part < parts);
  return total_messages / parts + (part < total_messages % parts ? 1 : 0);
}

void Schedule::Advance() {
  ++index_;
  if (options_.arrival == Arrival::kPoisson) {
    drawn_ += UnitGap(random_) * options_.parts;
  }
  Compute();
}

int64_t Schedule::DueOf(double messages) const {
  const double offset_ns =
      options_.profile == nullptr ? messages * period_ns_ : options_.profile->TimeNs(messages);
  return options_.start_ns + static_cast<int64_t>(std::min(offset_ns, kFarthestNs));
}

// From the number and not from the time before: a period has no exact double, and a sum of a
// billion of them would be seconds off where one product is off by less than a nanosecond.
void Schedule::Compute() {
  const uint64_t number = index_ * options_.parts + options_.part;
  switch (options_.arrival) {
    case Arrival::kConstant:
      next_due_ns_ = DueOf(static_cast<double>(number));
      return;
    case Arrival::kBurst:
      next_due_ns_ = DueOf(static_cast<double>(number - number % options_.burst));
      return;
    case Arrival::kPoisson:
      next_due_ns_ = DueOf(drawn_);
      return;
  }
}

}  // namespace ringmq::measure
