// One connection from beginning to end: what pub, sub and rr have in common.
//
// It waits for the client's event loop, for signals and for one more descriptor, tells the user
// what happens, and knows with which code to exit. The first attempt to connect must succeed;
// later the client reconnects by itself. SIGINT and SIGTERM leave with a DISCONNECT; a second one
// leaves at once.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "ringmq/authenticator.h"
#include "ringmq/client.h"
#include "settings.h"

namespace ringmq::cli {

using Clock = std::chrono::steady_clock;

// Errors and notes for people, on the standard error.
class Reporter {
 public:
  explicit Reporter(const OutputSettings& settings) : settings_(settings) {}
  void Complain(const std::string& text) const;  // Unless --quiet.
  void ComplainOfUsage(const std::string& text) const;
  void Note(const std::string& text) const;  // With --debug.

 private:
  const OutputSettings& settings_;
};

class Conversation {
 public:
  // Both outlive it.
  Conversation(const Settings& settings, const Reporter& reporter);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation();

  // No I/O towards the server yet. False: exit_code() tells.
  [[nodiscard]] bool Open();
  // Requires of all below: Open() was true.
  // Whoever takes it wants something of it: the next Turn() looks before it sleeps.
  [[nodiscard]] const Client& client() {
    was_silent_ = false;
    return pair_->first;
  }

  // What Turn() wakes up for besides the client and signals.
  struct Wait {
    int input_fd = -1;  // Becomes readable.
    std::optional<Clock::time_point> deadline{};
  };
  struct TurnResult {
    bool has_ended = false;  // Nothing more will happen.
    bool is_input_ready = false;
  };
  // Hands what the client has to say to `on_event`, or else sleeps until there is something.
  TurnResult Turn(const Wait& wait, const std::function<void(Event&)>& on_event);

  [[nodiscard]] bool is_connected() const { return is_connected_; }
  // A signal or Leave() came: nothing new is to begin.
  [[nodiscard]] bool is_leaving() const { return is_leaving_; }
  [[nodiscard]] bool was_interrupted() const { return was_interrupted_; }

  // Says goodbye once what was published is through, and exits with `code`. The first call counts.
  void Leave(int code);
  [[nodiscard]] int exit_code() const { return exit_code_; }

 private:
  void Observe(const Event& event);
  void OnDisconnected(const Disconnected& lost);
  void End(const Error& cause);
  void TakeSignal();
  [[nodiscard]] int MillisecondsUntil(const Wait& wait) const;

  const Settings& settings_;
  const Reporter& reporter_;
  std::unique_ptr<Authenticator> authenticator_{};  // Null: none. Outlives the client.
  std::optional<ClientPair> pair_{};
  int signal_fd_ = -1;
  int exit_code_ = 0;
  bool is_connected_ = false;  // Now.
  bool was_connected_ = false;
  bool is_leaving_ = false;
  bool was_interrupted_ = false;
  bool has_ended_ = false;
  bool was_silent_ = false;  // The client has nothing to say and was not asked: time to sleep.
};

}  // namespace ringmq::cli
