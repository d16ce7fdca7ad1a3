// Goal: systemd hears what sd_notify(3) promises. Method: a datagram socket of our own stands
// in for systemd's.
//
// SPDX-License-Identifier: Apache-2.0
#include "broker/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace ringmq::broker {
namespace {

class Notify : public ::testing::Test {
 protected:
  void SetUp() override {
    // In the abstract name space: no file to clean up.
    name_ = "ringmq_notify_test_" + std::to_string(::getpid());
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data(), name_.size());
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_GE(fd_, 0);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    ASSERT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    ::setenv("NOTIFY_SOCKET", ("@" + name_).c_str(), 1);
  }
  void TearDown() override {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
    ::close(fd_);
  }

  std::string Receive() {
    char text[1024];
    const ssize_t size = ::recv(fd_, text, sizeof(text), MSG_DONTWAIT);
    return size < 0 ? "nothing" : std::string(text, static_cast<size_t>(size));
  }

  std::string name_;
  int fd_ = -1;
};

TEST_F(Notify, TellsEachState) {
  NotifyReady();
  EXPECT_EQ(Receive(), "READY=1");
  NotifyWatchdog();
  EXPECT_EQ(Receive(), "WATCHDOG=1");
  NotifyReloading(Instant{1'234'567'891});
  EXPECT_EQ(Receive(), "RELOADING=1\nMONOTONIC_USEC=1234567");
  NotifyStopping();
  EXPECT_EQ(Receive(), "STOPPING=1");
}

TEST_F(Notify, StatusCannotSmuggleAnAssignment) {
  NotifyStatus("serving\nSTOPPING=1");
  EXPECT_EQ(Receive(), "STATUS=serving STOPPING=1");
}

TEST_F(Notify, WithoutSystemdNothingHappens) {
  ::unsetenv("NOTIFY_SOCKET");
  NotifyReady();
  EXPECT_EQ(Receive(), "nothing");
  EXPECT_EQ(WatchdogInterval(), std::nullopt);
}

TEST_F(Notify, WatchdogIntervalComesFromTheEnvironment) {
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  EXPECT_EQ(WatchdogInterval(), 30 * kSecond);
}

}  // namespace
}  // namespace ringmq::broker
