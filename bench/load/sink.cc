// mqtt-sink: the cheapest peer that still keeps a load generator satisfied, so that what is
// measured is the generator.
//
//   mqtt-sink          prints "listening on 127.0.0.1:PORT" and serves until it is killed
//
// It answers CONNECT, SUBSCRIBE, PINGREQ and the handshakes of QoS 1 and 2, and copies each PUBLISH
// byte by byte to who subscribed, with another packet identifier at most. What it leaves out is
// what a broker is: limits, windows, sessions, retained messages, rights, checks of what is sent. A
// publisher's topic is looked up once; one send a connection and turn. It trusts its peer.
//
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wire.h"

namespace ringmq::load {
namespace {

constexpr size_t kReadBytes = 256 << 10;
constexpr uint8_t kConnack4[] = {0x20, 2, 0, 0};
constexpr uint8_t kConnack5[] = {0x20, 3, 0, 0, 0};
constexpr uint8_t kPingresp[] = {0xd0, 0};

struct Peer;

struct Route {
  std::vector<Peer*> receivers;
  std::vector<std::vector<Peer*>> groups;  // Each gets a message once.
  size_t turn = 0;                         // Whose turn it is in a group.
};

struct Peer {
  int fd = -1;
  bool is_v5 = false;
  bool is_dirty = false;
  bool is_blocked = false;  // Waits until the socket takes more.
  uint16_t last_id = 0;
  std::string in;   // A packet that is not whole yet.
  std::string out;  // To be sent from `sent` on.
  size_t sent = 0;
  std::string topic;  // The last one published to,
  Route* route = nullptr;
};

struct Subscription {
  std::string filter;
  std::string group;  // Empty: of its own.
  Peer* peer;
};

// One level may be "+", the last "#": what the scenarios need.
bool Matches(std::string_view filter, std::string_view topic) {
  while (true) {
    const std::string_view level = filter.substr(0, filter.find('/'));
    const std::string_view name = topic.substr(0, topic.find('/'));
    if (level == "#") return true;
    if (level != "+" && level != name) return false;
    const bool filter_ends = level.size() == filter.size();
    const bool topic_ends = name.size() == topic.size();
    if (filter_ends || topic_ends) return filter_ends && topic_ends;
    filter.remove_prefix(level.size() + 1);
    topic.remove_prefix(name.size() + 1);
  }
}

size_t U16(const uint8_t* at) { return static_cast<size_t>(at[0] << 8 | at[1]); }

class Sink {
 public:
  int Serve();

 private:
  void Accept();
  void Receive(Peer& peer);
  size_t Read(Peer& peer, const uint8_t* bytes, size_t count);
  void OnPacket(Peer& peer, const uint8_t* frame, const Packet& packet);
  void OnSubscribe(Peer& peer, const uint8_t* body, const uint8_t* end);
  void OnPublish(Peer& peer, const uint8_t* frame, const Packet& packet);
  Route& RouteOf(std::string_view topic);
  void Forward(Peer& to, const uint8_t* frame, const Packet& packet, size_t id_offset);
  void Say(Peer& peer, const void* bytes, size_t count);
  void SayId(Peer& peer, uint8_t first, const uint8_t* id);
  void Flush(Peer& peer);
  void Close(Peer& peer);

  int listener_ = -1;
  int epoll_ = -1;
  std::unordered_map<int, std::unique_ptr<Peer>> peers_;
  std::vector<std::unique_ptr<Peer>> gone_;  // Until the end of the turn.
  std::vector<Peer*> dirty_;
  std::vector<Subscription> subscriptions_;
  std::unordered_map<std::string, std::unique_ptr<Route>> routes_;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(kReadBytes);
};

int Sink::Serve() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size_bytes = sizeof(address);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size_bytes) < 0 || listen(listener_, 4096) < 0 ||
      getsockname(listener_, generic, &size_bytes) < 0) {
    std::perror("mqtt-sink");
    return 1;
  }
  std::printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener_}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  std::vector<epoll_event> events(1024);
  while (true) {  // Until it is killed.
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& one = events[static_cast<size_t>(i)];
      if (one.data.fd == listener_) {
        Accept();
        continue;
      }
      const auto found = peers_.find(one.data.fd);
      if (found == peers_.end()) continue;
      Peer& peer = *found->second;
      if ((one.events & EPOLLOUT) != 0) Flush(peer);
      if ((one.events & ~EPOLLOUT) != 0) Receive(peer);
    }
    for (Peer* const peer : dirty_) {
      peer->is_dirty = false;
      if (peer->fd >= 0 && !peer->is_blocked) Flush(*peer);
    }
    dirty_.clear();
    gone_.clear();
  }
}

void Sink::Accept() {
  while (true) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    auto peer = std::make_unique<Peer>();
    peer->fd = fd;
    peers_[fd] = std::move(peer);
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
}

void Sink::Receive(Peer& peer) {
  const ssize_t count = recv(peer.fd, buffer_.data(), buffer_.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    Close(peer);
    return;
  }
  const auto size = static_cast<size_t>(count);
  if (peer.in.empty()) {
    const size_t used = Read(peer, buffer_.data(), size);
    peer.in.assign(buffer_.begin() + static_cast<ptrdiff_t>(used),
                   buffer_.begin() + static_cast<ptrdiff_t>(size));
    return;
  }
  peer.in.append(reinterpret_cast<const char*>(buffer_.data()), size);
  const size_t used = Read(peer, reinterpret_cast<const uint8_t*>(peer.in.data()), peer.in.size());
  peer.in.erase(0, used);
}

// Returns the bytes of whole packets.
size_t Sink::Read(Peer& peer, const uint8_t* bytes, size_t count) {
  size_t used = 0;
  while (used < count && peer.fd >= 0) {
    const Packet packet = ReadPacket(bytes + used, count - used);
    if (packet.type == 0) return used;
    OnPacket(peer, bytes + used, packet);
    used += packet.size_bytes;
  }
  return count;
}

void Sink::OnPacket(Peer& peer, const uint8_t* frame, const Packet& packet) {
  const uint8_t* const body = frame + packet.body_offset;
  switch (packet.type) {
    case 1:
      peer.is_v5 = body[6] == 5;
      if (peer.is_v5) {
        Say(peer, kConnack5, sizeof(kConnack5));
      } else {
        Say(peer, kConnack4, sizeof(kConnack4));
      }
      return;
    case 3:
      return OnPublish(peer, frame, packet);
    case 5:
      return SayId(peer, 0x62, body);
    case 6:
      return SayId(peer, 0x70, body);
    case 8:
      return OnSubscribe(peer, body, frame + packet.size_bytes);
    case 12:
      return Say(peer, kPingresp, sizeof(kPingresp));
    case 14:
      return Close(peer);
    // check:allow(default): a number from the wire; PUBACK and PUBCOMP ask for nothing.
    default:
      return;
  }
}

void Sink::OnSubscribe(Peer& peer, const uint8_t* body, const uint8_t* end) {
  const uint8_t* at = body + 2;
  if (peer.is_v5) at += 1 + at[0];  // Properties; a load has few of them.
  std::string answer(reinterpret_cast<const char*>(body), 2);
  if (peer.is_v5) answer += '\0';
  while (at + 3 <= end) {
    std::string filter(reinterpret_cast<const char*>(at + 2), U16(at));
    at += 2 + filter.size();
    std::string group;
    if (filter.starts_with("$share/")) {
      const size_t slash = filter.find('/', 7);
      group = filter.substr(7, slash - 7);
      filter.erase(0, slash + 1);
    }
    subscriptions_.push_back({std::move(filter), std::move(group), &peer});
    answer += static_cast<char>(*at++ & 3);
  }
  routes_.clear();
  for (const auto& [fd, one] : peers_) one->route = nullptr;
  const std::string suback = Frame(0x90, answer);
  Say(peer, suback.data(), suback.size());
}

Route& Sink::RouteOf(std::string_view topic) {
  std::unique_ptr<Route>& route = routes_[std::string(topic)];
  if (route != nullptr) return *route;
  route = std::make_unique<Route>();
  std::unordered_map<std::string, size_t> groups;
  for (const Subscription& one : subscriptions_) {
    if (!Matches(one.filter, topic)) continue;
    if (one.group.empty()) {
      route->receivers.push_back(one.peer);
      continue;
    }
    const auto [found, is_new] = groups.try_emplace(one.group, route->groups.size());
    if (is_new) route->groups.emplace_back();
    route->groups[found->second].push_back(one.peer);
  }
  return *route;
}

void Sink::OnPublish(Peer& peer, const uint8_t* frame, const Packet& packet) {
  const uint8_t* const body = frame + packet.body_offset;
  const std::string_view topic(reinterpret_cast<const char*>(body) + 2, U16(body));
  if (peer.route == nullptr || peer.topic != topic) {
    peer.topic = topic;
    peer.route = &RouteOf(topic);
  }
  const int qos = packet.flags >> 1 & 3;
  const size_t id_offset = qos == 0 ? 0 : packet.body_offset + 2 + topic.size();
  if (qos > 0) SayId(peer, qos == 1 ? 0x40 : 0x50, frame + id_offset);
  for (Peer* const to : peer.route->receivers) Forward(*to, frame, packet, id_offset);
  for (const auto& group : peer.route->groups) {
    Forward(*group[peer.route->turn++ % group.size()], frame, packet, id_offset);
  }
}

void Sink::Forward(Peer& to, const uint8_t* frame, const Packet& packet, size_t id_offset) {
  const size_t before = to.out.size();
  Say(to, frame, packet.size_bytes);
  if (id_offset == 0) return;
  to.last_id = to.last_id == UINT16_MAX ? 1 : static_cast<uint16_t>(to.last_id + 1);
  to.out[before + id_offset] = static_cast<char>(to.last_id >> 8);
  to.out[before + id_offset + 1] = static_cast<char>(to.last_id);
}

void Sink::Say(Peer& peer, const void* bytes, size_t count) {
  if (!peer.is_dirty) {
    peer.is_dirty = true;
    dirty_.push_back(&peer);
  }
  peer.out.append(static_cast<const char*>(bytes), count);
}

void Sink::SayId(Peer& peer, uint8_t first, const uint8_t* id) {
  const uint8_t packet[] = {first, 2, id[0], id[1]};
  Say(peer, packet, sizeof(packet));
}

void Sink::Flush(Peer& peer) {
  const ssize_t count =
      send(peer.fd, peer.out.data() + peer.sent, peer.out.size() - peer.sent, MSG_NOSIGNAL);
  if (count > 0) peer.sent += static_cast<size_t>(count);
  const bool is_all = peer.sent == peer.out.size();
  if (is_all) {
    peer.out.clear();
    peer.sent = 0;
  }
  if (is_all != peer.is_blocked) return;
  peer.is_blocked = !is_all;
  epoll_event event{.events = peer.is_blocked ? EPOLLIN | EPOLLOUT : EPOLLIN,
                    .data = {.fd = peer.fd}};
  epoll_ctl(epoll_, EPOLL_CTL_MOD, peer.fd, &event);
}

void Sink::Close(Peer& peer) {
  const auto found = peers_.find(peer.fd);
  close(peer.fd);
  peer.fd = -1;
  if (std::erase_if(subscriptions_, [&](const Subscription& one) { return one.peer == &peer; }) >
      0) {
    routes_.clear();
    for (const auto& [fd, one] : peers_) one->route = nullptr;
  }
  gone_.push_back(std::move(found->second));
  peers_.erase(found);
}

}  // namespace
}  // namespace ringmq::load

int main() {
  signal(SIGPIPE, SIG_IGN);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return ringmq::load::Sink().Serve();
}
