// The names of errors and reason codes, as the standard spells them.
//
// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <span>
#include <utility>

#include "ringmq/expected.h"

namespace ringmq {
namespace {

constexpr std::pair<Errc, const char*> kErrors[] = {
    {Errc::kInvalidArgument, "invalid argument"},
    {Errc::kUnsupported, "not supported"},
    {Errc::kWouldBlock, "queue full"},
    {Errc::kDeadlock, "would wait for itself"},
    {Errc::kTimedOut, "timed out"},
    {Errc::kStopped, "stopped"},
    {Errc::kResolveFailed, "cannot resolve the host name"},
    {Errc::kConnectFailed, "cannot connect"},
    {Errc::kConnectTimedOut, "connecting timed out"},
    {Errc::kProxyRefused, "the proxy refused"},
    {Errc::kTlsFailed, "TLS failed"},
    {Errc::kUpgradeFailed, "WebSocket upgrade failed"},
    {Errc::kConnectionRefused, "the server refused the connection"},
    {Errc::kConnectionLost, "connection lost"},
    {Errc::kServerDisconnected, "the server disconnected us"},
    {Errc::kKeepAliveTimedOut, "the server does not answer PINGREQ"},
    {Errc::kMalformedPacket, "malformed packet"},
    {Errc::kProtocolError, "protocol error"},
    {Errc::kPacketTooLarge, "packet too large"},
    {Errc::kAuthenticationFailed, "authentication failed"},
    {Errc::kStorageFailed, "the session store failed"},
    {Errc::kSystem, "system error"},
};

constexpr std::pair<ReasonCode, const char*> kReasons[] = {
    {ReasonCode::kSuccess, "success"},
    {ReasonCode::kGrantedQos1, "granted QoS 1"},
    {ReasonCode::kGrantedQos2, "granted QoS 2"},
    {ReasonCode::kDisconnectWithWill, "disconnect with will message"},
    {ReasonCode::kNoMatchingSubscribers, "no matching subscribers"},
    {ReasonCode::kNoSubscriptionExisted, "no subscription existed"},
    {ReasonCode::kContinueAuthentication, "continue authentication"},
    {ReasonCode::kReauthenticate, "re-authenticate"},
    {ReasonCode::kUnspecifiedError, "unspecified error"},
    {ReasonCode::kMalformedPacket, "malformed packet"},
    {ReasonCode::kProtocolError, "protocol error"},
    {ReasonCode::kImplementationSpecificError, "implementation specific error"},
    {ReasonCode::kUnsupportedProtocolVersion, "unsupported protocol version"},
    {ReasonCode::kClientIdentifierNotValid, "client identifier not valid"},
    {ReasonCode::kBadUserNameOrPassword, "bad user name or password"},
    {ReasonCode::kNotAuthorized, "not authorized"},
    {ReasonCode::kServerUnavailable, "server unavailable"},
    {ReasonCode::kServerBusy, "server busy"},
    {ReasonCode::kBanned, "banned"},
    {ReasonCode::kServerShuttingDown, "server shutting down"},
    {ReasonCode::kBadAuthenticationMethod, "bad authentication method"},
    {ReasonCode::kKeepAliveTimeout, "keep alive timeout"},
    {ReasonCode::kSessionTakenOver, "session taken over"},
    {ReasonCode::kTopicFilterInvalid, "topic filter invalid"},
    {ReasonCode::kTopicNameInvalid, "topic name invalid"},
    {ReasonCode::kPacketIdentifierInUse, "packet identifier in use"},
    {ReasonCode::kPacketIdentifierNotFound, "packet identifier not found"},
    {ReasonCode::kReceiveMaximumExceeded, "receive maximum exceeded"},
    {ReasonCode::kTopicAliasInvalid, "topic alias invalid"},
    {ReasonCode::kPacketTooLarge, "packet too large"},
    {ReasonCode::kMessageRateTooHigh, "message rate too high"},
    {ReasonCode::kQuotaExceeded, "quota exceeded"},
    {ReasonCode::kAdministrativeAction, "administrative action"},
    {ReasonCode::kPayloadFormatInvalid, "payload format invalid"},
    {ReasonCode::kRetainNotSupported, "retain not supported"},
    {ReasonCode::kQosNotSupported, "QoS not supported"},
    {ReasonCode::kUseAnotherServer, "use another server"},
    {ReasonCode::kServerMoved, "server moved"},
    {ReasonCode::kSharedSubscriptionsNotSupported, "shared subscriptions not supported"},
    {ReasonCode::kConnectionRateExceeded, "connection rate exceeded"},
    {ReasonCode::kMaximumConnectTime, "maximum connect time"},
    {ReasonCode::kSubscriptionIdentifiersNotSupported, "subscription identifiers not supported"},
    {ReasonCode::kWildcardSubscriptionsNotSupported, "wildcard subscriptions not supported"},
};

template <typename Code>
const char* Find(std::span<const std::pair<Code, const char*>> table, Code code,
                 const char* otherwise) {
  for (const auto& [known, name] : table) {
    if (known == code) return name;
  }
  return otherwise;
}

}  // namespace

const char* NameOf(Errc code) noexcept { return Find<Errc>(kErrors, code, "unknown error"); }

const char* NameOf(ReasonCode reason) noexcept {
  return Find<ReasonCode>(kReasons, reason, "unknown");
}

std::string Describe(const Error& error) {
  std::string text = NameOf(error.code());
  if (error.reason() != ReasonCode::kSuccess) {
    text += std::string(" (") + NameOf(error.reason()) + ")";
  }
  if (!error.detail().empty()) text += ": " + error.detail();
  if (error.system_errno() != 0) {
    text += std::string(": ") + std::strerror(error.system_errno());
  }
  return text;
}

}  // namespace ringmq
