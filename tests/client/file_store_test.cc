// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "ringmq/session_store.h"

namespace ringmq {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FileStore : public ::testing::Test {
 protected:
  FileStore() {
    std::string pattern = ::testing::TempDir() + "ringmq-store-XXXXXX";
    directory_ = mkdtemp(pattern.data());
    path_ = directory_ + "/session";
  }
  ~FileStore() override { std::filesystem::remove_all(directory_); }

  std::unique_ptr<SessionStore> Open(const FileStoreOptions& options = {}) {
    auto store = OpenFileStore(path_, options);
    EXPECT_TRUE(store.ok()) << Describe(store.error());
    return std::move(*store);
  }
  static StoredRecord Queued(uint64_t key, std::string_view payload) {
    return {.key = key, .topic = "a/b", .payload = payload};
  }
  static std::vector<std::string> Payloads(SessionStore& store) {
    std::vector<std::string> payloads;
    EXPECT_TRUE(
        store.Load([&](const StoredRecord& record) { payloads.emplace_back(record.payload); })
            .ok());
    return payloads;
  }
  [[nodiscard]] std::string Bytes() const {
    std::ifstream file(path_, std::ios::binary);
    std::stringstream all;
    all << file.rdbuf();
    return all.str();
  }
  void Overwrite(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }

  std::string directory_;
  std::string path_;
};

TEST_F(FileStore, GivesBackWhatWasPut) {
  {
    const auto store = Open();
    StoredRecord full{.kind = StoredRecord::Kind::kSent, .key = 7, .packet_id = 9};
    full.qos = Qos::kExactlyOnce;
    full.retain = true;
    full.expires_unix_ms = 123'456'789'012;
    full.topic = "topic";
    full.payload = std::string_view("\0binary", 7);
    full.properties = "props";
    ASSERT_TRUE(store->Put(full).ok());
    ASSERT_TRUE(store->Put({.kind = StoredRecord::Kind::kInbound, .key = 7, .packet_id = 7}).ok());
    ASSERT_TRUE(store->Sync().ok());
  }
  std::vector<StoredRecord::Kind> kinds;
  const auto store = Open();
  ASSERT_TRUE(store
                  ->Load([&](const StoredRecord& record) {
                    kinds.push_back(record.kind);
                    if (record.kind != StoredRecord::Kind::kSent) return;
                    EXPECT_EQ(record.key, 7u);
                    EXPECT_EQ(record.packet_id, 9);
                    EXPECT_EQ(record.qos, Qos::kExactlyOnce);
                    EXPECT_TRUE(record.retain);
                    EXPECT_EQ(record.expires_unix_ms, 123'456'789'012);
                    EXPECT_EQ(record.topic, "topic");
                    EXPECT_EQ(record.payload, std::string_view("\0binary", 7));
                    EXPECT_EQ(record.properties, "props");
                  })
                  .ok());
  EXPECT_THAT(kinds, ElementsAre(StoredRecord::Kind::kSent, StoredRecord::Kind::kInbound));
}

TEST_F(FileStore, ForgetsWhatWasRemovedAndKeepsTheLastOfAKey) {
  {
    const auto store = Open();
    for (uint64_t key = 1; key <= 3; ++key) ASSERT_TRUE(store->Put(Queued(key, "old")).ok());
    ASSERT_TRUE(store->Put(Queued(2, "new")).ok());
    ASSERT_TRUE(store->Remove(StoredRecord::Kind::kQueued, 1).ok());
    ASSERT_TRUE(store->Sync().ok());
  }
  EXPECT_THAT(Payloads(*Open()), ElementsAre("new", "old"));
}

// Wherever a crash cuts the file, what was whole before it is there.
TEST_F(FileStore, CutsATornEndOff) {
  std::vector<size_t> ends;
  {
    const auto store = Open();
    ASSERT_TRUE(store->Sync().ok());
    ends.push_back(Bytes().size());
    for (uint64_t key = 1; key <= 3; ++key) {
      ASSERT_TRUE(store->Put(Queued(key, "payload" + std::to_string(key))).ok());
      ASSERT_TRUE(store->Sync().ok());
      ends.push_back(Bytes().size());
    }
  }
  const std::string whole = Bytes();
  for (size_t size = 0; size <= whole.size(); ++size) {
    Overwrite(whole.substr(0, size));
    size_t expected = 0;
    while (expected < 3 && ends[expected + 1] <= size) ++expected;
    {
      const auto store = Open();
      ASSERT_EQ(Payloads(*store).size(), expected) << size;
      ASSERT_TRUE(store->Put(Queued(9, "after")).ok());
    }
    ASSERT_EQ(Payloads(*Open()).size(), expected + 1) << size;
  }
}

TEST_F(FileStore, TakesZerosAtTheEndForACrash) {
  {
    const auto store = Open();
    ASSERT_TRUE(store->Put(Queued(1, "x")).ok());
  }
  Overwrite(Bytes() + std::string(5000, '\0'));
  EXPECT_THAT(Payloads(*Open()), ElementsAre("x"));
}

TEST_F(FileStore, NamesTheOffsetOfDamage) {
  {
    const auto store = Open();
    for (uint64_t key = 1; key <= 3; ++key) ASSERT_TRUE(store->Put(Queued(key, "payload")).ok());
  }
  const std::string whole = Bytes();
  const size_t second = 8 + (whole.size() - 8) / 3;
  for (size_t i = second; i < second + (whole.size() - 8) / 3; ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    Overwrite(damaged);
    const auto store = OpenFileStore(path_);
    ASSERT_FALSE(store.ok()) << i;
    EXPECT_EQ(store.error().code(), Errc::kStorageFailed);
    EXPECT_THAT(store.error().detail(), HasSubstr("offset " + std::to_string(second)));
  }
}

TEST_F(FileStore, RefusesAFileThatIsNone) {
  Overwrite("something else entirely");
  EXPECT_THAT(OpenFileStore(path_).error().detail(), HasSubstr("not a session store"));
  EXPECT_EQ(Bytes(), "something else entirely");
}

TEST_F(FileStore, IsOneProcesss) {
  const auto store = Open();
  const auto second = OpenFileStore(path_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().detail(), HasSubstr("another process"));
}

TEST_F(FileStore, StaysSmall) {
  const std::string payload(1000, 'x');
  {
    const auto store = Open({.sync = SyncPolicy::kNever, .compact_bytes = 50'000});
    for (uint64_t key = 1; key <= 1000; ++key) {
      ASSERT_TRUE(store->Put(Queued(key, payload)).ok());
      if (key > 5) {
        ASSERT_TRUE(store->Remove(StoredRecord::Kind::kQueued, key - 5).ok());
      }
      ASSERT_TRUE(store->Sync().ok());
      ASSERT_LT(std::filesystem::file_size(path_), 60'000u);
    }
    EXPECT_FALSE(OpenFileStore(path_).ok());  // Still locked after the file was replaced.
  }
  EXPECT_EQ(Payloads(*Open()).size(), 5u);
}

// What Sync() has returned for survives kill -9.
TEST_F(FileStore, SurvivesKill) {
  int channel[2];
  ASSERT_EQ(pipe2(channel, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto store = OpenFileStore(path_, {.sync = SyncPolicy::kAlways});
    for (uint64_t key = 1; store.ok(); ++key) {
      const bool ok = (*store)->Put(Queued(key, std::to_string(key))).ok() && (*store)->Sync().ok();
      if (!ok || write(channel[1], "x", 1) != 1) _exit(1);
    }
    _exit(1);
  }
  close(channel[1]);
  size_t synced = 0;
  char byte = 0;
  while (synced < 50 && read(channel[0], &byte, 1) == 1) ++synced;
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  while (read(channel[0], &byte, 1) == 1) ++synced;
  close(channel[0]);
  const std::vector<std::string> payloads = Payloads(*Open());
  ASSERT_GE(payloads.size(), synced);
  for (size_t i = 0; i < payloads.size(); ++i) ASSERT_EQ(payloads[i], std::to_string(i + 1));
}

}  // namespace
}  // namespace ringmq
