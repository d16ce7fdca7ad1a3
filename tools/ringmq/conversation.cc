// SPDX-License-Identifier: Apache-2.0
#include "conversation.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "complaint.h"
#include "exit_code.h"

namespace ringmq::cli {
namespace {

using std::chrono::milliseconds;

// How long goodbye may wait for acknowledgements, and how late a signal may be noticed while the
// client connects.
constexpr milliseconds kDrainMax{10'000};
constexpr milliseconds kBlindSleep{100};
constexpr milliseconds kSleepMax{60'000};
// Attempts in a row that a command which is to end some time makes to get a lost connection back.
constexpr uint32_t kReconnectsMax = 10;
// The library's bound must not get into the way of one large payload; publish.cc has its own.
constexpr size_t kOutboundBytesMax = size_t{600} << 20;

std::string NameOf(const Endpoint& endpoint) {
  if (endpoint.transport == Transport::kUnix) return "unix://" + endpoint.host;
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  std::string name = is_v6 ? "[" + endpoint.host + "]" : endpoint.host;
  if (endpoint.port != 0) name += ":" + std::to_string(endpoint.port);
  return name;
}

// "PUBLISH, 20 bytes".
std::string Named(PacketType type, uint32_t size_bytes) {
  constexpr const char* kNames[] = {"?",         "CONNECT",  "CONNACK",     "PUBLISH",
                                    "PUBACK",    "PUBREC",   "PUBREL",      "PUBCOMP",
                                    "SUBSCRIBE", "SUBACK",   "UNSUBSCRIBE", "UNSUBACK",
                                    "PINGREQ",   "PINGRESP", "DISCONNECT",  "AUTH"};
  return std::string(kNames[static_cast<size_t>(type) & 15]) + ", " + std::to_string(size_bytes) +
         " bytes";
}

}  // namespace

void Reporter::Complain(const std::string& text) const {
  if (!settings_.quiet) ComplainOfUsage(text);
}

void Reporter::ComplainOfUsage(const std::string& text) const {
  std::fprintf(stderr, "ringmq: %s\n", text.c_str());
}

void Reporter::Note(const std::string& text) const {
  if (settings_.debug) std::fprintf(stderr, "ringmq: %s\n", text.c_str());
}

Conversation::Conversation(const Settings& settings, const Reporter& reporter)
    : settings_(settings), reporter_(reporter) {}

Conversation::~Conversation() {
  if (signal_fd_ >= 0) close(signal_fd_);
}

bool Conversation::Open() {
  if (!settings_.unsupported.empty()) {
    for (const std::string& what : settings_.unsupported) reporter_.Complain(what);
    exit_code_ = kExitUnsupported;
    return false;
  }
  Options options = settings_.client;
  options.trace_packets = settings_.output.debug;
  options.outbound.bytes = kOutboundBytesMax;
  if (settings_.command == Command::kSub) {
    // A message that is not printed because -C is reached is not acknowledged either.
    options.acks = Acks::kManual;
    options.unused_acks = UnusedAcks::kLeave;
  }
  if (settings_.scram) {
    authenticator_ = MakeScramSha256(options.username, options.password);
    options.authenticator = authenticator_.get();
    // The server learns the name from the method, and the password not at all.
    options.has_username = options.has_password = false;
    options.username.clear();
    options.password.clear();
  }
  if (settings_.command != Command::kSub) options.backoff.attempts_max = kReconnectsMax;
  Expected<ClientPair> made = MakeClient(std::move(options));
  if (!made.ok()) {
    const Error& error = made.error();
    if (error.code() == Errc::kInvalidArgument) {
      reporter_.ComplainOfUsage(InTermsOfOptions(settings_, error.detail()));
    } else {
      reporter_.Complain(Describe(error));
    }
    exit_code_ = ExitCodeOf(error);
    return false;
  }
  pair_.emplace(*std::move(made));

  // A reader that has left is noticed when writing.
  signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  signal_fd_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  return true;
}

int Conversation::MillisecondsUntil(const Wait& wait) const {
  auto until = pair_->second.NextDeadline();
  if (wait.deadline) until = std::min(until, *wait.deadline);
  milliseconds longest = kSleepMax;
  const Clock::time_point now = Clock::now();
  if (until <= now) return 0;
  // Compared before it is rounded up: "never" is far away.
  if (until - now < longest) longest = std::chrono::ceil<milliseconds>(until - now);
  return static_cast<int>(longest.count());
}

Conversation::TurnResult Conversation::Turn(const Wait& wait,
                                            const std::function<void(Event&)>& on_event) {
  TurnResult result{.has_ended = has_ended_};
  if (has_ended_) return result;
  // Before there is a connection nothing but the client and signals matter, and no input is read:
  // the client sleeps by itself, which also hears its resolver's thread. Then the descriptors.
  const bool sleeps_inside = was_silent_ && !is_connected_;
  pollfd watched[] = {
      {signal_fd_, POLLIN, 0}, {pair_->second.descriptor(), POLLIN, 0}, {wait.input_fd, POLLIN, 0}};
  const int sleep_ms = was_silent_ && !sleeps_inside ? MillisecondsUntil(wait) : 0;
  if (poll(watched, std::size(watched), sleep_ms) > 0) {
    if (watched[0].revents != 0) TakeSignal();
    result.is_input_ready = watched[2].revents != 0;
  }
  was_silent_ = true;  // Unless events come, or their handlers and callbacks want something.
  Expected<EventBatch> batch = pair_->second.Poll(sleeps_inside ? kBlindSleep : milliseconds(0));
  if (!batch.ok()) {
    End(batch.error());
    result.has_ended = true;
    return result;
  }
  if (!batch->empty()) was_silent_ = false;
  for (Event& event : *batch) {
    Observe(event);
    if (!has_ended_) on_event(event);
  }
  result.has_ended = has_ended_;
  return result;
}

void Conversation::TakeSignal() {
  signalfd_siginfo info;
  if (read(signal_fd_, &info, sizeof info) != sizeof info) return;
  if (is_leaving_) {  // The second one: the server takes too long.
    has_ended_ = true;
    return;
  }
  was_interrupted_ = true;
  Leave(kExitOk);
  if (!is_connected_) has_ended_ = true;
}

void Conversation::Leave(int code) {
  if (is_leaving_) return;
  is_leaving_ = true;
  exit_code_ = code;
  DisconnectOptions options = settings_.disconnect;
  options.drain_for = was_interrupted_ ? milliseconds(0) : kDrainMax;
  client().Disconnect(options);
}

void Conversation::End(const Error& cause) {
  has_ended_ = true;
  if (is_leaving_ || cause.code() == Errc::kStopped) return;
  if (was_connected_ || exit_code_ == kExitOk) {
    reporter_.Complain(Describe(cause));
    exit_code_ = ExitCodeOf(cause);
  }
}

void Conversation::Observe(const Event& event) {
  if (const auto* connecting = event.get<Connecting>()) {
    reporter_.Note("connecting to " + NameOf(connecting->endpoint));
  } else if (const auto* connected = event.get<Connected>()) {
    is_connected_ = true;
    was_connected_ = true;
    std::string text = "connected";
    if (!connected->client_id.empty()) text += " as " + connected->client_id;
    reporter_.Note(text + (connected->session_present ? ", session resumed" : ", new session"));
  } else if (const auto* lost = event.get<Disconnected>()) {
    OnDisconnected(*lost);
  } else if (const auto* sent = event.get<PacketSent>()) {
    reporter_.Note("sent " + Named(sent->type, sent->size_bytes));
  } else if (const auto* received = event.get<PacketReceived>()) {
    reporter_.Note("received " + Named(received->type, received->size_bytes));
  } else if (event.get<SessionLost>() != nullptr) {
    reporter_.Note("the server has forgotten the session");
  } else if (const auto* stopped = event.get<Stopped>()) {
    if (stopped->cause) End(*stopped->cause);
    has_ended_ = true;
  }
}

void Conversation::OnDisconnected(const Disconnected& lost) {
  is_connected_ = false;
  if (is_leaving_) {
    // The goodbye cannot be said any more.
    has_ended_ = true;
    return;
  }
  std::string text = Describe(lost.cause);
  if (!lost.reason_string.empty()) text += " (" + lost.reason_string + ")";
  if (!lost.server_reference.empty()) text += "; try " + lost.server_reference;
  if (lost.cause.reason() == ReasonCode::kUnsupportedProtocolVersion) {
    text += "; try another -V: 5, 311 or 31";
  }
  if (!was_connected_ || !lost.retry_in) {
    has_ended_ = true;
    exit_code_ = ExitCodeOf(lost.cause);
    reporter_.Complain(text);
    return;
  }
  reporter_.Complain(text + "; trying again");
}

}  // namespace ringmq::cli
