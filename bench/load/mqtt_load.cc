// mqtt-load: one thread that loads a broker and says what the broker spent on it.
//
//   mqtt-load --port P --pid PID --scenario p2p|fanout|fanin|shared|pairs|idle|connect|retained|
//             offline [--pubs N] [--subs N] [--qos 0|1|2] [--payload BYTES] [--seconds S]
//             [--filters N] [--count N] [--subscribe]
//
// Nothing may be lost: what is sent and not yet received is bounded end to end (--window), so that
// no queue limit of any broker is reached; at the end everything has to arrive.
// Prints one line of JSON.
//
// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "client.h"
#include "target.h"
#include "wire.h"

namespace ringmq::load {
namespace {

double Now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "mqtt-load: %s (errno %d %s)\n", why.c_str(), errno, strerror(errno));
  std::exit(2);
}

struct Options {
  std::map<std::string, std::string> values;
  [[nodiscard]] std::string Text(const std::string& name, const std::string& otherwise) const {
    const auto it = values.find(name);
    return it == values.end() ? otherwise : it->second;
  }
  [[nodiscard]] int Number(const std::string& name, int otherwise) const {
    const auto it = values.find(name);
    return it == values.end() ? otherwise : std::atoi(it->second.c_str());
  }
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        port_(options.Number("port", 1883)),
        pid_(options.Number("pid", 0)),
        qos_(options.Number("qos", 0)),
        payload_(static_cast<size_t>(options.Number("payload", 64))),
        seconds_(std::atof(options.Text("seconds", "3").c_str())),
        window_(static_cast<uint64_t>(options.Number("window", 2000))),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    buffer_.resize(256 << 10);
  }

  int Run() {
    const std::string scenario = options_.Text("scenario", "p2p");
    if (scenario == "idle") return Idle();
    if (scenario == "connect") return ConnectStorm();
    if (scenario == "retained") return Retained();
    if (scenario == "offline") return Offline();
    return Stream(scenario);
  }

 private:
  // ---- Connections.
  int Dial() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) Die("socket");
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Die("connect");
    return fd;
  }

  static void SendAll(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) Die("send");
      bytes.remove_prefix(static_cast<size_t>(n));
    }
  }

  // Reads packets, blocking, until one of `type` came.
  static void Await(int fd, int type) {
    std::vector<uint8_t> bytes;
    while (true) {
      uint8_t chunk[4096];
      const ssize_t n = recv(fd, chunk, 1, 0);
      if (n <= 0) Die("closed while waiting for packet type " + std::to_string(type));
      bytes.push_back(chunk[0]);
      const Packet packet = ReadPacket(bytes.data(), bytes.size());
      if (packet.type == 0) continue;
      if (packet.type == type) return;
      bytes.clear();
    }
  }

  int OpenClient(const std::string& id, bool clean) {
    const int fd = Dial();
    SendAll(fd, ConnectPacket(id, clean));
    Await(fd, 2);
    return fd;
  }

  size_t AddClient(const std::string& id, bool clean = true) {
    Client client;
    client.fd = OpenClient(id, clean);
    clients_.push_back(std::move(client));
    return clients_.size() - 1;
  }

  void Subscribe(size_t index, const std::string& filter) {
    SendAll(clients_[index].fd, SubscribePacket(1, filter, qos_));
    Await(clients_[index].fd, 9);
  }

  void Watch() {
    for (size_t i = 0; i < clients_.size(); ++i) {
      const int flags = 1;
      (void)flags;
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      if (epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_[i].fd, &event) != 0) Die("epoll_ctl");
    }
  }

  void MakePublisher(size_t index, const std::string& topic) {
    const PublishTemplate made = PublishPacket(topic, payload_, qos_, false);
    clients_[index].batch = made.frame;
    clients_[index].id_offset = made.id_offset;
    clients_[index].payload_offset = made.payload_offset;
    clients_[index].qos = qos_;
    publishers_.push_back(index);
  }

  // ---- Events.
  void Flush(size_t index) {
    Client& client = clients_[index];
    while (client.sent < client.out.size()) {
      const ssize_t n = send(client.fd, client.out.data() + client.sent,
                             client.out.size() - client.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN) break;
      if (n <= 0) Die("send");
      client.sent += static_cast<size_t>(n);
    }
    const bool blocked = client.sent < client.out.size();
    if (!blocked) {
      client.out.clear();
      client.sent = 0;
    }
    if (blocked != client.wants_write) {
      client.wants_write = blocked;
      epoll_event event{};
      event.events = EPOLLIN | (blocked ? EPOLLOUT : 0u);
      event.data.u64 = index;
      epoll_ctl(epoll_, EPOLL_CTL_MOD, client.fd, &event);
    }
  }

  void OnPacket(Client& client, const Packet& packet, const uint8_t* data) {
    const uint8_t* const body = data + packet.body_offset;
    switch (packet.type) {
      case 3: {
        ++client.received;
        ++received_;
        const int qos = packet.flags >> 1 & 3;
        if (qos == 0) break;
        const size_t topic = static_cast<size_t>(body[0] << 8 | body[1]);
        const char ack[4] = {static_cast<char>(qos == 1 ? 0x40 : 0x50), 2,
                             static_cast<char>(body[2 + topic]),
                             static_cast<char>(body[3 + topic])};
        client.out.append(ack, 4);
        break;
      }
      case 4:
      case 7:
        ++client.acked;
        break;
      case 5: {
        const char ack[4] = {0x62, 2, static_cast<char>(body[0]), static_cast<char>(body[1])};
        client.out.append(ack, 4);
        break;
      }
      case 6: {
        const char ack[4] = {0x70, 2, static_cast<char>(body[0]), static_cast<char>(body[1])};
        client.out.append(ack, 4);
        break;
      }
      default:
        break;
    }
  }

  void Read(size_t index) {
    Client& client = clients_[index];
    const ssize_t n = recv(client.fd, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) Die("a connection was closed by the broker");
    const uint8_t* data = buffer_.data();
    size_t size = static_cast<size_t>(n);
    if (!client.in.empty()) {
      client.in.insert(client.in.end(), data, data + size);
      data = client.in.data();
      size = client.in.size();
    }
    size_t done = 0;
    while (done < size) {
      const Packet packet = ReadPacket(data + done, size - done);
      if (packet.type == 0) break;
      OnPacket(client, packet, data + done);
      done += packet.size_bytes;
    }
    if (client.in.empty()) {
      client.in.assign(data + done, data + size);
    } else {
      client.in.erase(client.in.begin(), client.in.begin() + static_cast<std::ptrdiff_t>(done));
    }
    if (!client.out.empty()) Flush(index);
  }

  void Poll(int timeout_ms) {
    epoll_event events[512];
    const int n = epoll_wait(epoll_, events, 512, timeout_ms);
    for (int i = 0; i < n; ++i) {
      const size_t index = events[i].data.u64;
      if (events[i].events & EPOLLOUT) Flush(index);
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) Read(index);
    }
  }

  // ---- Streams.
  // Writes as many messages as the window of this publisher allows.
  void Produce(size_t index, uint64_t window, uint64_t received_by_peers) {
    Client& client = clients_[index];
    if (client.out.size() - client.sent > (64 << 10)) return;
    const uint64_t under_way = client.published - received_by_peers;
    uint64_t room = under_way < window ? window - under_way : 0;
    if (client.qos > 0) {
      const uint64_t unacked = client.published - client.acked;
      room = std::min<uint64_t>(room, unacked < kInFlight ? kInFlight - unacked : 0);
    }
    room = std::min<uint64_t>(room, 256);
    if (room == 0) return;
    for (uint64_t i = 0; i < room; ++i) {
      const size_t at = client.out.size();
      client.out += client.batch;
      if (client.id_offset != 0) {
        client.out[at + client.id_offset] = static_cast<char>(client.next_id >> 8);
        client.out[at + client.id_offset + 1] = static_cast<char>(client.next_id);
        if (++client.next_id == 0) client.next_id = 1;
      }
    }
    client.published += room;
    published_ += room;
    Flush(index);
  }

  struct Shape {
    size_t pubs = 1;
    size_t subs = 1;
    double per_publish = 1;  // Deliveries for one publish.
  };

  Shape Connect(const std::string& scenario) {
    Shape shape;
    shape.pubs = static_cast<size_t>(options_.Number("pubs", scenario == "fanout" ? 1 : 10));
    shape.subs = static_cast<size_t>(options_.Number("subs", scenario == "fanin" ? 1 : 10));
    const std::string run = std::to_string(getpid());
    const int filters = options_.Number("filters", 0);
    if (filters > 0) {
      const size_t holder = AddClient("load-" + run + "-filters");
      for (int i = 0; i < filters; ++i) {
        Subscribe(holder, "other/" + std::to_string(i) + "/+/leaf");
      }
    }
    for (size_t s = 0; s < shape.subs; ++s) {
      const size_t index = AddClient("load-" + run + "-s" + std::to_string(s));
      subscribers_.push_back(index);
      if (scenario == "p2p" || scenario == "pairs") Subscribe(index, "load/" + std::to_string(s));
      if (scenario == "fanout") Subscribe(index, "load/0");
      if (scenario == "fanin") Subscribe(index, "load/+");
      if (scenario == "shared") Subscribe(index, "$share/g/load/+");
    }
    for (size_t p = 0; p < shape.pubs; ++p) {
      const size_t index = AddClient("load-" + run + "-p" + std::to_string(p));
      MakePublisher(index, "load/" + std::to_string(p));
    }
    if (scenario == "fanout") shape.per_publish = static_cast<double>(shape.subs);
    return shape;
  }

  // Of publisher p: how many of its messages have reached everybody. Exact for pairs, an even
  // share where several publishers feed the same subscribers.
  uint64_t Arrived(const std::string& scenario, const Shape& shape, size_t p) const {
    if (scenario == "p2p" || scenario == "pairs") return clients_[subscribers_[p]].received;
    if (scenario == "fanout") {
      uint64_t least = UINT64_MAX;
      for (const size_t s : subscribers_) least = std::min(least, clients_[s].received);
      return least;
    }
    return received_ / shape.pubs > clients_[publishers_[p]].published
               ? clients_[publishers_[p]].published
               : received_ / shape.pubs;
  }

  // Per publisher, so that neither 20,000 messages nor 8 MiB wait for any one subscriber.
  uint64_t WindowOf(const std::string& scenario, const Shape& shape) const {
    if (scenario == "pairs") return 1;
    uint64_t window = std::min<uint64_t>(window_, (8 << 20) / (payload_ + 64));
    if (scenario == "fanout") window = std::min<uint64_t>(window, 200'000 / shape.subs);
    if (scenario == "fanin" || scenario == "shared") window = std::min(window, 20'000 / shape.pubs);
    return std::max<uint64_t>(window, 4);
  }

  int Stream(const std::string& scenario) {
    const Shape shape = Connect(scenario);
    Watch();
    const uint64_t window = WindowOf(scenario, shape);
    const double warm_until = Now() + std::min(0.5, seconds_ / 4);
    double begin = 0;
    double cpu_begin = 0;
    double own_begin = 0;
    uint64_t received_begin = 0;
    double end = warm_until + seconds_;
    while (Now() < end) {
      for (size_t p = 0; p < publishers_.size(); ++p) {
        Produce(publishers_[p], window, Arrived(scenario, shape, p));
      }
      Poll(1);
      if (begin == 0 && Now() >= warm_until) {
        begin = Now();
        cpu_begin = pid_ != 0 ? CpuSeconds(pid_) : 0;
        own_begin = CpuSeconds(getpid());
        received_begin = received_;
      }
    }
    const double elapsed = Now() - begin;
    const double cpu = pid_ != 0 ? CpuSeconds(pid_) - cpu_begin : 0;
    const double own = CpuSeconds(getpid()) - own_begin;
    const uint64_t received = received_ - received_begin;
    const auto expected =
        static_cast<uint64_t>(static_cast<double>(published_) * shape.per_publish);
    const double drain_until = Now() + 5;
    while (received_ < expected && Now() < drain_until) Poll(10);
    Report(scenario, received, elapsed, cpu, own, expected - std::min(expected, received_));
    return 0;
  }

  void Report(const std::string& scenario, uint64_t messages, double elapsed, double cpu,
              double own, uint64_t lost) {
    const double millions = static_cast<double>(messages) / 1e6;
    std::printf(
        "{\"scenario\":\"%s\",\"qos\":%d,\"payload\":%zu,\"messages\":%llu,\"seconds\":%.3f,"
        "\"rate_m\":%.4f,\"cpu_s_per_m\":%.4f,\"generator_cpu_s_per_m\":%.4f,\"broker_cpu\":%.3f,"
        "\"lost\":%llu}\n",
        scenario.c_str(), qos_, payload_, static_cast<unsigned long long>(messages), elapsed,
        millions / elapsed, millions > 0 ? cpu / millions : 0, millions > 0 ? own / millions : 0,
        cpu / elapsed, static_cast<unsigned long long>(lost));
  }

  // ---- Counts.
  int Idle() {
    const int count = options_.Number("count", 18'000);
    const bool subscribe = options_.values.contains("subscribe");
    // One connection first: what the first of everything costs is not per connection.
    (void)AddClient("load-idle-warm-up-client");
    usleep(300'000);
    const uint64_t before = ResidentBytes(pid_);
    for (int i = 0; i < count; ++i) {
      char id[32];
      std::snprintf(id, sizeof(id), "idle-client-%08d", i);  // 20 bytes.
      const size_t index = AddClient(id);
      if (subscribe) Subscribe(index, "bench/idle/" + std::to_string(i));
    }
    usleep(1'500'000);
    const uint64_t after = ResidentBytes(pid_);
    std::printf(
        "{\"scenario\":\"idle\",\"subscribe\":%s,\"count\":%d,\"bytes_per_connection\":%.1f}\n",
        subscribe ? "true" : "false", count,
        (static_cast<double>(after) - static_cast<double>(before)) / count);
    return 0;
  }

  int ConnectStorm() {
    const int count = options_.Number("count", 18'000);
    const double cpu_begin = CpuSeconds(pid_);
    const double own_begin = CpuSeconds(getpid());
    const double begin = Now();
    for (int i = 0; i < count; ++i) (void)AddClient("storm-client-" + std::to_string(i));
    const double elapsed = Now() - begin;
    Report("connect", static_cast<uint64_t>(count), elapsed, CpuSeconds(pid_) - cpu_begin,
           CpuSeconds(getpid()) - own_begin, 0);
    return 0;
  }

  // Publishes `count` messages at QoS 1 from a client of its own, window 100.
  void Preload(int count, bool retain, const std::string& prefix) {
    const int fd = OpenClient("load-preload", true);
    for (int i = 0; i < count; ++i) {
      PublishTemplate made =
          PublishPacket(prefix + (retain ? std::to_string(i) : ""), payload_, 1, retain);
      made.frame[made.id_offset] = static_cast<char>((i % 60'000 + 1) >> 8);
      made.frame[made.id_offset + 1] = static_cast<char>(i % 60'000 + 1);
      SendAll(fd, made.frame);
      if (i >= 100) Await(fd, 4);
    }
    for (int i = 0; i < std::min(count, 100); ++i) Await(fd, 4);
    close(fd);
  }

  int Drain(const std::string& name, uint64_t count, double begin, double cpu_begin,
            double own_begin) {
    Watch();
    const double limit = Now() + 60;
    while (received_ < count && Now() < limit) Poll(10);
    const double elapsed = Now() - begin;
    Report(name, received_, elapsed, CpuSeconds(pid_) - cpu_begin, CpuSeconds(getpid()) - own_begin,
           count - std::min(count, received_));
    return 0;
  }

  int Retained() {
    const int count = options_.Number("count", 100'000);
    Preload(count, true, "retained/" + std::to_string(getpid()) + "/");
    const size_t index = AddClient("load-retained-sub");
    const double cpu_begin = CpuSeconds(pid_);
    const double own_begin = CpuSeconds(getpid());
    const double begin = Now();
    SendAll(clients_[index].fd,
            SubscribePacket(1, "retained/" + std::to_string(getpid()) + "/#", qos_));
    return Drain("retained", static_cast<uint64_t>(count), begin, cpu_begin, own_begin);
  }

  int Offline() {
    const int count = options_.Number("count", 60'000);
    qos_ = 1;
    const size_t first = AddClient("load-offline-sub", false);
    Subscribe(first, "offline/topic");
    SendAll(clients_[first].fd, std::string("\xe0\x00", 2));
    close(clients_[first].fd);
    clients_.clear();
    Preload(count, false, "offline/topic");
    const double cpu_begin = CpuSeconds(pid_);
    const double own_begin = CpuSeconds(getpid());
    const double begin = Now();
    Client client;
    client.fd = Dial();
    clients_.push_back(std::move(client));
    SendAll(clients_[0].fd, ConnectPacket("load-offline-sub", false));
    return Drain("offline", static_cast<uint64_t>(count), begin, cpu_begin, own_begin);
  }

  static constexpr uint64_t kInFlight = 100;

  const Options& options_;
  const int port_;
  const int pid_;
  int qos_;
  const size_t payload_;
  const double seconds_;
  const uint64_t window_;
  const int epoll_;
  std::vector<Client> clients_;
  std::vector<size_t> publishers_;
  std::vector<size_t> subscribers_;
  std::vector<uint8_t> buffer_;
  uint64_t published_ = 0;
  uint64_t received_ = 0;
};

}  // namespace
}  // namespace ringmq::load

int main(int argc, char** argv) {
  ringmq::load::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name.rfind("--", 0) != 0) {
      std::fprintf(stderr,
                   "mqtt-load: unexpected '%s'; example: mqtt-load --port 1883 --pid 42 "
                   "--scenario p2p --qos 1\n",
                   argv[i]);
      return 1;
    }
    const bool has_value = i + 1 < argc && std::strncmp(argv[i + 1], "--", 2) != 0;
    options.values[name.substr(2)] = has_value ? argv[++i] : "";
  }
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return ringmq::load::Load(options).Run();
}
