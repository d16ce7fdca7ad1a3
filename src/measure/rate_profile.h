// A rate that changes over a run, in pieces: held, rising or falling in a straight line, or none.
//
//   rate   from ____ to
//               /        the messages until a time are the area below, and a
//              /         message's time is where the area is its number
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringmq::measure {

struct RatePiece {
  double duration_s = 0;
  double from_per_s = 0;  // At its beginning,
  double to_per_s = 0;    // and at its end.

  [[nodiscard]] double messages() const { return duration_s * (from_per_s + to_per_s) / 2; }
};

class RateProfile {
 public:
  // So many pieces a profile may have: a schedule looks at each of them for each message.
  static constexpr size_t kPiecesMax = 100;

  // Requires: no more than kPiecesMax, durations above zero, rates not below.
  void Append(const RatePiece& piece);

  [[nodiscard]] bool empty() const { return pieces_.empty(); }
  [[nodiscard]] double duration_s() const;
  // Of the whole profile.
  [[nodiscard]] double messages() const;
  // When `messages` have been sent, since the beginning. kNever: not within the profile.
  static constexpr double kNever = 1e300;
  [[nodiscard]] double TimeNs(double messages) const;

 private:
  std::vector<RatePiece> pieces_;
};

}  // namespace ringmq::measure
