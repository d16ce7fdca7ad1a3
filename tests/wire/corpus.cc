// SPDX-License-Identifier: Apache-2.0
#include "wire/corpus.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "codec/varint.h"

namespace ringmq::wire {
namespace {

using codec::DecodeError;

struct ErrorName {
  DecodeError error;
  std::string_view name;
};
constexpr ErrorName kErrorNames[] = {
    {DecodeError::kMalformed, "malformed"},
    {DecodeError::kProtocolError, "protocol"},
    {DecodeError::kNotMqtt, "not_mqtt"},
    {DecodeError::kUnsupportedProtocolVersion, "unsupported"},
    {DecodeError::kClientIdentifierNotValid, "client_id"},
    {DecodeError::kTopicNameInvalid, "topic_name"},
    {DecodeError::kTopicFilterInvalid, "topic_filter"},
    {DecodeError::kTopicAliasInvalid, "alias"},
    {DecodeError::kTooManyUserProperties, "user_properties"},
    {DecodeError::kPayloadFormatInvalid, "payload_format"},
};
static_assert(std::size(kErrorNames) == codec::kDecodeErrorCount);

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "wire corpus: %s\n", what.c_str());
  std::abort();
}

Verdict ParseVerdict(const std::string& word) {
  if (word == "good") return {Verdict::Kind::kGood};
  if (word == "more") return {Verdict::Kind::kMore};
  if (word == "frame") return {Verdict::Kind::kFrame};
  for (const ErrorName& one : kErrorNames) {
    if (one.name == word) return {Verdict::Kind::kError, one.error};
  }
  Die("no such verdict: " + word);
}

// Parses the notation of one packet, front to back.
class NotationParser {
 public:
  explicit NotationParser(const std::string& notation) : text_(notation) {}

  std::vector<uint8_t> Parse() {
    while (SkipSpace()) ParseOne();
    if (!open_lists_.empty()) Die("list not closed: " + text_);
    if (rest_at_) InsertVarint(*rest_at_);
    return bytes_;
  }

 private:
  bool SkipSpace() {
    while (next_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[next_]))) ++next_;
    return next_ < text_.size();
  }

  void ParseOne() {
    const char c = text_[next_];
    if (c == '"' || c == '\'') {
      ParseText(c);
    } else if (c == '[') {
      ++next_;
      open_lists_.push_back(bytes_.size());
    } else if (c == ']') {
      ++next_;
      if (open_lists_.empty()) Die("list not open: " + text_);
      InsertVarint(open_lists_.back());
      open_lists_.pop_back();
    } else if (text_.compare(next_, 2, "..") == 0) {
      next_ += 2;
      rest_at_ = bytes_.size();
    } else if (c == '*') {
      ParseRepeat();
    } else {
      ParseHexByte();
    }
  }

  void ParseText(char quote) {
    const size_t end = text_.find(quote, next_ + 1);
    if (end == std::string::npos) Die("text not closed: " + text_);
    const std::string inside = text_.substr(next_ + 1, end - next_ - 1);
    next_ = end + 1;
    last_at_ = bytes_.size();
    if (quote == '"') {
      bytes_.push_back(static_cast<uint8_t>(inside.size() >> 8));
      bytes_.push_back(static_cast<uint8_t>(inside.size()));
    }
    bytes_.insert(bytes_.end(), inside.begin(), inside.end());
  }

  void ParseHexByte() {
    const std::string digits = text_.substr(next_, 2);
    if (digits.size() != 2 || !std::isxdigit(static_cast<unsigned char>(digits[0])) ||
        !std::isxdigit(static_cast<unsigned char>(digits[1]))) {
      Die("not hex at \"" + text_.substr(next_) + "\"");
    }
    last_at_ = bytes_.size();
    bytes_.push_back(static_cast<uint8_t>(std::stoi(digits, nullptr, 16)));
    next_ += 2;
  }

  void ParseRepeat() {
    size_t digits = 0;
    const int count = std::stoi(text_.substr(next_ + 1), &digits);
    next_ += 1 + digits;
    const std::vector<uint8_t> element(bytes_.begin() + static_cast<std::ptrdiff_t>(last_at_),
                                       bytes_.end());
    for (int i = 1; i < count; ++i) bytes_.insert(bytes_.end(), element.begin(), element.end());
  }

  // Puts the length of everything from `at` on in front of it.
  void InsertVarint(size_t at) {
    uint8_t varint[codec::kVarintBytesMax];
    uint8_t* const end = codec::EncodeVarint(static_cast<uint32_t>(bytes_.size() - at), varint);
    bytes_.insert(bytes_.begin() + static_cast<std::ptrdiff_t>(at), varint, end);
  }

  const std::string& text_;
  size_t next_ = 0;
  size_t last_at_ = 0;
  std::optional<size_t> rest_at_;
  std::vector<size_t> open_lists_;
  std::vector<uint8_t> bytes_;
};

WirePacket ParseHeader(const std::string& line) {
  const size_t colon = line.find(':');
  if (colon == std::string::npos) Die("no colon: " + line);
  WirePacket packet{.name = line.substr(0, colon)};
  std::istringstream words(line.substr(colon + 1));
  for (std::string word; words >> word;) {
    if (word == "from=server") {
      packet.sender = codec::Peer::kServer;
    } else if (word.starts_with("v31=")) {
      packet.verdicts[0] = ParseVerdict(word.substr(4));
    } else if (word.starts_with("v311=")) {
      packet.verdicts[1] = ParseVerdict(word.substr(5));
    } else if (word.starts_with("v5=")) {
      packet.verdicts[2] = ParseVerdict(word.substr(3));
    } else {
      packet.verdicts.fill(ParseVerdict(word));
    }
  }
  return packet;
}

// A comment starts at a '#' outside quotes.
std::string WithoutComment(const std::string& line) {
  char quote = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    if (quote != 0) {
      if (line[i] == quote) quote = 0;
    } else if (line[i] == '"' || line[i] == '\'') {
      quote = line[i];
    } else if (line[i] == '#') {
      return line.substr(0, i);
    }
  }
  return line;
}

void LoadFile(const std::filesystem::path& path, std::vector<WirePacket>& packets) {
  std::ifstream file(path);
  if (!file) Die("cannot read " + path.string());
  std::string notation;
  const auto finish = [&] {
    if (!notation.empty()) packets.back().bytes = ParseBytes(notation);
    notation.clear();
  };
  for (std::string line; std::getline(file, line);) {
    line = WithoutComment(line);
    if (line.find_first_not_of(" \t") == std::string::npos) continue;
    if (line[0] == ' ') {
      notation += line;
      continue;
    }
    finish();
    packets.push_back(ParseHeader(line));
  }
  finish();
}

}  // namespace

std::string NameOf(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::kGood:
      return "good";
    case Verdict::Kind::kMore:
      return "more";
    case Verdict::Kind::kFrame:
      return "frame";
    case Verdict::Kind::kError:
      break;
  }
  for (const ErrorName& one : kErrorNames) {
    if (one.error == verdict.error) return std::string(one.name);
  }
  return "?";
}

std::vector<uint8_t> ParseBytes(const std::string& notation) {
  return NotationParser(notation).Parse();
}

std::vector<WirePacket> LoadCorpus() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(RINGMQ_WIRE_FOLDER)) {
    if (entry.path().extension() == ".txt" && entry.path().filename() != "CMakeLists.txt") {
      paths.push_back(entry.path());
    }
  }
  std::ranges::sort(paths);
  std::vector<WirePacket> packets;
  for (const auto& path : paths) LoadFile(path, packets);
  if (packets.empty()) Die("empty");
  return packets;
}

WirePacket LoadPacket(const std::string& name) {
  for (WirePacket& packet : LoadCorpus()) {
    if (packet.name == name) return packet;
  }
  Die("no packet " + name);
}

}  // namespace ringmq::wire
