// The public Link, and how an embedded broker opens one.
//
// SPDX-License-Identifier: Apache-2.0
#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "broker/embed.h"
#include "broker/link_client.h"
#include "broker/link_properties.h"
#include "codec/limits.h"
#include "codec/utf8.h"

namespace ringmq::broker {
namespace {

// A shard answers within a turn; this is for one that hangs.
constexpr std::chrono::seconds kOpenWaitMax{10};

std::string UnusedClientId() {
  uint64_t number[2] = {};
  RMQ_CHECK(getrandom(number, sizeof(number), 0) == sizeof(number));
  return fmt::format("link-{:016x}{:016x}", number[0], number[1]);
}

bool IsClientId(std::string_view client_id) {
  return client_id.size() <= codec::kStringBytesMax && codec::IsValidUtf8(client_id);
}

}  // namespace

Expected<std::unique_ptr<LinkClient>> Embedding::OpenLink(LinkOptions options) {
  if (!IsClientId(options.client_id) || !IsClientId(options.username)) {
    return Error(Errc::kInvalidArgument, "client_id or username: not UTF-8, or too long");
  }
  if (options.receive_maximum == 0 || options.batch_events_max == 0) {
    return Error(Errc::kInvalidArgument, "receive_maximum or batch_events_max: zero");
  }
  if (running_->IsShardThread()) {
    return Error(Errc::kDeadlock, "a shard's thread cannot wait for a shard");
  }
  if (options.client_id.empty()) options.client_id = UnusedClientId();
  Pipe::Ends ends = Pipe::Make(
      {.to_shard_bytes_max = options.publish_bytes_max,
       .to_link_bytes_max = options.receive_bytes_max,
       .rights = options.rights == LinkRights::kAll ? PipeRights::kAll : PipeRights::kAsClient,
       .on_ready = options.on_ready});
  auto client = std::make_unique<LinkClient>(std::move(options), std::move(ends.link));
  if (const auto written = client->Connect(); !written) return written.error();
  if (!running_->Attach(client->options().client_id, std::move(ends.shard))) {
    return Error(Errc::kStopped, "the broker has stopped");
  }
  const auto connected = client->AwaitConnack(std::chrono::steady_clock::now() + kOpenWaitMax);
  if (!connected) return connected.error();
  return client;
}

}  // namespace ringmq::broker

namespace ringmq {
namespace {

// Longer is for ever, and the sum does not overflow.
constexpr std::chrono::hours kTimeoutMax{24 * 365};

}  // namespace

PublishProperties LinkMessage::properties() const {
  const void* const bytes = property_bytes.data();
  return broker::PropertiesOf({{static_cast<const uint8_t*>(bytes), property_bytes.size()}});
}

Link::Link(std::unique_ptr<broker::LinkClient> client) noexcept : client_(std::move(client)) {}
Link::Link(Link&&) noexcept = default;
Link& Link::operator=(Link&& other) noexcept {
  client_ = std::move(other.client_);
  return *this;
}
Link::~Link() = default;

const std::string& Link::client_id() const noexcept { return client_->options().client_id; }
bool Link::session_present() const noexcept { return client_->session_present(); }

Expected<uint64_t> Link::Publish(std::string_view topic, std::string_view payload,
                                 const LinkPublish& options) {
  return client_->Publish(topic, payload, options);
}

Expected<uint64_t> Link::Subscribe(std::string_view filter, const LinkSubscribe& options) {
  return client_->Subscribe(filter, options);
}

Expected<uint64_t> Link::Unsubscribe(std::string_view filter) {
  return client_->Unsubscribe(filter);
}

Expected<std::span<const LinkEvent>> Link::Receive(std::chrono::milliseconds timeout) {
  const auto wait = std::min<std::chrono::milliseconds>(timeout, kTimeoutMax);
  return client_->Receive(std::chrono::steady_clock::now() + wait);
}

void Link::Close() { client_->Close(); }
void Link::Abandon() { client_->Abandon(); }

Expected<Link> Broker::OpenLink(LinkOptions options) {
  auto client = embedding_->OpenLink(std::move(options));
  if (!client) return client.error();
  return Link(*std::move(client));
}

}  // namespace ringmq
