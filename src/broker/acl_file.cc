// SPDX-License-Identifier: Apache-2.0
#include "broker/acl_file.h"

#include <fmt/format.h>

#include "broker/limits.h"
#include "broker/text_file.h"

namespace ringmq::broker {
namespace {

struct AccessWord {
  std::string_view word;
  AclAccess access;
};

constexpr AccessWord kAccessWords[] = {{"read", AclAccess::kRead},
                                       {"write", AclAccess::kWrite},
                                       {"readwrite", AclAccess::kReadWrite},
                                       {"deny", AclAccess::kDeny}};

const AccessWord* FindAccess(std::string_view word) {
  for (const AccessWord& candidate : kAccessWords) {
    if (candidate.word == word) return &candidate;
  }
  return nullptr;
}

// Cuts the first word and the blanks behind it off `rest`.
std::string_view TakeWord(std::string_view& rest) {
  const size_t end = rest.find_first_of(" \t");
  const std::string_view word = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : Trim(rest.substr(end));
  return word;
}

absl::Status Expected(std::string_view expected, std::string_view found) {
  return absl::InvalidArgumentError(fmt::format("expected {}, found {}", expected, Quote(found)));
}

class Parser {
 public:
  absl::Status AddLine(std::string_view line);
  AccessPolicy policy = AccessPolicy::DenyEverything();

 private:
  absl::Status AddUser(std::string_view name);
  absl::Status AddRule(AclSubject subject, std::string_view rest);

  AclSubject subject_ = AclSubject::kAnonymous;
  std::string username_;
};

absl::Status Parser::AddLine(std::string_view line) {
  if (line.size() > kTextLineBytesMax) {
    return absl::InvalidArgumentError(
        fmt::format("expected at most {} bytes, found {}", kTextLineBytesMax, line.size()));
  }
  if (line.find('\0') != std::string_view::npos) return Expected("text", line);
  std::string_view rest = Trim(line);
  if (rest.empty() || rest.front() == '#') return absl::OkStatus();
  const std::string_view keyword = TakeWord(rest);
  if (keyword == "user") return AddUser(rest);
  if (keyword == "topic") return AddRule(subject_, rest);
  if (keyword == "pattern") return AddRule(AclSubject::kPattern, rest);
  return Expected("\"user\", \"topic\", \"pattern\" or a comment", keyword);
}

absl::Status Parser::AddUser(std::string_view name) {
  if (name.empty() || name.size() > kMqttStringBytesMax) {
    return Expected("a user name behind \"user\"", name);
  }
  subject_ = AclSubject::kUser;
  username_ = name;
  return absl::OkStatus();
}

absl::Status Parser::AddRule(AclSubject subject, std::string_view rest) {
  const std::string_view all = rest;
  const std::string_view first = TakeWord(rest);
  const AccessWord* const access = FindAccess(first);
  if (access == nullptr && !rest.empty()) {
    return Expected("\"read\", \"write\", \"readwrite\" or \"deny\"", first);
  }
  if (access == nullptr) return policy.Add(subject, username_, AclAccess::kReadWrite, all);
  // "topic deny" would else permit a topic named "deny".
  if (rest.empty()) return Expected(fmt::format("a topic filter behind \"{}\"", first), rest);
  return policy.Add(subject, username_, access->access, rest);
}

}  // namespace

absl::StatusOr<AccessPolicy> LoadAclFile(const std::string& path) {
  const absl::StatusOr<TextFile> file = ReadTextFile(path, kAclFileBytesMax);
  if (!file.ok()) return file.status();
  return ParseAclFile(path, file->text);
}

absl::StatusOr<AccessPolicy> ParseAclFile(std::string_view file_name, std::string_view text) {
  Parser parser;
  LineReader reader(text);
  while (reader.Next()) {
    const absl::Status status = parser.AddLine(reader.line());
    if (!status.ok()) {
      return LineError(file_name, reader.line_number(), std::string(status.message()));
    }
  }
  return std::move(parser.policy);
}

}  // namespace ringmq::broker
