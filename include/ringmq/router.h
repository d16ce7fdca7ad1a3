// Which handler gets a message: by Subscription Identifier where the server sends one, otherwise
// by topic filter.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "ringmq/message.h"

namespace ringmq {

// One thread. Owned by whoever reads the events.
class Router {
 public:
  using Handler = std::function<void(Message&)>;

  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  // Messages whose topic matches `filter` go to `handler`; a handler that the filter had before is
  // replaced. Returns the identifier to subscribe with (SubscriptionRequest::id) so that dispatch
  // does not need to match; it is good only if everything in the session was subscribed with
  // identifiers. False wildcards: returns zero and adds nothing. A shared filter
  // ("$share/group/filter") is matched by its filter.
  uint32_t Add(std::string_view filter, Handler handler);
  bool Remove(std::string_view filter);
  [[nodiscard]] size_t size() const noexcept;

  // Calls every handler that fits, in no particular order; returns how many. A handler may add and
  // remove filters; what it adds is asked from the next message on.
  size_t Dispatch(Message& message);

 private:
  class Table;
  std::unique_ptr<Table> table_;
};

// Whether a topic filter (without "$share/") matches a topic name. 5.0 s4.7
[[nodiscard]] bool TopicMatches(std::string_view filter, std::string_view topic) noexcept;

}  // namespace ringmq
