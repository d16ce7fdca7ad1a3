// How `sub` and `rr` print a message: the formats of mosquitto_sub -F, compiled once.
//
//   sequence := '%' ['-'] ['0'] [width] ['.' width_max] letter | '@' letter | '\' letter
//
// What has no meaning is refused when the format is read, so printing cannot fail except where the
// payload is not what the format wants of it (%J).
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ringmq/expected.h"
#include "ringmq/message.h"

namespace ringmq::cli {

// A message as the printers see it; views of whatever holds it.
struct Printable {
  std::string_view topic{};
  std::string_view payload{};
  Qos qos = Qos::kAtMostOnce;
  bool retain = false;
  uint16_t packet_id = 0;
  PublishProperties properties{};
};

enum class JsonLayout : uint8_t { kOneLine, kPretty };
enum class PrintResult : uint8_t { kPrinted, kPayloadIsNotJson };

class Format {
 public:
  // An error names the sequence that has no meaning.
  static Expected<Format> Parse(std::string_view text);

  // Appends the message, as it is seen at `now`, without an end of line. After kPayloadIsNotJson
  // everything but the %J is there.
  PrintResult Print(const Printable& message, const timespec& now, JsonLayout layout,
                    std::string& out) const;

 private:
  enum class PartKind : uint8_t { kText, kMessage, kTime };
  struct Part {
    PartKind kind = PartKind::kText;
    char letter = 0;  // Of kMessage and kTime.
    bool is_left = false;
    char pad = ' ';
    uint32_t width = 0;
    int32_t width_max = -1;  // -1: none.
    std::string text{};      // Of kText.
  };

  static Expected<Part> ParseMessagePart(std::string_view text, size_t& at);
  static void PrintNumber(const Part& part, int64_t value, std::string& out);
  static void PrintText(const Part& part, std::string_view value, std::string& out);
  static void PrintBlank(uint32_t width, char pad, std::string& out);
  static void PrintProperty(const Part& part, const PublishProperties& properties,
                            std::string& out);
  static void PrintPayload(const Part& part, std::string_view payload, std::string& out);
  static void PrintTime(const Part& part, const timespec& now, std::string& out);
  static PrintResult PrintPart(const Part& part, const Printable& message, const timespec& now,
                               JsonLayout layout, std::string& out);

  void AddText(char byte);

  std::vector<Part> parts_;
};

// What -v prints: topic, blank, payload.
void PrintVerbose(const Printable& message, std::string& out);

}  // namespace ringmq::cli
