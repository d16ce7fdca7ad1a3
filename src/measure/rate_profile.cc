// SPDX-License-Identifier: Apache-2.0
#include "measure/rate_profile.h"

#include <cmath>

#include "base/check.h"

namespace ringmq::measure {
namespace {

constexpr double kNsPerS = 1e9;

// The time at which the area below the piece is `messages`: of both roots of the square equation
// the one that is good for a rate that hardly changes, too.
double TimeWithin(const RatePiece& piece, double messages) {
  const double slope = (piece.to_per_s - piece.from_per_s) / piece.duration_s;
  const double square = piece.from_per_s * piece.from_per_s + 2 * slope * messages;
  const double sum = piece.from_per_s + std::sqrt(square > 0 ? square : 0);
  return sum > 0 ? 2 * messages / sum : 0;
}

}  // namespace

void RateProfile::Append(const RatePiece& piece) {
  RMQ_CHECK(pieces_.size() < kPiecesMax);
  RMQ_CHECK(piece.duration_s > 0);
  RMQ_CHECK(piece.from_per_s >= 0);
  RMQ_CHECK(piece.to_per_s >= 0);
  pieces_.push_back(piece);
}

double RateProfile::duration_s() const {
  double sum = 0;
  for (const RatePiece& piece : pieces_) sum += piece.duration_s;
  return sum;
}

double RateProfile::messages() const {
  double sum = 0;
  for (const RatePiece& piece : pieces_) sum += piece.messages();
  return sum;
}

double RateProfile::TimeNs(double messages) const {
  double before_s = 0;
  for (const RatePiece& piece : pieces_) {
    // The first message of the next piece is that one's, hence less and not equal.
    if (messages < piece.messages()) return (before_s + TimeWithin(piece, messages)) * kNsPerS;
    messages -= piece.messages();
    before_s += piece.duration_s;
  }
  return kNever;
}

}  // namespace ringmq::measure
