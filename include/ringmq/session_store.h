// Where a client keeps its half of the session, so that it survives the process.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "ringmq/expected.h"
#include "ringmq/protocol.h"

namespace ringmq {

// One publish that is not finished, or one QoS 2 packet identifier of the server's that is not
// released.
struct StoredRecord {
  enum class Kind : uint8_t {
    kQueued,    // Never sent.
    kSent,      // PUBLISH sent, no PUBACK or PUBREC yet: goes again with DUP.
    kReceived,  // Sent, and PUBREC came: PUBREL goes again. No topic or payload any more.
    kInbound,   // The server's QoS 2 packet identifier: PUBREC sent, no PUBREL yet.
  };
  Kind kind = Kind::kQueued;
  // Names the record. Of publishes, the order in which they were made.
  uint64_t key = 0;
  uint16_t packet_id = 0;  // Zero for kQueued.
  Qos qos = Qos::kAtLeastOnce;
  bool retain = false;
  // Milliseconds of the wall clock since 1970 when it expires; zero: never.
  int64_t expires_unix_ms = 0;
  std::string_view topic{};
  std::string_view payload{};
  std::string_view properties{};  // As on the wire, what is forwarded only.
};

// Called on the loop's thread only. One store serves one client identifier.
//
// Order of calls: a QoS 1 or 2 publish is Put() before it is sent, Put() again with the same key as
// it advances, and Remove()d when it is finished. Sync() comes once a turn, before the packets of
// that turn leave, if anything was put or removed. A failure ends the connection, and the event
// loop with Errc::kStorageFailed.
class SessionStore {
 public:
  virtual ~SessionStore() = default;
  // The records of an earlier life, by key, publishes first; once, before anything else. The views
  // live during the call of `visit`.
  virtual Expected<void> Load(const std::function<void(const StoredRecord&)>& visit) = 0;
  virtual Expected<void> Put(const StoredRecord& record) = 0;
  virtual Expected<void> Remove(StoredRecord::Kind kind, uint64_t key) = 0;
  // What was put and removed before survives a crash from here on, as far as the policy says.
  virtual Expected<void> Sync() = 0;
};

enum class SyncPolicy : uint8_t {
  kNever,     // Survives kill -9, not a power cut.
  kInterval,  // fdatasync() when the last one was FileStoreOptions::interval ago.
  kAlways,    // fdatasync() with each Sync().
};

struct FileStoreOptions {
  SyncPolicy sync = SyncPolicy::kInterval;
  std::chrono::milliseconds interval{1000};
  // The log is written anew when it has more than this and more than half of it is past.
  uint64_t compact_bytes = 4 << 20;
};

// An append-only log in the file `path`, with a checksum for each record; a torn end is cut off, a
// record that is damaged elsewhere is an error that names the offset. One process at a time (it
// locks the file).
[[nodiscard]] Expected<std::unique_ptr<SessionStore>> OpenFileStore(
    const std::string& path, const FileStoreOptions& options = {});

}  // namespace ringmq
