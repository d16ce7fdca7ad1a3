// Where a worker writes the stamps of messages and reads them, and what it makes of messages that
// have none.
//
// The front of the payload is read where everything is (worker_packets.cc); the rest is here.
//
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "codec/properties.h"
#include "load/packet_bytes.h"
#include "load/worker.h"

namespace ringmq::load {

// `correlation` is that of the message, as long as Plan::CorrelationBytes() says.
void Worker::PutStamp(const measure::Stamp& stamp, std::span<uint8_t> payload,
                      std::span<uint8_t> correlation) const {
  RMQ_DCHECK(payload.size() >= plan_.StampedBytes());
  std::span<uint8_t> place = payload;
  if (plan_.stamp_place == StampPlace::kCorrelation) {
    place = correlation;
  } else if (!correlation.empty()) {
    RMQ_DCHECK(correlation.size() == sizeof(stamp.sequence));
    std::memcpy(correlation.data(), &stamp.sequence, sizeof(stamp.sequence));
  }
  if (plan_.stamp_place == StampPlace::kNowhere) return;
  measure::WriteStamp(stamp, plan_.stamp, SumOfRest(payload), place);
}

size_t Worker::Render(uint32_t publisher, uint64_t sequence, int64_t due_ns) {
  const int64_t time_ms = (due_ns + plan_.unix_minus_clock_ns) / kMillisecond.ns;
  return plan_.StampedBytes() +
         plan_.payload_template.Render(
             {.sequence = sequence, .publisher = publisher, .time_ms = time_ms, .seed = plan_.seed},
             rendered_);
}

// Of a message that is encoded as a whole.
std::vector<uint8_t> Worker::PayloadOf(uint32_t publisher, uint64_t sequence, int64_t due_ns) {
  if (rendered_.empty()) return plan_.MakePayload(NextPayloadBytes());
  std::vector<uint8_t> payload(Render(publisher, sequence, due_ns));
  const size_t text_bytes = payload.size() - plan_.StampedBytes();
  std::copy_n(rendered_.begin(), text_bytes, std::span(payload).last(text_bytes).begin());
  return payload;
}

// Of a message that is encoded as a whole: returns its properties.
std::vector<uint8_t> Worker::StampStored(const measure::Stamp& stamp,
                                         std::span<uint8_t> payload) const {
  std::vector<uint8_t> correlation(plan_.CorrelationBytes());
  PutStamp(stamp, payload, correlation);
  std::vector<uint8_t> properties;
  if (!correlation.empty()) {
    codec::PropertyWriter(properties).Binary(codec::PropertyId::kCorrelationData, correlation);
  }
  return properties;
}

// Nothing: it has no stamp, and was counted.
std::optional<measure::StampStatus> Worker::ReadElsewhere(Peer& peer, const codec::Publish& publish,
                                                          measure::Stamp& stamp, int64_t now_ns) {
  if (plan_.stamp_place == StampPlace::kCorrelation) {
    const auto correlation = CorrelationOf(publish.properties);
    if (correlation.empty()) ++findings_.uncorrelated;
    return measure::ReadStampApart(correlation, publish.payload, known_rest_, stamp);
  }
  if (plan_.asks) return ReadNumber(peer, publish, stamp);
  CountOnly(peer, publish, now_ns);
  return std::nullopt;
}

// The number of a request, which its answer brings back, tells everything; whoever asked knows when
// it was due.
measure::StampStatus Worker::ReadNumber(const Peer& peer, const codec::Publish& publish,
                                        measure::Stamp& stamp) const {
  const auto name = CorrelationOf(publish.properties);
  if (peer.publishing == nullptr || name.size() != sizeof(stamp.sequence)) {
    return measure::StampStatus::kForeign;
  }
  uint64_t number = 0;
  std::memcpy(&number, name.data(), name.size());
  if (number >= peer.publishing->sequence) return measure::StampStatus::kForeign;
  stamp = {.run = measure::RunAs(plan_.stamp, plan_.run),
           .publisher = PublisherOf(peer),
           .sequence = number,
           .due_ns = peer.publishing->DueOf(number)};
  return measure::StampStatus::kOk;
}

// What is not as it should be: one of `count`, or just a message where nobody verifies.
void Worker::Reject(const Peer& peer, const codec::Publish& publish, uint64_t& count,
                    int64_t now_ns) {
  if (plan_.verify == Verify::kOff) {
    CountOnly(peer, publish, now_ns);
  } else {
    ++count;
  }
}

// By when it arrived, since nobody knows when it was due.
void Worker::CountOnly(const Peer& peer, const codec::Publish& publish, int64_t now_ns) {
  if (plan_.qos == Qos::kAtMostOnce && plan_.rate_per_s == 0) --on_their_way_;
  if (peer.hearing == nullptr) {
    ++findings_.integrity.misrouted;
    return;
  }
  const bool measured = measures(now_ns);
  PhaseTally* const phase = measured ? PhaseOf(now_ns) : nullptr;
  if (publish.qos != plan_.qos) {
    ++findings_.integrity.wrong_qos;
    if (phase != nullptr) ++phase->integrity.wrong_qos;
  }
  findings_.integrity.Add(measure::FlowVerdict::kInOrder);
  ++second_.received;
  if (!measured) return;
  ++findings_.received;
  ++findings_.received_meanwhile;
  if (phase == nullptr) return;
  ++phase->received;
  phase->integrity.Add(measure::FlowVerdict::kInOrder);
}

}  // namespace ringmq::load
