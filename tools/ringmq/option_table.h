// The one table of options: what the parser accepts, what --help prints, what the manual pages say
// and what the shells complete.
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ringmq::cli {

enum class Command : uint8_t { kPub, kSub, kRr };
inline constexpr Command kCommands[] = {Command::kPub, Command::kSub, Command::kRr};

// "pub", "sub", "rr".
[[nodiscard]] const char* NameOf(Command command);

enum class OptionId : uint8_t {
  // Server.
  kHost,
  kPort,
  kUrl,
  kUnix,
  kBind,
  kProxy,
  kProxyProtocol,
  kProxySource,
  kNoDelay,
  // Session.
  kId,
  kIdPrefix,
  kUsername,
  kPassword,
  kVersion,
  kKeepAlive,
  kKeepSession,
  kSessionExpiry,
  kProperty,
  kWillTopic,
  kWillPayload,
  kWillQos,
  kWillRetain,
  // Messages.
  kTopic,
  kQos,
  kRetain,
  kMessage,
  kFile,
  kLines,
  kStdin,
  kNull,
  kRepeat,
  kRepeatDelay,
  kInFlight,
  kResponseTopic,
  // What is received.
  kUnsubscribe,
  kFilterOut,
  kCount,
  kTimeout,
  kExitAfterSubscribe,
  kNoRetained,
  kRetainedOnly,
  kRemoveRetained,
  kRetainAsPublished,
  kRandomFilter,
  // Output.
  kFormat,
  kJson,
  kPretty,
  kVerbose,
  kNoEndOfLine,
  kDebug,
  kQuiet,
  // TLS.
  kCaFile,
  kCaPath,
  kCert,
  kKey,
  kKeyForm,
  kKeyPassword,
  kInsecure,
  kCiphers,
  kTlsVersion,
  kTlsAlpn,
  kTlsEngine,
  kTlsEngineKeyPass,
  kTlsUseOsCerts,
  kPsk,
  kPskIdentity,
  // Help.
  kHelp,
  kPrintVersion,
};

enum class Section : uint8_t {
  kServer,
  kSession,
  kMessages,
  kReceive,
  kOutput,
  kTls,
  kGeneral,
};
inline constexpr Section kSections[] = {Section::kServer,  Section::kSession, Section::kMessages,
                                        Section::kReceive, Section::kOutput,  Section::kTls,
                                        Section::kGeneral};

// "Server", "Session", ...
[[nodiscard]] const char* TitleOf(Section section);

// What a shell completes after the option.
enum class ValueKind : uint8_t { kNone, kText, kFileName, kDirectory, kHostName, kChoice };

inline constexpr uint8_t kForPub = 1;
inline constexpr uint8_t kForSub = 2;
inline constexpr uint8_t kForRr = 4;
inline constexpr uint8_t kForAll = 7;

struct OptionSpec {
  OptionId id;
  Section section;
  uint8_t commands;   // kForPub | ...
  char letter;        // Zero: none.
  const char* name;   // Without its dashes.
  const char* value;  // Null: a flag. Of a kChoice: the choices with '|' between them.
  ValueKind kind;
  const char* help;
  const char* example;  // Of value or values, as typed; null for flags.
};

// In the order in which help and manual show them.
[[nodiscard]] std::span<const OptionSpec> OptionTable();
[[nodiscard]] bool Belongs(const OptionSpec& spec, Command command);
[[nodiscard]] const OptionSpec& SpecOf(OptionId id);
// "-h", "--host": as it was typed, dashes included. Null: `command` has none of that name.
[[nodiscard]] const OptionSpec* FindOption(Command command, std::string_view typed);
// The option whose name is nearest to a wrong one; null: none is near.
[[nodiscard]] const OptionSpec* NearestOption(Command command, std::string_view typed);
// "-h, --host <name>"
[[nodiscard]] std::string UsageOf(const OptionSpec& spec);

}  // namespace ringmq::cli
