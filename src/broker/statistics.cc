// SPDX-License-Identifier: Apache-2.0
#include "broker/statistics.h"

#include <numeric>

namespace ringmq::broker {

uint64_t Statistics::dropped_total() const {
  return std::accumulate(dropped.begin(), dropped.end(), uint64_t{0});
}

void Statistics::Add(const Statistics& other) {
  connections += other.connections;
  sessions += other.sessions;
  subscriptions += other.subscriptions;
  shared_subscriptions += other.shared_subscriptions;
  retained_messages += other.retained_messages;
  retained_bytes += other.retained_bytes;
  queued_messages += other.queued_messages;
  queued_bytes += other.queued_bytes;
  connections_accepted += other.connections_accepted;
  connections_refused += other.connections_refused;
  admissions_deferred += other.admissions_deferred;
  admissions_timed_out += other.admissions_timed_out;
  sessions_expired += other.sessions_expired;
  sessions_taken_over += other.sessions_taken_over;
  packets_received += other.packets_received;
  packets_sent += other.packets_sent;
  bytes_received += other.bytes_received;
  bytes_sent += other.bytes_sent;
  publishes_received += other.publishes_received;
  publishes_sent += other.publishes_sent;
  publish_bytes_received += other.publish_bytes_received;
  publish_bytes_sent += other.publish_bytes_sent;
  receives += other.receives;
  sends += other.sends;
  malformed_packets += other.malformed_packets;
  transport_errors += other.transport_errors;
  handshakes += other.handshakes;
  kernel_tls += other.kernel_tls;
  kernel_tls_spent += other.kernel_tls_spent;
  protocol_errors += other.protocol_errors;
  handed_over += other.handed_over;
  parcels_received += other.parcels_received;
  publishers_paused += other.publishers_paused;
  for (size_t i = 0; i < kDropReasonCount; ++i) dropped[i] += other.dropped[i];
}

}  // namespace ringmq::broker
