// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace ringmq::bench {
namespace {

using ::testing::HasSubstr;

// Answers whoever comes with `head`, and then with `rest` until nobody reads it any more.
class Endless {
 public:
  Endless(std::string head, std::string rest) : head_(std::move(head)), rest_(std::move(rest)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(fd_, reinterpret_cast<sockaddr*>(&address), size);
    listen(fd_, 1);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/metrics";
    thread_ = std::thread([this] { AnswerOne(); });
  }
  ~Endless() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  void AnswerOne() {
    const int peer = accept(fd_, nullptr, nullptr);
    const std::string* text = &head_;
    while (send(peer, text->data(), text->size(), MSG_NOSIGNAL) > 0) text = &rest_;
    close(peer);
  }

  const int fd_ = socket(AF_INET, SOCK_STREAM, 0);
  const std::string head_;
  const std::string rest_;
  std::string url_;
  std::thread thread_;
};

constexpr const char* kHead = "HTTP/1.1 200 OK\r\n";
constexpr std::chrono::milliseconds kSoon{50};
constexpr std::chrono::hours kLong{1};

TEST(HttpGet, EndsThoughThePageDoesNot) {
  // Each line of a header is one read, and comes in time.
  Endless header(kHead, "a: b\r\n");
  EXPECT_THAT(HttpGet(header.url(), kSoon).status().message(), HasSubstr("no answer (silent"));
  Endless body(kHead + std::string("\r\n"), std::string(1, 'x'));
  EXPECT_THAT(HttpGet(body.url(), kSoon).status().message(), HasSubstr("not all of it came"));
  Endless large(kHead + std::string("\r\n"), std::string(64 << 10, 'x'));
  EXPECT_THAT(HttpGet(large.url(), kLong).status().message(), HasSubstr("larger than 16 MiB"));
}

}  // namespace
}  // namespace ringmq::bench
