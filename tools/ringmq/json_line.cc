// The object is written by hand instead of with a library, so that keys keep mosquitto_sub's order
// and a JSON payload keeps its numbers to the last digit.
//
// SPDX-License-Identifier: Apache-2.0
#include "json_line.h"

#include <nlohmann/json.hpp>

#include "codec/utf8.h"

namespace ringmq::cli {
namespace {

void AppendString(std::string_view text, std::string& out) {
  constexpr const char* kDigits = "0123456789abcdef";
  constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  constexpr std::string_view kShortLetters = "\"\\bfnrt";
  out += '"';
  for (const char byte : text) {
    const size_t is_short = kShort.find(byte);
    const auto value = static_cast<uint8_t>(byte);
    if (is_short != std::string_view::npos) {
      out += '\\';
      out += kShortLetters[is_short];
    } else if (value < 0x20) {
      out += "\\u00";
      out += kDigits[value >> 4];
      out += kDigits[value & 15];
    } else {
      out += byte;
    }
  }
  out += '"';
}

// JSON knows text only: other bytes become an array of numbers, as in mosquitto_sub 2.1.
void AppendBytes(std::string_view bytes, std::string& out) {
  if (codec::IsValidUtf8Payload(bytes)) return AppendString(bytes, out);
  out += '[';
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i != 0) out += ',';
    out += std::to_string(static_cast<uint8_t>(bytes[i]));
  }
  out += ']';
}

// Runs over valid JSON and leaves out, or puts in, the blanks between its parts.
class Relayout {
 public:
  Relayout(JsonLayout layout, std::string& out) : layout_(layout), out_(out) {}

  void Run(std::string_view json) {
    for (size_t at = 0; at < json.size(); ++at) {
      const char byte = json[at];
      if (byte == '"') {
        const size_t end = EndOfString(json, at);
        out_ += json.substr(at, end - at);
        at = end - 1;
      } else if (layout_ == JsonLayout::kPretty) {
        Spread(byte);
      } else if (!IsBlank(byte)) {
        out_ += byte;
      }
    }
  }

 private:
  static bool IsBlank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
  }

  static size_t EndOfString(std::string_view json, size_t at) {
    for (++at; at < json.size() && json[at] != '"'; ++at) {
      if (json[at] == '\\') ++at;
    }
    return at + 1;
  }

  // Tabs and line ends where cJSON puts them: members below each other, elements in a row.
  void Spread(char byte) {
    if (IsBlank(byte)) return;
    switch (byte) {
      case '{':
      case '[':
        open_ += byte;
        out_ += byte;
        if (byte == '{') StartLine(open_.size());
        return;
      case '}':
        Trim();
        StartLine(open_.size() - 1);
        [[fallthrough]];
      case ']':
        open_.pop_back();
        out_ += byte;
        return;
      case ':':
        out_ += ":\t";
        return;
      case ',':
        out_ += ',';
        if (open_.back() == '{') return StartLine(open_.size());
        out_ += ' ';
        return;
      default:
        out_ += byte;
    }
  }

  void StartLine(size_t depth) {
    out_ += '\n';
    out_.append(depth, '\t');
  }

  // Takes back the line that an object began and did not fill.
  void Trim() { out_.resize(out_.find_last_not_of("\t\n") + 1); }

  JsonLayout layout_;
  std::string& out_;
  std::string open_{};  // What is open, outermost first.
};

// Writes members and the commas between them.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  void Close() { out_ += '}'; }

  std::string& Key(std::string_view key) {
    if (has_members_) out_ += ',';
    has_members_ = true;
    AppendString(key, out_);
    out_ += ':';
    return out_;
  }
  void Number(std::string_view key, uint64_t value) { Key(key) += std::to_string(value); }
  void Text(std::string_view key, std::string_view value) { AppendBytes(value, Key(key)); }
  void TextUnlessEmpty(std::string_view key, std::string_view value) {
    if (!value.empty()) Text(key, value);
  }

 private:
  std::string& out_;
  bool has_members_ = false;
};

void AppendProperties(const PublishProperties& properties, std::string& out) {
  Object object(out);
  if (!properties.user.empty()) {
    // A name may come twice, as in MQTT; readers then usually keep the last one.
    Object users(object.Key("user-properties"));
    for (const auto& [name, value] : properties.user) users.Text(name, value);
    users.Close();
  }
  object.TextUnlessEmpty("content-type", properties.content_type);
  object.TextUnlessEmpty("correlation-data", properties.correlation_data);
  if (properties.payload_is_text) {
    object.Number("payload-format-indicator", *properties.payload_is_text ? 1 : 0);
  }
  object.TextUnlessEmpty("response-topic", properties.response_topic);
  if (properties.expiry_s) object.Number("message-expiry-interval", *properties.expiry_s);
  for (const uint32_t id : properties.subscription_ids) {
    object.Number("subscription-identifier", id);
  }
  object.Close();
}

// "2020-05-06T22:12:00.000000Z+0100": the Z is mosquitto_sub's.
std::string TimeStamp(const timespec& now) {
  tm local{};
  localtime_r(&now.tv_sec, &local);
  char text[64];
  char zone[16];
  const size_t size_bytes = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &local);
  const size_t zone_bytes = strftime(zone, sizeof zone, "%z", &local);
  const std::string micros = std::to_string(1'000'000 + now.tv_nsec / 1000);
  return std::string(text, size_bytes) + "." + micros.substr(1) + "Z" +
         std::string(zone, zone_bytes);
}

}  // namespace

std::optional<std::string> JsonLine(const Printable& message, const timespec& now,
                                    JsonPayload payload, JsonLayout layout) {
  const bool is_json = payload == JsonPayload::kJson && !message.payload.empty();
  if (is_json && !nlohmann::json::accept(message.payload)) return std::nullopt;
  std::string line;
  Object object(line);
  object.Text("tst", TimeStamp(now));
  object.Text("topic", message.topic);
  object.Number("qos", static_cast<uint64_t>(message.qos));
  object.Number("retain", message.retain ? 1 : 0);
  object.Number("payloadlen", message.payload.size());
  if (message.qos != Qos::kAtMostOnce) object.Number("mid", message.packet_id);
  if (message.properties != PublishProperties{}) {
    AppendProperties(message.properties, object.Key("properties"));
  }
  if (message.payload.empty()) {
    object.Key("payload") += "null";
  } else if (is_json) {
    Relayout(JsonLayout::kOneLine, object.Key("payload")).Run(message.payload);
  } else {
    object.Text("payload", message.payload);
  }
  object.Close();
  if (layout == JsonLayout::kOneLine) return line;
  std::string pretty;
  Relayout(layout, pretty).Run(line);
  return pretty;
}

}  // namespace ringmq::cli
