// What stands where the socket would be between a Link of this process and its shard: two bounded
// lanes of bytes, and a bell for each side.
//
//   Link --Push()--> [to shard] --Serve()--> Wire         bounded: Push() refuses
//   Link <--Take()-- [to link ] <--Put()--- Wire          bounded: the shard keeps the rest
//
// The bytes are whole MQTT packets one way, and any part of the stream the other. Lanes are swapped
// rather than copied where the reader has taken everything, so the mutex is held for long only
// while a reader lags.
//
// Both ends count the pipe, which dies with the later one. After one end has let go the other may
// still take what is there.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/uio.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "reactor/ring.h"

namespace ringmq::broker {

// The bell of a shard: which of its pipes want something. Lives as long as the shard.
class PipePort {
 public:
  explicit PipePort(reactor::Ring& ring) : ring_(ring) {}

  // Any thread. `name` is what Pipe::Attach() was given.
  void Ring(uint64_t name);
  // The shard's thread. Appends the names that rang since.
  void Collect(std::vector<uint64_t>& out);

 private:
  reactor::Ring& ring_;
  std::atomic<bool> rung_{false};  // Looked at once a turn, without the mutex.
  std::mutex mutex_;
  std::vector<uint64_t> names_;  // Guarded by mutex_.
};

enum class PipeRights : uint8_t { kAll, kAsClient };

struct PipeOptions {
  size_t to_shard_bytes_max = 1 << 20;  // One packet more than this may wait.
  size_t to_link_bytes_max = 1 << 20;
  PipeRights rights = PipeRights::kAll;
  // Called when the link has something to do, on the shard's thread, within the pipe's mutex.
  std::function<void()> on_ready = {};
};

class Pipe {
 public:
  struct ShardLetsGo {
    void operator()(Pipe* pipe) const;
  };
  struct LinkLetsGo {
    void operator()(Pipe* pipe) const;
  };
  using ShardEnd = std::unique_ptr<Pipe, ShardLetsGo>;
  using LinkEnd = std::unique_ptr<Pipe, LinkLetsGo>;
  struct Ends {
    ShardEnd shard;
    LinkEnd link;
  };
  [[nodiscard]] static Ends Make(PipeOptions options);

  [[nodiscard]] PipeRights rights() const { return options_.rights; }

  // --- The link's end, one thread at a time.
  // Whether Push() has room. No: on_ready follows when it has.
  [[nodiscard]] bool HasRoom();
  // Appends whole packets and leaves `packets` empty. Takes them in any case, unless the shard has
  // let go (false): who sends more than answers asks HasRoom() first.
  bool Push(std::vector<uint8_t>& packets);
  // Appends what came; waits for it, for room after a refusal, or for the end, until `deadline`.
  // False: nothing is left and the shard has let go.
  bool Take(std::vector<uint8_t>& out, std::chrono::steady_clock::time_point deadline);

  // --- The shard's end, on the shard's thread.
  // From here on Push() and Take() ring.
  void Attach(PipePort& port, uint64_t name);
  enum class Input : uint8_t { kLeave, kTake };
  // Answers the bell. Appends what came if it is to be taken. False: the link has let go, and what
  // was appended is all there will be.
  bool Serve(Input input, std::vector<uint8_t>& out);
  // Whether the lane's bound counts. The last words of a connection are put in any case.
  enum class Bound : uint8_t { kKeep, kIgnore };
  // Returns how many bytes were put; for the rest it rings when there is room. A link that has let
  // go takes everything.
  size_t Put(std::span<const iovec> slices, Bound bound);

 private:
  explicit Pipe(PipeOptions options) : options_(std::move(options)) {}
  ~Pipe() = default;
  void Unref();
  void RingShard();
  void RingLink();

  const PipeOptions options_;
  std::atomic<int> owners_{2};

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable link_changed_;
  std::vector<uint8_t> to_shard_;
  std::vector<uint8_t> to_link_;
  PipePort* port_ = nullptr;  // Null: not attached, or the shard has let go.
  uint64_t name_ = 0;
  bool shard_rung_ = false;  // And has not answered.
  bool shard_wants_room_ = false;
  bool link_wants_room_ = false;
  bool shard_gone_ = false;
  bool link_gone_ = false;
};

}  // namespace ringmq::broker
