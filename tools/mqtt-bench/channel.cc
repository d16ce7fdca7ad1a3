// SPDX-License-Identifier: Apache-2.0
#include "channel.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ringmq::bench {
namespace {

constexpr size_t kHeadBytes = 1 + sizeof(uint64_t);

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(fd, text.data(), text.size());
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) text.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

}  // namespace

void Say(int fd, Message kind, std::string_view text) {
  char head[kHeadBytes] = {static_cast<char>(kind)};
  const uint64_t size_bytes = text.size();
  std::memcpy(head + 1, &size_bytes, sizeof(size_bytes));
  if (WriteAll(fd, {head, sizeof(head)})) (void)WriteAll(fd, text);
}

bool Inbox::Read(int fd) {
  char buffer[64 << 10];
  while (true) {
    const ssize_t count = read(fd, buffer, sizeof(buffer));
    if (count > 0) {
      unread_.append(buffer, static_cast<size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      return count < 0 && errno == EAGAIN;
    }
  }
}

std::vector<std::pair<Message, std::string>> Inbox::Take() {
  std::vector<std::pair<Message, std::string>> messages;
  size_t taken = 0;
  while (unread_.size() - taken >= kHeadBytes) {
    uint64_t size_bytes = 0;
    std::memcpy(&size_bytes, unread_.data() + taken + 1, sizeof(size_bytes));
    if (unread_.size() - taken - kHeadBytes < size_bytes) break;
    messages.emplace_back(static_cast<Message>(unread_[taken]),
                          unread_.substr(taken + kHeadBytes, size_bytes));
    taken += kHeadBytes + size_bytes;
  }
  unread_.erase(0, taken);
  return messages;
}

}  // namespace ringmq::bench
