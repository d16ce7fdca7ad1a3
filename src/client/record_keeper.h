// Tells the session store, if there is one, what the client owes the server; and remembers whether
// it failed.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/time.h"
#include "codec/message.h"
#include "ringmq/session_store.h"

namespace ringmq::client {

class RecordKeeper {
 public:
  // `store` may be null, and outlives this.
  explicit RecordKeeper(SessionStore* store) : store_(store) {}

  // What turns an Instant into the wall clock and back: wall = instant + offset. The loop sets it
  // before anything is put.
  void set_wall_offset(Duration offset) { wall_offset_ = offset; }
  [[nodiscard]] Instant FromWall(int64_t unix_ms) const {
    return unix_ms == 0 ? Instant::Max() : Instant{unix_ms * kMillisecond.ns} - wall_offset_;
  }

  void Put(StoredRecord::Kind kind, uint64_t key, codec::PacketId id,
           const codec::MessageRef& message);
  void PutId(StoredRecord::Kind kind, uint64_t key, codec::PacketId id, Qos qos);
  void Remove(StoredRecord::Kind kind, uint64_t key);
  void Load(const std::function<void(const StoredRecord&)>& visit);
  // Before what depends on it leaves. Does nothing when nothing changed.
  void Sync();

  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  void Note(const Expected<void>& result);

  SessionStore* const store_;
  Duration wall_offset_{};
  bool dirty_ = false;
  std::optional<Error> error_;  // The first one; nothing is stored after it.
};

}  // namespace ringmq::client
