// Request and response (5.0 s4.10): our response topic, and who waits for which correlation data.
//
// The response topic is subscribed to with the first request, and requests wait until that is
// granted, so that no answer can come too early.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/time.h"
#include "client/pending.h"
#include "client/sender.h"
#include "client/subscriber.h"

namespace ringmq::client {

struct RequestCall {
  std::string topic;
  std::string payload;
  std::vector<uint8_t> properties;  // As on the wire, without response topic and correlation data.
  Qos qos = Qos::kAtLeastOnce;
  bool retain = false;
  Instant deadline = Instant::Max();
  ReplyPromise promise;
};

class Requester {
 public:
  // `unique` makes the response topic ours alone.
  Requester(Attention& attention, Subscriber& subscriber, Sender& sender, uint64_t unique);
  ~Requester();
  Requester(const Requester&) = delete;
  Requester& operator=(const Requester&) = delete;

  void Call(RequestCall call);
  // Whether a message with this topic is an answer, to be given to OnReply().
  [[nodiscard]] bool Owns(std::string_view topic) const {
    return subscribed_ != Subscribed::kNo && topic == response_topic_;
  }
  // An answer that nobody waits for any more is dropped.
  void OnReply(const Message& message);
  void Expire(Instant now);
  [[nodiscard]] Instant next_deadline() const;
  void Shutdown();

  [[nodiscard]] const std::string& response_topic() const { return response_topic_; }
  [[nodiscard]] bool idle() const { return waiting_.empty(); }

 private:
  enum class Subscribed : uint8_t { kNo, kAsked, kYes };

  void Subscribe();
  void OnSubscribed(const SubscribeResult& result);
  void Send(uint64_t number, RequestCall& call);
  void OnDelivery(uint64_t number, const Delivery& delivery);
  void End(uint64_t number, Reply reply);

  Attention& attention_;
  Subscriber& subscriber_;
  Sender& sender_;
  const std::string response_topic_;
  Subscribed subscribed_ = Subscribed::kNo;
  uint64_t next_number_ = 1;
  // By number, which is the correlation data; `sent` ones keep only promise and deadline.
  struct Waiting {
    RequestCall call;
    bool sent = false;
  };
  std::map<uint64_t, Waiting> waiting_;
};

}  // namespace ringmq::client
