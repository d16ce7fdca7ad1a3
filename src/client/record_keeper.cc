// SPDX-License-Identifier: Apache-2.0
#include "client/record_keeper.h"

#include "client/text.h"

namespace ringmq::client {

void RecordKeeper::Note(const Expected<void>& result) {
  dirty_ = true;
  if (!result.ok() && !error_.has_value()) error_ = result.error();
}

void RecordKeeper::Put(StoredRecord::Kind kind, uint64_t key, codec::PacketId id,
                       const codec::MessageRef& message) {
  if (store_ == nullptr || error_.has_value()) return;
  StoredRecord record{.kind = kind, .key = key, .packet_id = id};
  record.qos = message.qos();
  record.retain = message.retain();
  if (message.expires() != Instant::Max()) {
    record.expires_unix_ms = (message.expires() + wall_offset_).ns / kMillisecond.ns;
  }
  record.topic = message.topic();
  record.payload = AsText(message.payload());
  record.properties = AsText(message.properties());
  Note(store_->Put(record));
}

void RecordKeeper::PutId(StoredRecord::Kind kind, uint64_t key, codec::PacketId id, Qos qos) {
  if (store_ == nullptr || error_.has_value()) return;
  Note(store_->Put({.kind = kind, .key = key, .packet_id = id, .qos = qos}));
}

void RecordKeeper::Remove(StoredRecord::Kind kind, uint64_t key) {
  if (store_ == nullptr || error_.has_value()) return;
  Note(store_->Remove(kind, key));
}

void RecordKeeper::Load(const std::function<void(const StoredRecord&)>& visit) {
  if (store_ == nullptr) return;
  const Expected<void> loaded = store_->Load(visit);
  if (!loaded.ok()) error_ = loaded.error();
}

void RecordKeeper::Sync() {
  if (store_ == nullptr || !dirty_ || error_.has_value()) return;
  Note(store_->Sync());
  dirty_ = false;
}

}  // namespace ringmq::client
