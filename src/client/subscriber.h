// The client's subscriptions: requests on their way, and what was granted, remembered so that it
// can be asked for again when the server has lost the session.
//
// A SUBSCRIBE or UNSUBSCRIBE that was sent and not answered when the connection ended is sent again
// on the next one: the standard does not repeat them for us. What is remembered follows the user's
// wish: added when granted, removed when UNSUBSCRIBE is asked for.
//
// No packet is larger than the server takes (5.0 s3.2.2.3.6): a call that would be ends here, and
// what is asked for again is cut into packets that fit.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "client/packet_ids.h"
#include "client/pending.h"
#include "client/wire.h"
#include "codec/packets.h"
#include "ringmq/client.h"

namespace ringmq::client {

struct SubscribeCall {
  std::vector<SubscriptionRequest> requests;  // Of UNSUBSCRIBE only the filters count.
  UserProperties user_properties;
  SubscribePromise promise;
  bool unsubscribe = false;
  bool again = false;  // The loop's own, after the session was lost.
};

class Subscriber {
 public:
  // One SUBSCRIBE of ours holds no more, so that it fits what servers take.
  static constexpr size_t kFiltersMax = 64;

  // With `refuse_properties` a call with user properties is invalid where the protocol has none.
  Subscriber(PacketIds& ids, bool refuse_properties)
      : ids_(ids), refuse_properties_(refuse_properties) {}
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  void Call(SubscribeCall call);

  // Of a call, resolved.
  struct Answered {
    std::vector<std::string> filters;
    std::vector<ReasonCode> reasons;
    bool unsubscribe = false;
    bool again = false;
  };
  // Without the session everything remembered is asked for again, before what waits. Returns what
  // of it this server said that it cannot: it is forgotten.
  [[nodiscard]] Answered OnConnected(Wire& wire, const ServerLimits& limits, bool session_present);
  void OnDisconnected();
  void Flush();

  // The call that the answer belongs to; nothing: nobody asked (a protocol error).
  [[nodiscard]] std::optional<Answered> OnAck(const codec::SubscribeAck& ack, bool unsubscribe);

  void Shutdown();

  [[nodiscard]] bool idle() const { return waiting_.empty() && in_flight_.empty(); }
  [[nodiscard]] size_t remembered() const { return remembered_.size(); }

 private:
  [[nodiscard]] ReasonCode Refusal(const SubscriptionRequest& request) const;
  // True: resolved, because this server cannot.
  [[nodiscard]] bool RefuseHere(SubscribeCall& call) const;
  [[nodiscard]] bool RefuseSize(SubscribeCall& call) const;
  [[nodiscard]] bool Fits(const SubscribeCall& call) const;
  void Send(SubscribeCall& call, codec::PacketId id);
  [[nodiscard]] Answered AskAgain();

  PacketIds& ids_;
  const bool refuse_properties_;
  Wire* wire_ = nullptr;
  ServerLimits limits_;
  std::deque<SubscribeCall> waiting_;
  // By the order of sending, so that what is sent again keeps it.
  std::map<uint64_t, std::pair<codec::PacketId, SubscribeCall>> in_flight_;
  absl::flat_hash_map<codec::PacketId, uint64_t> order_of_;
  uint64_t next_order_ = 0;
  struct Remembered {
    SubscriptionRequest request;
    UserProperties user_properties;
  };
  std::map<std::string, Remembered> remembered_;
};

}  // namespace ringmq::client
