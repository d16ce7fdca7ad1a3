// SPDX-License-Identifier: Apache-2.0
#include "broker/password_file.h"

#include <utility>

#include <fmt/format.h>

#include "broker/limits.h"
#include "broker/text_file.h"

namespace ringmq::broker {
namespace {

std::string Message(const absl::Status& status) { return std::string(status.message()); }

bool HasControlCharacter(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

// The rest of the line is a secret and stays out of every message.
absl::Status AddLine(std::string_view line, PasswordTable& table) {
  const size_t colon = line.find(':');
  if (line.empty()) return absl::InvalidArgumentError("expected \"user:hash\", found a blank line");
  if (line.size() > kTextLineBytesMax) {
    return absl::InvalidArgumentError(
        fmt::format("expected at most {} bytes, found {}", kTextLineBytesMax, line.size()));
  }
  if (HasControlCharacter(line)) {
    return absl::InvalidArgumentError("expected text, found a control character");
  }
  if (colon == std::string_view::npos) {
    return absl::InvalidArgumentError("expected \"user:hash\", found no \":\"");
  }
  const std::string_view username = Trim(line.substr(0, colon));
  if (username.empty() || username.size() > kMqttStringBytesMax) {
    return absl::InvalidArgumentError(fmt::format("expected a user name of 1 to {} bytes, found {}",
                                                  kMqttStringBytesMax, username.size()));
  }
  absl::StatusOr<PasswordHash> hash = PasswordHash::Parse(Trim(line.substr(colon + 1)));
  if (!hash.ok()) return hash.status();
  return table.Add(username, *std::move(hash));
}

absl::StatusOr<PasswordHash> HashOf(const UserConfig& user) {
  if (!user.password_hash.empty()) return PasswordHash::Parse(user.password_hash);
  const absl::StatusOr<std::string> salt = RandomSalt();
  if (!salt.ok()) return salt.status();
  return PasswordHash::Make(user.password, *salt, kPbkdf2IterationsDefault);
}

absl::Status AddFile(const std::string& path, LoadedPasswords& loaded) {
  const absl::StatusOr<TextFile> file = ReadTextFile(path, kPasswordFileBytesMax);
  if (!file.ok()) return file.status();
  if (file->is_readable_by_others) {
    loaded.warnings.push_back(
        fmt::format("{}: every user of this machine can read these hashes; chmod 0640", path));
  }
  const size_t before = loaded.table.size();
  if (const absl::Status status = ParsePasswordFile(path, file->text, loaded.table); !status.ok()) {
    return status;
  }
  if (loaded.table.size() == before) {
    loaded.warnings.push_back(fmt::format("{}: the password file has no users", path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status PasswordTable::Add(std::string_view username, PasswordHash hash) {
  const bool is_new = users_.try_emplace(std::string(username), hashes_.size()).second;
  if (!is_new) {
    return absl::AlreadyExistsError(
        fmt::format("expected each user once, found {} again", Quote(username)));
  }
  hashes_.push_back(std::move(hash));
  return absl::OkStatus();
}

bool PasswordTable::Matches(std::string_view username, std::string_view password) const {
  if (hashes_.empty()) return false;  // There is no user to tell apart from unknown ones.
  const auto user = users_.find(username);
  const bool is_known = user != users_.end();
  const PasswordHash& hash = is_known ? hashes_[user->second] : DecoyFor(username);
  const bool is_match = hash.Matches(password);
  return is_known && is_match;
}

// Always the same for one name, so that asking twice tells nothing either; and with the costs
// distributed as among the real users, where a file mixes kinds of hashes.
const PasswordHash& PasswordTable::DecoyFor(std::string_view username) const {
  return hashes_[StringHash()(username) % hashes_.size()];
}

absl::Status ParsePasswordFile(std::string_view file_name, std::string_view text,
                               PasswordTable& table) {
  LineReader reader(text);
  while (reader.Next()) {
    if (!reader.line().empty() && reader.line().front() == '#') continue;
    const absl::Status status = AddLine(reader.line(), table);
    if (!status.ok()) return LineError(file_name, reader.line_number(), Message(status));
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadedPasswords> LoadPasswords(const Config& config) {
  LoadedPasswords loaded;
  for (const UserConfig& user : config.users) {
    absl::StatusOr<PasswordHash> hash = HashOf(user);
    if (!hash.ok()) return hash.status();
    if (const absl::Status status = loaded.table.Add(user.name, *std::move(hash)); !status.ok()) {
      return status;
    }
  }
  if (config.auth.password_file.empty()) return loaded;
  if (const absl::Status status = AddFile(config.auth.password_file, loaded); !status.ok()) {
    return status;
  }
  return loaded;
}

}  // namespace ringmq::broker
