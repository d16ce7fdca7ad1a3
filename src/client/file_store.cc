// A session store in one append-only file.
//
//   file   = magic *record
//   record = length:32 length_check:32 check:64 body     little endian; of the body each
//   body   = 'P' kind:8 key:64 packet_id:16 qos:8 retain:8 expires:64
//            topic_length:32 properties_length:32 topic properties payload
//          | 'R' kind:8 key:64
//
// A record that the end of the file cuts off, one that is the last and does not check, and zeros up
// to the end are what a crash leaves: they are cut off. What does not check elsewhere is damage,
// and an error.
//
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "ringmq/session_store.h"

namespace ringmq {
namespace {

constexpr std::string_view kMagic = "RMQSES1\n";
constexpr size_t kHeadBytes = 4 + 4 + 8;
constexpr size_t kPutBytesMin = 1 + 1 + 8 + 2 + 1 + 1 + 8 + 4 + 4;
constexpr size_t kRemoveBytes = 1 + 1 + 8;

template <typename Number>
void AppendNumber(Number number, std::string& out) {
  for (size_t i = 0; i < sizeof(Number); ++i) {
    out.push_back(static_cast<char>(static_cast<uint64_t>(number) >> (8 * i)));
  }
}

template <typename Number>
Number TakeNumber(std::string_view& in) {
  uint64_t number = 0;
  for (size_t i = 0; i < sizeof(Number); ++i) {
    number |= uint64_t{static_cast<uint8_t>(in[i])} << (8 * i);
  }
  in.remove_prefix(sizeof(Number));
  return static_cast<Number>(number);
}

uint64_t CheckOf(std::string_view body) {
  return base::StableHash(body, 0x72696e676d71, 0x73746f7265);
}

uint32_t LengthCheckOf(uint32_t length) { return (length ^ 0x5a17c0de) * 2'654'435'761u; }

void AppendRecord(std::string_view body, std::string& out) {
  const auto length = static_cast<uint32_t>(body.size());
  AppendNumber(length, out);
  AppendNumber(LengthCheckOf(length), out);
  AppendNumber(CheckOf(body), out);
  out += body;
}

std::string PutBody(const StoredRecord& record) {
  std::string body = "P";
  AppendNumber(static_cast<uint8_t>(record.kind), body);
  AppendNumber(record.key, body);
  AppendNumber(record.packet_id, body);
  AppendNumber(static_cast<uint8_t>(record.qos), body);
  AppendNumber(static_cast<uint8_t>(record.retain ? 1 : 0), body);
  AppendNumber(record.expires_unix_ms, body);
  AppendNumber(static_cast<uint32_t>(record.topic.size()), body);
  AppendNumber(static_cast<uint32_t>(record.properties.size()), body);
  body += record.topic;
  body += record.properties;
  body += record.payload;
  return body;
}

// The views point into `body`. Nothing: it is not what we write.
std::optional<StoredRecord> RecordOf(std::string_view body) {
  if (body.size() < kPutBytesMin || body[0] != 'P') return std::nullopt;
  body.remove_prefix(1);
  StoredRecord record;
  const auto kind = TakeNumber<uint8_t>(body);
  if (kind > static_cast<uint8_t>(StoredRecord::Kind::kInbound)) return std::nullopt;
  record.kind = static_cast<StoredRecord::Kind>(kind);
  record.key = TakeNumber<uint64_t>(body);
  record.packet_id = TakeNumber<uint16_t>(body);
  const auto qos = TakeNumber<uint8_t>(body);
  if (qos > 2) return std::nullopt;
  record.qos = static_cast<Qos>(qos);
  record.retain = TakeNumber<uint8_t>(body) != 0;
  record.expires_unix_ms = TakeNumber<int64_t>(body);
  const size_t topic_bytes = TakeNumber<uint32_t>(body);
  const size_t property_bytes = TakeNumber<uint32_t>(body);
  if (topic_bytes + property_bytes > body.size()) return std::nullopt;
  record.topic = body.substr(0, topic_bytes);
  record.properties = body.substr(topic_bytes, property_bytes);
  record.payload = body.substr(topic_bytes + property_bytes);
  return record;
}

// Publishes and inbound identifiers have keys of their own.
using LiveKey = std::pair<bool, uint64_t>;
LiveKey KeyOf(StoredRecord::Kind kind, uint64_t key) {
  return {kind == StoredRecord::Kind::kInbound, key};
}

Error Failed(const std::string& path, const char* what) {
  return Error(Errc::kStorageFailed, path + ": " + what).WithErrno(errno);
}

class FileStore final : public SessionStore {
 public:
  FileStore(std::string path, const FileStoreOptions& options, int fd)
      : path_(std::move(path)), options_(options), fd_(fd) {}
  ~FileStore() override {
    static_cast<void>(WriteOut());  // There is nobody left to tell.
    close(fd_);
  }

  [[nodiscard]] Expected<void> ReadAll();
  Expected<void> Load(const std::function<void(const StoredRecord&)>& visit) override {
    for (const auto& [key, body] : live_) visit(*RecordOf(body));
    return {};
  }
  Expected<void> Put(const StoredRecord& record) override {
    std::string body = PutBody(record);
    Replace(KeyOf(record.kind, record.key), body);
    AppendRecord(body, pending_);
    live_[KeyOf(record.kind, record.key)] = std::move(body);
    return {};
  }
  Expected<void> Remove(StoredRecord::Kind kind, uint64_t key) override {
    if (!Replace(KeyOf(kind, key), {})) return {};
    live_.erase(KeyOf(kind, key));
    std::string body = "R";
    AppendNumber(static_cast<uint8_t>(kind), body);
    AppendNumber(key, body);
    AppendRecord(body, pending_);
    return {};
  }
  Expected<void> Sync() override;

 private:
  // Keeps account of what is live. True: there was one.
  bool Replace(const LiveKey& key, std::string_view body) {
    const auto found = live_.find(key);
    const bool known = found != live_.end();
    if (known) live_bytes_ -= kHeadBytes + found->second.size();
    if (!body.empty()) live_bytes_ += kHeadBytes + body.size();
    return known;
  }
  [[nodiscard]] bool Apply(std::string_view body);
  enum class Reading : uint8_t { kRecord, kTorn, kDamaged };
  // Takes the record at the front of `rest` in.
  [[nodiscard]] Reading ReadRecord(std::string_view rest, size_t& record_bytes);
  [[nodiscard]] Expected<void> WriteOut();
  [[nodiscard]] Expected<void> Compact();
  [[nodiscard]] static bool WriteWhole(int fd, std::string_view bytes);

  const std::string path_;
  const FileStoreOptions options_;
  int fd_;
  std::map<LiveKey, std::string> live_;  // Bodies, publishes first, by key.
  uint64_t live_bytes_ = 0;
  uint64_t file_bytes_ = 0;
  std::string pending_;  // Records that are not in the file yet.
  std::chrono::steady_clock::time_point last_sync_{};
};

bool FileStore::Apply(std::string_view body) {
  if (body.size() == kRemoveBytes && body[0] == 'R') {
    body.remove_prefix(1);
    const auto kind = static_cast<StoredRecord::Kind>(TakeNumber<uint8_t>(body));
    const LiveKey key = KeyOf(kind, TakeNumber<uint64_t>(body));
    Replace(key, {});
    live_.erase(key);
    return true;
  }
  const std::optional<StoredRecord> record = RecordOf(body);
  if (!record.has_value()) return false;
  const LiveKey key = KeyOf(record->kind, record->key);
  Replace(key, body);
  live_[key] = body;
  return true;
}

FileStore::Reading FileStore::ReadRecord(std::string_view rest, size_t& record_bytes) {
  if (rest.size() < kHeadBytes) return Reading::kTorn;
  const bool is_empty = rest.find_first_not_of('\0') == std::string_view::npos;
  const auto body_bytes = TakeNumber<uint32_t>(rest);
  const auto length_check = TakeNumber<uint32_t>(rest);
  const auto check = TakeNumber<uint64_t>(rest);
  if (length_check != LengthCheckOf(body_bytes)) {
    return is_empty ? Reading::kTorn : Reading::kDamaged;
  }
  if (rest.size() < body_bytes) return Reading::kTorn;
  const std::string_view body = rest.substr(0, body_bytes);
  if (CheckOf(body) != check || !Apply(body)) {
    return rest.size() == body_bytes ? Reading::kTorn : Reading::kDamaged;
  }
  record_bytes = kHeadBytes + body_bytes;
  return Reading::kRecord;
}

Expected<void> FileStore::ReadAll() {
  struct stat info {};
  if (fstat(fd_, &info) < 0) return Failed(path_, "stat");
  std::string all(static_cast<size_t>(info.st_size), '\0');
  for (size_t done = 0; done < all.size();) {
    const ssize_t count =
        pread(fd_, all.data() + done, all.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Failed(path_, "read");
    done += static_cast<size_t>(count);
  }
  if (all.size() < kMagic.size()) {
    if (!kMagic.starts_with(all))
      return Error(Errc::kStorageFailed, path_ + ": not a session store");
    if (ftruncate(fd_, 0) < 0) return Failed(path_, "truncate");
    if (!WriteWhole(fd_, kMagic)) return Failed(path_, "write");
    file_bytes_ = kMagic.size();
    return {};
  }
  if (!all.starts_with(kMagic)) return Error(Errc::kStorageFailed, path_ + ": not a session store");
  size_t offset = kMagic.size();
  Reading reading = Reading::kRecord;
  while (offset < all.size() && reading == Reading::kRecord) {
    size_t record_bytes = 0;
    reading = ReadRecord(std::string_view(all).substr(offset), record_bytes);
    if (reading == Reading::kDamaged) {
      return Error(Errc::kStorageFailed,
                   path_ + ": the record at offset " + std::to_string(offset) + " is damaged");
    }
    offset += record_bytes;
  }
  if (offset < all.size() && ftruncate(fd_, static_cast<off_t>(offset)) < 0) {
    return Failed(path_, "truncate");
  }
  file_bytes_ = offset;
  return {};
}

bool FileStore::WriteWhole(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

Expected<void> FileStore::WriteOut() {
  if (pending_.empty()) return {};
  if (!WriteWhole(fd_, pending_)) return Failed(path_, "write");
  file_bytes_ += pending_.size();
  pending_.clear();
  return {};
}

Expected<void> FileStore::Sync() {
  Expected<void> written = WriteOut();
  if (!written.ok()) return written;
  if (file_bytes_ > options_.compact_bytes && live_bytes_ < file_bytes_ / 2) return Compact();
  if (options_.sync == SyncPolicy::kNever) return {};
  const auto now = std::chrono::steady_clock::now();
  if (options_.sync == SyncPolicy::kInterval && now - last_sync_ < options_.interval) return {};
  last_sync_ = now;
  if (fdatasync(fd_) < 0) return Failed(path_, "fdatasync");
  return {};
}

// Writes what is live beside the file, and puts it in its place in one step.
Expected<void> FileStore::Compact() {
  const std::string beside = path_ + ".new";
  const int fd = open(beside.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return Failed(beside, "open");
  std::string all(kMagic);
  for (const auto& [key, body] : live_) AppendRecord(body, all);
  // The lock moves with the file; nobody can open the old one by name after the rename.
  const bool ok = flock(fd, LOCK_EX | LOCK_NB) == 0 && WriteWhole(fd, all) && fdatasync(fd) == 0 &&
                  rename(beside.c_str(), path_.c_str()) == 0;
  if (!ok) {
    const Error error = Failed(beside, "compact");
    close(fd);
    return error;
  }
  close(std::exchange(fd_, fd));
  file_bytes_ = all.size();
  return {};
}

}  // namespace

Expected<std::unique_ptr<SessionStore>> OpenFileStore(const std::string& path,
                                                      const FileStoreOptions& options) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return Failed(path, "open");
  if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
    const Error error = Failed(path, "another process uses it");
    close(fd);
    return error;
  }
  auto store = std::make_unique<FileStore>(path, options, fd);
  const Expected<void> read = store->ReadAll();
  if (!read.ok()) return read.error();
  return std::unique_ptr<SessionStore>(std::move(store));
}

}  // namespace ringmq
