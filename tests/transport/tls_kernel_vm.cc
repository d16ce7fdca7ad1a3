// kTLS against a kernel that has it: our server's end moves into the kernel, the client is OpenSSL
// in user space, over the loopback.
//
// A program of its own, because the machines that build this have no kTLS: it runs in a VM with
// Debian's kernels (tests/vm). Prints a line per case, and ends with 1 if one failed.
//
// SPDX-License-Identifier: Apache-2.0
#include "transport/tls_kernel.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>

#include "base/check.h"
#include "support/certificates.h"
#include "transport/byte_vector.h"
#include "transport/tls_client_context.h"
#include "transport/tls_server_context.h"

namespace ringmq::transport {
namespace {

struct Case {
  const char* name;
  TlsVersion version;
  const char* cipher;
};

constexpr Case kCases[] = {
    {"1.2 AES-128-GCM", TlsVersion::k12, "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"1.2 AES-256-GCM", TlsVersion::k12, "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"1.2 CHACHA20", TlsVersion::k12, "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"1.3 AES-128-GCM", TlsVersion::k13, "TLS_AES_128_GCM_SHA256"},
    {"1.3 AES-256-GCM", TlsVersion::k13, "TLS_AES_256_GCM_SHA384"},
    {"1.3 CHACHA20", TlsVersion::k13, "TLS_CHACHA20_POLY1305_SHA256"},
};

// Tries before something that should happen has not happened.
constexpr int kTriesMax = 20'000;

void WaitABit(int fd, short events) {
  pollfd poll_fd = {fd, events, 0};
  poll(&poll_fd, 1, 1);
}

struct Sockets {
  Sockets() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    RMQ_CHECK(bind(listener, generic, size) == 0);
    RMQ_CHECK(listen(listener, 1) == 0);
    RMQ_CHECK(getsockname(listener, generic, &size) == 0);
    client = socket(AF_INET, SOCK_STREAM, 0);
    RMQ_CHECK(connect(client, generic, size) == 0);
    server = accept(listener, nullptr, nullptr);
    RMQ_CHECK(server >= 0);
    close(listener);
    for (const int fd : {client, server}) {
      fcntl(fd, F_SETFL, O_NONBLOCK);
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
  }
  ~Sockets() {
    close(client);
    close(server);
  }
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;
  int client = -1;
  int server = -1;
};

// A layer, and the socket under it, before the kernel takes over.
struct UserSpace {
  void Flush(int fd) {
    while (!down.empty()) {
      const std::string bytes(down.bytes().begin(), down.bytes().end());
      down.Clear();
      RMQ_CHECK(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(bytes.size()));
    }
  }
  // At most `size_bytes`; false: nothing there.
  bool Receive(int fd, size_t size_bytes) {
    std::array<uint8_t, 4096> buffer{};
    const ssize_t got = recv(fd, buffer.data(), std::min(size_bytes, buffer.size()), 0);
    if (got <= 0) return false;
    layer->Receive(std::span(buffer).first(static_cast<size_t>(got)), up, down);
    Flush(fd);
    return true;
  }
  std::unique_ptr<TlsLayer> layer;
  ByteVector up;
  ByteVector down;
};

class Rig {
 public:
  Rig(const TlsServerContextPtr& context, const Case& one) {
    end.layer = MakeServerLayer(context, Instant{});
    ctx_ = SSL_CTX_new(TLS_client_method());
    const int version = one.version == TlsVersion::k12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX_set_min_proto_version(ctx_, version);
    SSL_CTX_set_max_proto_version(ctx_, version);
    if (one.version == TlsVersion::k12) {
      SSL_CTX_set_cipher_list(ctx_, one.cipher);
    } else {
      SSL_CTX_set_ciphersuites(ctx_, one.cipher);
    }
    client = SSL_new(ctx_);
    SSL_set_fd(client, sockets.client);
    SSL_set_connect_state(client);
  }
  ~Rig() {
    SSL_free(client);
    SSL_CTX_free(ctx_);
    ERR_clear_error();
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  bool Handshake() {
    for (int i = 0; i < kTriesMax; ++i) {
      const bool client_done = SSL_do_handshake(client) == 1;
      if (!end.Receive(sockets.server, 4096)) WaitABit(sockets.server, POLLIN);
      if (client_done && end.layer->state() == LayerState::kOpen) return true;
    }
    return false;
  }
  bool HandOver() { return end.layer->MoveIntoKernel(sockets.server) == KernelMove::kDone; }
  bool Open() { return Handshake() && HandOver(); }

  bool ClientSends(const std::string& text) {
    for (int i = 0; i < kTriesMax; ++i) {
      if (SSL_write(client, text.data(), static_cast<int>(text.size())) > 0) return true;
      WaitABit(sockets.client, POLLOUT);
    }
    return false;
  }
  bool ServerSends(const std::string& text) const {
    return send(sockets.server, text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
  }
  bool ServerGets(const std::string& expected) {
    std::string got;
    std::array<char, 65536> buffer{};
    for (int i = 0; i < kTriesMax && got.size() < expected.size(); ++i) {
      const ssize_t size = recv(sockets.server, buffer.data(), buffer.size(), 0);
      if (size > 0) got.append(buffer.data(), static_cast<size_t>(size));
      if (size < 0 && errno != EAGAIN) return false;
      if (size < 0) WaitABit(sockets.server, POLLIN);
    }
    return got == expected;
  }
  bool ClientGets(const std::string& expected) {
    std::string got;
    std::array<char, 65536> buffer{};
    for (int i = 0; i < kTriesMax && got.size() < expected.size(); ++i) {
      const int size = SSL_read(client, buffer.data(), static_cast<int>(buffer.size()));
      if (size > 0) got.append(buffer.data(), static_cast<size_t>(size));
      if (size <= 0 && SSL_get_error(client, size) != SSL_ERROR_WANT_READ) return false;
      if (size <= 0) WaitABit(sockets.client, POLLIN);
    }
    return got == expected;
  }
  // The error of the server's next receive; 0: it got something.
  [[nodiscard]] int ServerError() const {
    std::array<char, 256> buffer{};
    for (int i = 0; i < kTriesMax; ++i) {
      if (recv(sockets.server, buffer.data(), buffer.size(), 0) >= 0) return 0;
      if (errno != EAGAIN) return errno;
      WaitABit(sockets.server, POLLIN);
    }
    return ETIMEDOUT;
  }
  // The answer to what OpenSSL says when it next reads.
  int ClientError() {
    std::array<char, 256> buffer{};
    for (int i = 0; i < kTriesMax; ++i) {
      ERR_clear_error();
      const int result = SSL_read(client, buffer.data(), buffer.size());
      const int error = SSL_get_error(client, result);
      if (result > 0) return 0;
      if (error != SSL_ERROR_WANT_READ) return error;
      WaitABit(sockets.client, POLLIN);
    }
    return SSL_ERROR_WANT_READ;
  }
  ControlResult ServerControl() {
    if (ServerError() != EIO) return {ControlRecord::kNothing, "no EIO"};
    return ReadControlRecord(sockets.server, TlsRole::kServer, end.up);
  }

  Sockets sockets;
  UserSpace end;
  SSL* client = nullptr;

 private:
  SSL_CTX* ctx_ = nullptr;
};

std::string Noise(size_t size_bytes) {
  std::string text(size_bytes, '\0');
  for (size_t i = 0; i < size_bytes; ++i) text[i] = static_cast<char>(i * 131 + i / 977);
  return text;
}

bool SendRecord(int fd, uint8_t type, const std::string& content) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(1)> control{};
  iovec slice = {const_cast<char*>(content.data()), content.size()};
  msghdr message{};
  message.msg_iov = &slice;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_TLS;
  header->cmsg_type = TLS_SET_RECORD_TYPE;
  header->cmsg_len = CMSG_LEN(1);
  std::memcpy(CMSG_DATA(header), &type, 1);
  return sendmsg(fd, &message, 0) == static_cast<ssize_t>(content.size());
}

bool SmallData(Rig& rig) {
  if (!rig.Open()) return false;
  for (int i = 0; i < 50; ++i) {
    const std::string text = "message " + std::to_string(i);
    if (!rig.ClientSends(text) || !rig.ServerGets(text)) return false;
    if (!rig.ServerSends(text) || !rig.ClientGets(text)) return false;
  }
  return true;
}

bool LargeData(Rig& rig) {
  if (!rig.Open()) return false;
  const std::string text = Noise(100'000);
  for (int i = 0; i < 10; ++i) {
    if (!rig.ClientSends(text) || !rig.ServerGets(text)) return false;
    if (!rig.ServerSends(text) || !rig.ClientGets(text)) return false;
  }
  return true;
}

bool DataBeforeHandOver(Rig& rig) {
  if (!rig.Handshake() || !rig.ClientSends("seen by user space")) return false;
  for (int i = 0; i < kTriesMax && rig.end.up.empty(); ++i) {
    if (!rig.end.Receive(rig.sockets.server, 4096)) WaitABit(rig.sockets.server, POLLIN);
  }
  // And some that only the kernel sees, though it is there before.
  if (!rig.ClientSends("seen by the kernel")) return false;
  rig.end.layer->Send(std::span<const uint8_t>(reinterpret_cast<const uint8_t*>("hello"), 5),
                      rig.end.down);
  rig.end.Flush(rig.sockets.server);
  return rig.end.up.bytes().size() == 18 && rig.HandOver() &&
         rig.ServerGets("seen by the kernel") && rig.ServerSends(" you") &&
         rig.ClientGets("hello you");
}

bool HalfARecord(Rig& rig) {
  if (!rig.Handshake() || !rig.ClientSends("cut") || !rig.ClientSends("whole")) return false;
  for (int i = 0; i < kTriesMax; ++i) {
    if (rig.end.Receive(rig.sockets.server, 9)) break;
    WaitABit(rig.sockets.server, POLLIN);
  }
  int waits = 0;
  while (rig.end.layer->MoveIntoKernel(rig.sockets.server) == KernelMove::kNotYet) {
    ++waits;
    if (!rig.end.Receive(rig.sockets.server, rig.end.layer->record_bytes_missing())) return false;
  }
  return waits > 0 && rig.end.layer->is_transparent() && rig.end.up.bytes().size() == 3 &&
         rig.ServerGets("whole");
}

bool ClientSaysGoodbye(Rig& rig) {
  if (!rig.Open() || !rig.ClientSends("last")) return false;
  SSL_shutdown(rig.client);
  return rig.ServerGets("last") && rig.ServerControl().record == ControlRecord::kClosed &&
         SendCloseNotify(rig.sockets.server) == 0 && rig.ClientError() == SSL_ERROR_ZERO_RETURN;
}

bool ServerSaysGoodbye(Rig& rig) {
  return rig.Open() && rig.ServerSends("last") && SendCloseNotify(rig.sockets.server) == 0 &&
         rig.ClientGets("last") && rig.ClientError() == SSL_ERROR_ZERO_RETURN;
}

// A record of a kind that there is not makes the client send a fatal alert.
bool FatalAlert(Rig& rig) {
  constexpr uint8_t kNoSuchType = 99;
  if (!rig.Open() || !SendRecord(rig.sockets.server, kNoSuchType, "x")) return false;
  if (rig.ClientError() != SSL_ERROR_SSL) return false;
  const ControlResult result = rig.ServerControl();
  std::printf("  (%s)\n", result.reason.c_str());
  return result.record == ControlRecord::kFailed &&
         result.reason.find("client sent the alert") != std::string::npos;
}

bool ChangesOfKeysAreRefused(Rig& rig) {
  if (!rig.Open()) return false;
  if (SSL_version(rig.client) == TLS1_3_VERSION) {
    SSL_key_update(rig.client, SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_write(rig.client, "new", 3);
  } else {
    SSL_renegotiate(rig.client);
    SSL_do_handshake(rig.client);
  }
  const ControlResult result = rig.ServerControl();
  std::printf("  (%s)\n", result.reason.c_str());
  return result.record == ControlRecord::kFailed && !result.reason.empty();
}

bool DamageIsNoticed(Rig& rig) {
  if (!rig.Open()) return false;
  const std::string record = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  if (send(rig.sockets.client, record.data(), record.size(), 0) < 0) return false;
  if (rig.ServerError() != EBADMSG) return false;
  return ReadControlRecord(rig.sockets.server, TlsRole::kServer, rig.end.up).reason ==
         "damaged record";
}

bool EndWithoutGoodbye(Rig& rig) {
  if (!rig.Open()) return false;
  shutdown(rig.sockets.client, SHUT_WR);
  return rig.ServerError() == 0;
}

// An alert that calls itself a warning, which TLS 1.3 has none of but user_canceled (90); as in
// user space.
bool ReadsWarnings(int from, int to, TlsVersion version) {
  const auto read = [&](uint8_t alert) {
    constexpr uint8_t kAlertRecord = 21;
    ByteVector up;
    if (!SendRecord(from, kAlertRecord, {1, static_cast<char>(alert)})) return ControlResult{};
    for (int i = 0; i < kTriesMax; ++i) {
      ControlResult result = ReadControlRecord(to, TlsRole::kServer, up);
      if (result.record != ControlRecord::kNothing) return result;
      WaitABit(to, POLLIN);
    }
    return ControlResult{};
  };
  if (read(SSL_AD_USER_CANCELLED).record != ControlRecord::kIgnored) return false;
  const ControlResult result = read(SSL_AD_NO_RENEGOTIATION);
  return version == TlsVersion::k12
             ? result.record == ControlRecord::kIgnored
             : result.record == ControlRecord::kFailed && !result.reason.empty();
}

// Both ends in the kernel: the client's meets the session tickets that user space never saw.
bool BothEnds(const TlsServerContextPtr& server_context, const TlsClientContextPtr& client_context,
              TlsVersion version) {
  Sockets sockets;
  UserSpace server;
  UserSpace client;
  server.layer = MakeServerLayer(server_context, Instant{});
  client.layer = MakeClientLayer(client_context, "localhost", 1);
  client.layer->Start(client.down);
  client.Flush(sockets.client);
  for (int i = 0; i < kTriesMax && server.layer->state() != LayerState::kOpen; ++i) {
    server.Receive(sockets.server, 4096);
    if (client.layer->state() != LayerState::kOpen) client.Receive(sockets.client, 4096);
  }
  // TLS 1.2 ends with the server.
  for (int i = 0; i < kTriesMax && client.layer->state() != LayerState::kOpen; ++i) {
    client.Receive(sockets.client, 4096);
  }
  if (server.layer->MoveIntoKernel(sockets.server) != KernelMove::kDone) return false;
  if (client.layer->MoveIntoKernel(sockets.client) != KernelMove::kDone) return false;
  if (send(sockets.server, "hello", 5, 0) != 5) return false;
  std::array<char, 64> buffer{};
  int tickets = 0;
  for (int i = 0; i < kTriesMax; ++i) {
    const ssize_t size = recv(sockets.client, buffer.data(), buffer.size(), 0);
    if (size == 5) break;
    if (size >= 0) return false;
    if (errno == EAGAIN) WaitABit(sockets.client, POLLIN);
    if (errno != EIO) continue;
    if (ReadControlRecord(sockets.client, TlsRole::kClient, client.up).record !=
        ControlRecord::kIgnored) {
      return false;
    }
    ++tickets;
  }
  std::printf("  (%d tickets)\n", tickets);
  return std::string(buffer.data(), 5) == "hello" && send(sockets.client, "you", 3, 0) == 3 &&
         recv(sockets.server, buffer.data(), buffer.size(), 0) == 3 &&
         ReadsWarnings(sockets.client, sockets.server, version);
}

bool Report(const char* what, const char* cipher, bool passed) {
  std::printf("%s %s: %s\n", passed ? "PASS" : "FAIL", cipher, what);
  return passed;
}

int Main() {
  support::PemFolder folder;
  support::Authority authority("CA");
  const support::Issued issued =
      authority.Issue({.common_name = "server", .dns_names = {"localhost"}});
  TlsServerOptions options;
  options.key_pairs = {{.certificate_file = folder.Write("a.crt", issued.certificate),
                        .key_file = folder.Write("a.key", issued.key)}};
  options.protocol.record_layer = TlsRecordLayer::kKernel;
  const TlsServerContextPtr context = *TlsServerContext::Make(options);
  bool good = true;
  for (const KernelTlsCipher& cipher : ProbeKernelTls()) {
    std::printf("%s kernel TLS, %s %s\n", cipher.supported ? "PASS" : "FAIL", cipher.name.c_str(),
                cipher.reason.c_str());
    good = good && cipher.supported;
  }
  const std::pair<const char*, bool (*)(Rig&)> kTests[] = {
      {"small messages both ways", SmallData},
      {"a megabyte both ways", LargeData},
      {"data before the hand-over", DataBeforeHandOver},
      {"hand-over in half a record", HalfARecord},
      {"the client says goodbye", ClientSaysGoodbye},
      {"the server says goodbye", ServerSaysGoodbye},
      {"a fatal alert", FatalAlert},
      {"changes of keys are refused", ChangesOfKeysAreRefused},
      {"a damaged record", DamageIsNoticed},
      {"an end without goodbye", EndWithoutGoodbye},
  };
  for (const Case& one : kCases) {
    for (const auto& [what, test] : kTests) {
      Rig rig(context, one);
      good = Report(what, one.name, test(rig)) && good;
    }
    TlsClientOptions client_options;
    client_options.trust.ca_file = folder.Write("ca.crt", authority.certificate());
    client_options.protocol.record_layer = TlsRecordLayer::kKernel;
    client_options.resume = false;
    client_options.protocol.version_min = client_options.protocol.version_max = one.version;
    (one.version == TlsVersion::k12 ? client_options.protocol.ciphers
                                    : client_options.protocol.ciphersuites) = one.cipher;
    const bool both = BothEnds(context, *TlsClientContext::Make(client_options), one.version);
    good = Report("both ends in the kernel", one.name, both) && good;
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace ringmq::transport

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return ringmq::transport::Main();
}
