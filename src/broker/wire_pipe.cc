// The part of Wire for connections that have a pipe instead of a socket: no operation is ever in
// the ring for them; the pipe's bell is their completion.
//
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/check.h"
#include "broker/wire.h"

namespace ringmq::broker {

Connection& Wire::AdoptPipe(Pipe::ShardEnd pipe) {
  Connection& connection = Adopt(-1, 0);
  connection.pipe = std::move(pipe);
  // Trusted: its will may be large.
  connection.packet_size_bytes_max = core_.config.limits.packet_size_bytes_max;
  connection.at_home = true;  // Whoever opened it asked for the core.
  connection.pipe->Attach(port_, connection.self.Pack());
  pipes_due_.push_back(connection.self);
  return connection;
}

void Wire::ServePipes() {
  rung_.clear();
  port_.Collect(rung_);
  for (const base::Handle<Connection> handle : pipes_due_) rung_.push_back(handle.Pack());
  pipes_due_.clear();  // Serving may add some again: those come with the next turn.
  for (const uint64_t name : rung_) {
    Connection* const connection = core_.connections.Find(base::Handle<Connection>::Unpack(name));
    if (connection != nullptr) ServePipe(*connection);
  }
}

void Wire::ServePipe(Connection& connection) {
  pipe_input_.clear();
  const bool takes = wants_bytes(connection);
  const bool goes_on =
      connection.pipe->Serve(takes ? Pipe::Input::kTake : Pipe::Input::kLeave, pipe_input_);
  if (!pipe_input_.empty()) {
    core_.statistics.bytes_received += pipe_input_.size();
    ++core_.statistics.receives;
    HandleBytes(connection, pipe_input_);
  }
  if (!goes_on && connection.state != ConnectionState::kClosing) {
    connection.end_of_stream = true;
    if (!connection.paused) LosePeer(connection);
  }
  MarkDirty(connection);  // FlushDirty() fills what room there is now, or goes on with closing.
  if (connection.state == ConnectionState::kClosing) return;
  // As after a send.
  const bool drained = connection.output.pending_bytes() < connection.link.output_bytes_high;
  if (connection.starved && drained) events_.OnDrained(connection);
  if (connection.throttled && drained) {
    connection.throttled = false;
    Resume(connection);
  }
}

void Wire::FlushPipe(Connection& connection, Pipe::Bound bound) {
  // Who waits for the output to drain is looked at with the next turn.
  if (connection.starved || connection.throttled) pipes_due_.push_back(connection.self);
  while (!connection.output.empty()) {
    const size_t put = connection.pipe->Put(connection.output.BeginSend(core_.chunks), bound);
    connection.output.EndSend(core_.chunks, put);
    core_.statistics.bytes_sent += put;
    ++core_.statistics.sends;
    if (put == 0) return;  // It rings when there is room.
  }
}

void Wire::ContinueClosingPipe(Connection& connection) {
  RMQ_CHECK(connection.operations == 0);
  if (connection.abort) connection.output.Reset(core_.chunks);
  FlushPipe(connection, Pipe::Bound::kIgnore);
  core_.wheel.Disarm(connection.timer);
  core_.connections.Erase(connection.self);
}

void Wire::ClosePipes() {
  core_.connections.ForEach(
      [](base::Handle<Connection>, Connection& connection) { connection.pipe.reset(); });
}

}  // namespace ringmq::broker
