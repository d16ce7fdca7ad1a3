// Who may connect with which password: the users of a Mosquitto password file and of the
// configuration.
//
//   line := user ":" hash | "#" comment
//
// A line that is anything else, a blank one included, fails the whole file with its number, so
// that a half-written file never becomes half of the users; the caller keeps what it had.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "broker/config.h"
#include "broker/password_hash.h"
#include "broker/string_hash.h"

namespace ringmq::broker {

// Immutable once it is built; any thread may read it then.
class PasswordTable {
 public:
  PasswordTable() = default;

  // Fails if the user is there already.
  [[nodiscard]] absl::Status Add(std::string_view username, PasswordHash hash);

  // Slow on purpose. An unknown user costs as much as a known one: the password is checked
  // against the hash of a user chosen by the unknown name, and refused whatever comes out.
  [[nodiscard]] bool Matches(std::string_view username, std::string_view password) const;

  [[nodiscard]] size_t size() const { return users_.size(); }
  [[nodiscard]] bool empty() const { return users_.empty(); }

 private:
  [[nodiscard]] const PasswordHash& DecoyFor(std::string_view username) const;

  absl::flat_hash_map<std::string, size_t, StringHash, StringEqual> users_;  // To hashes_.
  std::vector<PasswordHash> hashes_;
};

// Adds the users of a file to `table`; on error `table` holds an unspecified part of them.
[[nodiscard]] absl::Status ParsePasswordFile(std::string_view file_name, std::string_view text,
                                             PasswordTable& table);

struct LoadedPasswords {
  PasswordTable table;
  std::vector<std::string> warnings;  // For the log: not wrong, but worth a look.
};

// The users of the configuration and of its password file, if it names one. Plain passwords are
// hashed here, with random salt: slow for many of them.
[[nodiscard]] absl::StatusOr<LoadedPasswords> LoadPasswords(const Config& config);

}  // namespace ringmq::broker
