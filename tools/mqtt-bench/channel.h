// What a process of a run says to the one that started it, through a pipe: messages, one after the
// other, each a byte that says of what kind it is, its length, and text.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringmq::bench {

enum class Message : char {
  kSecond = 's',   // load::SecondToText(), about once a second, if somebody looks on.
  kPosting = 'p',  // load::PostingSender::News(), as often.
  kOutcome = 'o',  // load::ToText(), in the end.
  kResult = 'r',   // report::ToJson(), after it.
};

// Waits while the pipe is full. Whoever reads sees if it could not be written.
void Say(int fd, Message kind, std::string_view text);

// The other end of one pipe.
class Inbox {
 public:
  // Requires: `fd` is non-blocking. Reads what is there; false: no more will come.
  bool Read(int fd);
  // The messages that are whole, in their order, each once.
  [[nodiscard]] std::vector<std::pair<Message, std::string>> Take();

 private:
  std::string unread_;
};

}  // namespace ringmq::bench
