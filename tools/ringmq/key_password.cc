// SPDX-License-Identifier: Apache-2.0
#include "key_password.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

#include "numbers.h"

namespace ringmq::cli {
namespace {

constexpr size_t kPasswordBytesMax = 1023;  // OpenSSL's PEM_BUFSIZE, less one.
constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

void Say(int terminal, std::string_view text) {
  static_cast<void>(!write(terminal, text.data(), text.size()));  // It is only for the eye.
}

// The terminal without its echo, and signals held back so that none leaves it so.
class SilentTerminal {
 public:
  explicit SilentTerminal(int fd) : fd_(fd) {
    sigset_t held;
    sigemptyset(&held);
    for (const int number : kSignals) sigaddset(&held, number);
    sigprocmask(SIG_BLOCK, &held, &signals_before_);
    signal_fd_ = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    is_silent_ = tcgetattr(fd_, &before_) == 0;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_silent_ = is_silent_ && tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (is_silent_) tcsetattr(fd_, TCSAFLUSH, &before_);
    close(signal_fd_);
    close(fd_);
    sigprocmask(SIG_SETMASK, &signals_before_, nullptr);
  }

  [[nodiscard]] bool is_silent() const { return is_silent_; }

  struct Line {
    std::string text{};
    int signal = 0;  // Came instead.
    bool is_whole = false;
  };
  [[nodiscard]] Line Read() const {
    Line line;
    while (line.text.size() <= kPasswordBytesMax) {
      pollfd watched[] = {{signal_fd_, POLLIN, 0}, {fd_, POLLIN, 0}};
      if (poll(watched, std::size(watched), -1) < 0 && errno != EINTR) break;
      signalfd_siginfo info;
      if (read(signal_fd_, &info, sizeof info) == sizeof info) {
        line.signal = static_cast<int>(info.ssi_signo);
        break;
      }
      if (watched[1].revents == 0) continue;
      char letter = 0;
      if (read(fd_, &letter, 1) != 1) break;
      line.is_whole = letter == '\n' || letter == '\r';
      if (line.is_whole) break;
      line.text += letter;
    }
    return line;
  }

 private:
  int fd_;
  int signal_fd_ = -1;
  bool is_silent_ = false;
  termios before_{};
  sigset_t signals_before_{};
};

// Nothing: there is no terminal, or nobody who answers.
std::optional<std::string> AskFor(const std::string& path) {
  while (true) {
    const int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return std::nullopt;
    SilentTerminal::Line line;
    {
      const SilentTerminal terminal(fd);
      if (!terminal.is_silent()) return std::nullopt;
      Say(fd, "Password of " + path + ": ");
      line = terminal.Read();
      Say(fd, "\n");
    }
    if (line.signal == 0) return line.is_whole ? std::optional(line.text) : std::nullopt;
    raise(line.signal);  // Comes back when it was stopped for a while; then it asks again.
  }
}

}  // namespace

bool IsEncryptedKey(std::string_view pem) {
  return pem.find("-----BEGIN ENCRYPTED PRIVATE KEY-----") != std::string_view::npos ||
         pem.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos;
}

Expected<void> FindKeyPassword(Settings& settings) {
  TlsOptions& tls = settings.client.tls;
  const Transport transport = settings.client.servers.front().transport;
  const bool has_tls = transport == Transport::kTls || transport == Transport::kWebSocketTls;
  if (!has_tls || tls.key_file.empty() || !tls.key_password.empty()) return {};
  std::ifstream file(tls.key_file);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!IsEncryptedKey(text.str())) return {};
  std::optional<std::string> password = AskFor(tls.key_file);
  if (!password) {
    return Bad("--key: " + tls.key_file +
               " needs a password, and there is no terminal to ask on; --keypass or "
               "RINGMQ_KEY_PASSWORD give it.\nFor example: ringmq " +
               std::string(NameOf(settings.command)) +
               " --cert client.pem --key client.key --keypass secret");
  }
  tls.key_password = *std::move(password);
  return {};
}

}  // namespace ringmq::cli
