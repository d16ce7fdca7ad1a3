// SPDX-License-Identifier: Apache-2.0
#include "option_table.h"

#include <algorithm>
#include <vector>

#include "base/check.h"

namespace ringmq::cli {
namespace {

using enum OptionId;
using enum Section;
using enum ValueKind;

// Typing errors of so many letters are guessed.
constexpr size_t kDistanceMax = 2;
constexpr uint8_t kForReceivers = kForSub | kForRr;
constexpr uint8_t kForSenders = kForPub | kForRr;

constexpr OptionSpec kTable[] = {
    {kHost, kServer, kForAll, 'h', "host", "name", kHostName,
     "Server to connect to: a name or an address. localhost unless said otherwise.",
     "broker.example"},
    {kPort, kServer, kForAll, 'p', "port", "number", kText,
     "Its port. 1883 unless said otherwise, with TLS 8883.", "1884"},
    {kUrl, kServer, kForAll, 'L', "url", "url", kText,
     "Server, user and topic at once: mqtt://[user[:password]@]host[:port][/topic]. Schemes are "
     "mqtt, mqtts, ws, wss (there the path is the one of the WebSocket) and unix "
     "(unix:///path/of/socket).",
     "mqtt://user:secret@broker.example/plant/1"},
    {kUnix, kServer, kForAll, 0, "unix", "path", kFileName,
     "Connect to this socket of the local machine instead of to a host; @name for an abstract "
     "one.",
     "/run/mqtt.sock"},
    {kBind, kServer, kForAll, 'A', "bind", "address", kText, "Local address to connect from.",
     "192.0.2.7"},
    {kProxy, kServer, kForAll, 0, "proxy", "url", kText,
     "Connect through a proxy: socks5h://[user[:password]@]host[:port], or http:// for CONNECT, or "
     "https:// for CONNECT within TLS, which the system's authorities vouch for. The proxy "
     "resolves "
     "names.",
     "socks5h://localhost:1080"},
    {kProxyProtocol, kServer, kForAll, 0, "proxy-protocol", "version", kText,
     "Begin as a proxy would, with a header of the PROXY protocol, version 1 or 2.", "2"},
    {kProxySource, kServer, kForAll, 0, "proxy-source", "address:port", kText,
     "For whom, in that header. Without it for ourselves.", "192.0.2.7:50000"},
    {kNoDelay, kServer, kForAll, 0, "nodelay", nullptr, kNone,
     "Send small packets at once. Always so; accepted for mosquitto's sake.", nullptr},

    {kId, kSession, kForAll, 'i', "id", "id", kText,
     "Client identifier. Made up unless said otherwise.", "sensor-7"},
    {kIdPrefix, kSession, kForAll, 'I', "id-prefix", "prefix", kText,
     "Client identifier made of this and the process id.", "sensor-"},
    {kUsername, kSession, kForAll, 'u', "username", "name", kText, "User name.", "sensor"},
    {kPassword, kSession, kForAll, 'P', "pw", "password", kText,
     "Password. Others on this machine may read it in the list of processes; RINGMQ_PASSWORD in "
     "the environment, or the configuration file, hides it.",
     "secret"},
    {kVersion, kSession, kForAll, 'V', "protocol-version", "5|311|31|mqttv5|mqttv311|mqttv31",
     kChoice,
     "Version of MQTT. pub and sub speak 3.1.1 unless -D or -x asks for more, rr speaks 5.", "5"},
    {kKeepAlive, kSession, kForAll, 'k', "keepalive", "seconds", kText,
     "Silence after which the server is asked whether it is there: 5 to 65535, or 0 for never. 60 "
     "unless said otherwise.",
     "30"},
    {kKeepSession, kSession, kForAll, 'c', "disable-clean-session", nullptr, kNone,
     "Resume the session of this client identifier, and leave it behind. Needs -i.", nullptr},
    {kSessionExpiry, kSession, kForAll, 'x', "session-expiry-interval", "seconds", kText,
     "How long the server keeps the session: 0 to 4294967294, or -1 for ever. Means version 5.",
     "3600"},
    {kProperty, kSession, kForAll, 'D', "property", "packet name [key] value", kText,
     "Property of a packet: connect, publish, subscribe, unsubscribe, disconnect or will. "
     "user-property takes key and value. connect authentication-method SCRAM-SHA-256 proves the "
     "password of -u and -P instead of showing it. Means version 5. May be repeated.",
     "publish user-property unit celsius"},
    {kWillTopic, kSession, kForAll, 0, "will-topic", "topic", kText,
     "Topic of the message that the server publishes when we vanish.", "sensor/7/state"},
    {kWillPayload, kSession, kForAll, 0, "will-payload", "text", kText,
     "Its payload; empty unless said otherwise. Needs --will-topic.", "gone"},
    {kWillQos, kSession, kForAll, 0, "will-qos", "0|1|2", kChoice,
     "Its quality of service. Needs --will-topic.", "1"},
    {kWillRetain, kSession, kForAll, 0, "will-retain", nullptr, kNone,
     "Have it retained. Needs --will-topic.", nullptr},

    {kTopic, kMessages, kForAll, 't', "topic", "topic", kText,
     "Topic to publish to; of sub the filter to subscribe to, which may be repeated.", "plant/1"},
    {kResponseTopic, kMessages, kForRr, 'e', "response-topic", "topic", kText,
     "Topic on which the response is to come.", "replies/7"},
    {kQos, kMessages, kForAll, 'q', "qos", "0|1|2", kChoice,
     "Quality of service: at most once (0, unless said otherwise), at least once (1), exactly once "
     "(2).",
     "1"},
    {kMessage, kMessages, kForSenders, 'm', "message", "text", kText, "Payload.", "'21.5'"},
    {kFile, kMessages, kForSenders, 'f', "file", "path", kFileName, "Payload: what is in the file.",
     "reading.json"},
    {kStdin, kMessages, kForSenders, 's', "stdin-file", nullptr, kNone,
     "Payload: all of the standard input.", nullptr},
    {kNull, kMessages, kForSenders, 'n', "null-message", nullptr, kNone,
     "Payload: none. With -r removes what was retained.", nullptr},
    {kLines, kMessages, kForPub, 'l', "stdin-line", nullptr, kNone,
     "One message for each line of the standard input, as it comes.", nullptr},
    {kRetain, kMessages, kForPub, 'r', "retain", nullptr, kNone,
     "Have the server keep the message for later subscribers.", nullptr},
    {kRepeat, kMessages, kForPub, 0, "repeat", "count", kText,
     "Publish so many times. With -m, -f, -s or -n.", "10"},
    {kRepeatDelay, kMessages, kForPub, 0, "repeat-delay", "seconds", kText,
     "Time between repetitions.", "0.5"},
    {kInFlight, kMessages, kForPub, 'M', "max-inflight", "count", kText,
     "Messages of QoS 1 and 2 that may be unacknowledged: 1 to 65535. Unless said otherwise what "
     "the "
     "server allows, before version 5 20.",
     "20"},

    {kUnsubscribe, kReceive, kForSub, 'U', "unsubscribe", "filter", kText,
     "Filter to unsubscribe from, after subscribing. May be repeated.", "'plant/#'"},
    {kFilterOut, kReceive, kForSub, 'T', "filter-out", "filter", kText,
     "Ignore messages whose topic fits this filter. May be repeated.", "'plant/+/debug'"},
    {kCount, kReceive, kForSub, 'C', "count", "count", kText, "Leave after so many messages.", "1"},
    {kTimeout, kReceive, kForReceivers, 'W', "timeout", "seconds", kText,
     "Leave with exit code 27 when this time has passed, counted from the start.", "5"},
    {kExitAfterSubscribe, kReceive, kForSub, 'E', "exit-after-subscribe", nullptr, kNone,
     "Leave when all subscriptions are acknowledged; with -c they stay.", nullptr},
    {kNoRetained, kReceive, kForReceivers, 'R', "no-retained", nullptr, kNone,
     "Ignore messages that were retained.", nullptr},
    {kRetainedOnly, kReceive, kForSub, 0, "retained-only", nullptr, kNone,
     "Only messages that were retained; leave at the first other one.", nullptr},
    {kRemoveRetained, kReceive, kForSub, 0, "remove-retained", nullptr, kNone,
     "Remove from the server each retained message that comes, except those of -T.", nullptr},
    {kRetainAsPublished, kReceive, kForSub, 0, "retain-as-published", nullptr, kNone,
     "Show the retain flag as the publisher set it. Version 5.", nullptr},
    {kRandomFilter, kReceive, kForSub, 0, "random-filter", "percent", kText,
     "Print each message with this chance: 0.1 to 100.", "10"},

    {kFormat, kOutput, kForReceivers, 'F', "format", "format", kText,
     "How to print a message; see OUTPUT FORMAT.", "'%I %t %p'"},
    {kJson, kOutput, kForReceivers, 0, "json", nullptr, kNone,
     "Print each message as a JSON object in a line; the same as -F %j.", nullptr},
    {kPretty, kOutput, kForReceivers, 0, "pretty", nullptr, kNone, "Spread JSON over lines.",
     nullptr},
    {kVerbose, kOutput, kForReceivers, 'v', "verbose", nullptr, kNone,
     "Print the topic before the payload.", nullptr},
    {kNoEndOfLine, kOutput, kForReceivers, 'N', "no-newline", nullptr, kNone,
     "No end of line after a message.", nullptr},
    {kDebug, kOutput, kForAll, 'd', "debug", nullptr, kNone,
     "Tell on the standard error what happens.", nullptr},
    {kQuiet, kOutput, kForAll, 0, "quiet", nullptr, kNone,
     "Print no errors, except about the command line.", nullptr},

    {kCaFile, kTls, kForAll, 0, "cafile", "path", kFileName,
     "Certificates of authorities to trust (PEM). Means TLS.", "ca.pem"},
    {kCaPath, kTls, kForAll, 0, "capath", "directory", kDirectory,
     "Directory of such certificates, named by their hash. Means TLS.", "/etc/ssl/certs"},
    {kCert, kTls, kForAll, 0, "cert", "path", kFileName, "Our certificate (PEM). Needs --key.",
     "client.pem"},
    {kKey, kTls, kForAll, 0, "key", "path", kFileName, "Its private key (PEM). Needs --cert.",
     "client.key"},
    {kKeyForm, kTls, kForAll, 0, "keyform", "pem|engine", kChoice,
     "Form of the key. Only pem is supported.", "pem"},
    {kKeyPassword, kTls, kForAll, 0, "keypass", "password", kText,
     "Password of an encrypted --key. Others on this machine may read it in the list of processes; "
     "RINGMQ_KEY_PASSWORD in the environment, or the configuration file, hides it. Without either "
     "it is asked for on the terminal.",
     "secret"},
    {kInsecure, kTls, kForAll, 0, "insecure", nullptr, kNone,
     "Do not verify the server's certificate. For tests only.", nullptr},
    {kCiphers, kTls, kForAll, 0, "ciphers", "list", kText,
     "Ciphers to allow, as OpenSSL writes them.", "HIGH"},
    {kTlsVersion, kTls, kForAll, 0, "tls-version", "tlsv1.3|tlsv1.2", kChoice,
     "Lowest version of TLS to allow.", "tlsv1.3"},
    {kTlsAlpn, kTls, kForAll, 0, "tls-alpn", "protocol", kText,
     "Protocol to ask for within the TLS handshake.", "mqtt"},
    {kTlsEngine, kTls, kForAll, 0, "tls-engine", "engine", kText,
     "Engine of OpenSSL. Not supported: OpenSSL 3 has given them up.", "pkcs11"},
    {kTlsEngineKeyPass, kTls, kForAll, 0, "tls-engine-kpass-sha1", "hex", kText,
     "SHA-1 of the key's password in an engine. Not supported.", "da39a3ee"},
    {kTlsUseOsCerts, kTls, kForAll, 0, "tls-use-os-certs", nullptr, kNone,
     "Trust the system's authorities. Means TLS.", nullptr},
    {kPsk, kTls, kForAll, 0, "psk", "hex", kText,
     "Shared key in hexadecimal, 8 bytes or more. Means TLS. Needs --psk-identity.",
     "00112233445566778899aabbccddeeff"},
    {kPskIdentity, kTls, kForAll, 0, "psk-identity", "name", kText,
     "Name under which the server knows the key. Needs --psk.", "sensor-7"},

    {kHelp, kGeneral, kForAll, 0, "help", nullptr, kNone, "Print the options and leave.", nullptr},
    {kPrintVersion, kGeneral, kForAll, 0, "version", nullptr, kNone, "Print the version and leave.",
     nullptr},
};

constexpr bool IsComplete() {
  for (size_t i = 0; i < std::size(kTable); ++i) {
    for (size_t k = 0; k < i; ++k) {
      if (kTable[i].id == kTable[k].id) return false;
    }
  }
  return std::size(kTable) == static_cast<size_t>(kPrintVersion) + 1;
}
static_assert(IsComplete());

size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t k = 0; k <= b.size(); ++k) row[k] = k;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t k = 1; k <= b.size(); ++k) {
      const size_t replaced = diagonal + (a[i - 1] == b[k - 1] ? 0 : 1);
      diagonal = row[k];
      row[k] = std::min({row[k] + 1, row[k - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

}  // namespace

const char* NameOf(Command command) {
  constexpr const char* kNames[] = {"pub", "sub", "rr"};
  return kNames[static_cast<size_t>(command)];
}

const char* TitleOf(Section section) {
  constexpr const char* kTitles[] = {"Server", "Session", "Message", "What is received",
                                     "Output", "TLS",     "Help"};
  return kTitles[static_cast<size_t>(section)];
}

std::span<const OptionSpec> OptionTable() { return kTable; }

bool Belongs(const OptionSpec& spec, Command command) {
  return (spec.commands & (1 << static_cast<int>(command))) != 0;
}

const OptionSpec& SpecOf(OptionId id) {
  for (const OptionSpec& spec : kTable) {
    if (spec.id == id) return spec;
  }
  RMQ_CHECK(false);  // IsComplete().
}

const OptionSpec* FindOption(Command command, std::string_view typed) {
  for (const OptionSpec& spec : kTable) {
    if (!Belongs(spec, command)) continue;
    const bool is_letter =
        typed.size() == 2 && typed[0] == '-' && spec.letter != 0 && typed[1] == spec.letter;
    if (is_letter || (typed.starts_with("--") && typed.substr(2) == spec.name)) return &spec;
  }
  return nullptr;
}

const OptionSpec* NearestOption(Command command, std::string_view typed) {
  if (!typed.starts_with("-") || typed.size() < 4) return nullptr;
  typed.remove_prefix(typed.starts_with("--") ? 2 : 1);
  const OptionSpec* nearest = nullptr;
  size_t distance = kDistanceMax + 1;
  for (const OptionSpec& spec : kTable) {
    if (!Belongs(spec, command)) continue;
    const size_t d = Distance(typed, spec.name);
    if (d < distance) nearest = &spec, distance = d;
  }
  return nearest;
}

std::string UsageOf(const OptionSpec& spec) {
  std::string usage = "--" + std::string(spec.name);
  if (spec.letter != 0) usage = std::string("-") + spec.letter + ", " + usage;
  if (spec.value == nullptr) return usage;
  return usage + (spec.kind == kChoice ? " " + std::string(spec.value)
                                       : " <" + std::string(spec.value) + ">");
}

}  // namespace ringmq::cli
