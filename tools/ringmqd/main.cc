// ringmqd: the broker as a program. Reads flags and configuration, starts a Broker, waits for
// signals.
//
//   SIGTERM, SIGINT   graceful stop
//   SIGHUP            read password and ACL files, certificates and keys again
//
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <time.h>

#include <cstdio>
#include <optional>
#include <string>

#include "broker/broker.h"
#include "broker/command_line.h"
#include "broker/config_default.h"
#include "broker/config_file.h"
#include "broker/kernel_tls.h"
#include "broker/notify.h"
#include "broker/version.h"
#include "reactor/features.h"

namespace ringmq {
namespace {

using broker::Log;

constexpr int kExitCannotStart = 1;

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "ringmqd: %s\n", std::string(status.message()).c_str());
  return kExitCannotStart;
}

reactor::IoBackend BackendOf(broker::IoBackend backend) {
  switch (backend) {
    case broker::IoBackend::kAuto:
      return reactor::IoBackend::kAuto;
    case broker::IoBackend::kUring:
      return reactor::IoBackend::kUring;
    case broker::IoBackend::kEpoll:
      return reactor::IoBackend::kEpoll;
  }
  return reactor::IoBackend::kAuto;
}

// What only prints and leaves. Empty: none of it was asked for.
std::optional<int> Answer(const broker::CommandLine& line, const broker::Config& config) {
  if (line.features) {
    std::fputs(
        reactor::DescribeFeatures(reactor::ProbeKernel(), BackendOf(config.server.io)).c_str(),
        stdout);
    std::fputs(broker::DescribeKernelTls().c_str(), stdout);
    return 0;
  }
  if (line.check) {
    const auto warnings = broker::Broker::Check(config);
    if (!warnings.ok()) return Fail(broker::WithPlaces(line.config_path, warnings.status()));
    for (const std::string& warning : *warnings) {
      std::fprintf(stderr, "ringmqd: warning: %s\n", warning.c_str());
    }
    std::puts("configuration ok");
    return 0;
  }
  return std::nullopt;
}

// Blocked before any thread starts, so that all of them leave the signals to Wait().
sigset_t BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

// " with TLS", or nothing.
const char* TlsText(const broker::ListenerConfig& listener) {
  switch (listener.tls.use) {
    case broker::TlsUse::kOff:
      return "";
    case broker::TlsUse::kRequired:
      return " with TLS";
    case broker::TlsUse::kOptional:
      return " with and without TLS";
  }
  return "";
}

bool IsIdentityEnough(const broker::ListenerConfig& listener) {
  using broker::IdentitySource;
  return listener.identity != IdentitySource::kNone &&
         listener.identity != IdentitySource::kUnixUser &&
         listener.identity_as == broker::IdentityUse::kUsername;
}

// Who may come in. A name that the transport proves stands in for a password.
std::string WhoText(const broker::ListenerConfig& listener) {
  using broker::TlsClientCertificates;
  const bool is_certificate_asked =
      listener.tls.use == broker::TlsUse::kRequired &&
      listener.tls.client_certificates == TlsClientCertificates::kRequired;
  const std::string certificate =
      listener.tls.psk_file.empty() ? "client certificate" : "client certificate or pre-shared key";
  if (is_certificate_asked && IsIdentityEnough(listener)) return certificate + " required";
  const std::string also = is_certificate_asked ? certificate + " required, " : "";
  return also + (broker::AllowsAnonymous(listener) ? "anonymous clients allowed"
                                                   : "user name and password required");
}

void Announce(const broker::Config& config, const broker::Broker& running, Log& log) {
  for (size_t i = 0; i < config.listeners.size(); ++i) {
    const broker::ListenerConfig& listener = config.listeners[i];
    const std::string who = WhoText(listener);
    if (broker::IsUnixAddress(listener.address)) {
      log.Info("listening on {}{} ({})", listener.address, TlsText(listener), who);
      continue;
    }
    const bool is_v6 = listener.address.find(':') != std::string::npos;
    log.Info("listening on {}{}{}:{}{} ({})", is_v6 ? "[" : "", listener.address, is_v6 ? "]" : "",
             running.ports()[i], TlsText(listener), who);
  }
}

void Reload(broker::Broker& running, Log& log) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  broker::NotifyReloading(Instant{now.tv_sec * kSecond.ns + now.tv_nsec});
  if (const absl::Status status = running.Reload(); status.ok()) {
    log.Info("passwords, rights and certificates read again");
  } else {
    log.Error("reload failed, everything stays as it was: {}", std::string(status.message()));
  }
  broker::NotifyReady();
}

// Until a signal says stop.
void Wait(broker::Broker& running, const sigset_t& signals, Log& log) {
  const std::optional<Duration> watchdog = broker::WatchdogInterval();
  const Duration step = watchdog.has_value() ? *watchdog / 2 : 3600 * kSecond;
  const timespec timeout{step.ns / kSecond.ns, step.ns % kSecond.ns};
  while (true) {
    const int number = sigtimedwait(&signals, nullptr, &timeout);
    if (number == SIGHUP) Reload(running, log);
    if (number == SIGTERM || number == SIGINT) {
      log.Info("{}: stopping", number == SIGTERM ? "SIGTERM" : "SIGINT");
      return;
    }
    // A shard that hangs is not covered up.
    if (number < 0 && watchdog.has_value() && running.CheckProgress()) broker::NotifyWatchdog();
  }
}

int Run(const broker::Config& config, const std::string& config_path) {
  const std::unique_ptr<Log> log =
      broker::MakeStderrLog(config.log.level, broker::DetectLogFormat());
  const sigset_t signals = BlockSignals();
  const broker::AuthMethods auth_methods;
  log->Info("ringmqd {}", broker::kVersion);
  auto running = broker::Broker::Start(config, *log, auth_methods);
  if (!running.ok()) return Fail(broker::WithPlaces(config_path, running.status()));
  Announce(config, **running, *log);
  if (!config.server.tls_keylog_file.empty()) {
    log->Warning("keys of TLS sessions are written to {}: who reads it reads everything",
                 config.server.tls_keylog_file);
  }
  broker::NotifyReady();
  Wait(**running, signals, *log);
  broker::NotifyStopping();
  (*running)->Stop();
  log->Info("stopped");
  return 0;
}

int Main(int argc, char** argv) {
  const auto line = broker::ParseCommandLine(argc, argv);
  if (!line.ok()) return Fail(line.status());
  if (line->help_text.has_value()) {
    std::fputs(line->help_text->c_str(), stdout);
    return 0;
  }
  if (line->version) {
    std::printf("ringmqd %s\n", broker::kVersion);
    return 0;
  }
  if (line->print_config) {
    std::fputs(broker::DefaultConfigText().c_str(), stdout);
    return 0;
  }
  const auto config = broker::ConfigFromCommandLine(*line);
  if (!config.ok()) return Fail(config.status());
  if (const auto exit_code = Answer(*line, *config)) return *exit_code;
  return Run(*config, line->config_path);
}

}  // namespace
}  // namespace ringmq

int main(int argc, char** argv) { return ringmq::Main(argc, argv); }
