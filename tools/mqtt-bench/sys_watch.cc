// SPDX-License-Identifier: Apache-2.0
#include "sys_watch.h"

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "reactor/clock.h"
#include "ringmq/client.h"
#include "sys_log.h"

namespace ringmq::bench {
namespace {

using std::chrono::milliseconds;

constexpr const char* kFilter = "$SYS/#";
constexpr milliseconds kPatience{120};
constexpr int64_t kFirstLookNs = 2'000'000'000;

int64_t NowNs() { return reactor::MonotonicNow().ns; }

// As that of the first client.
std::string OfFirst(const std::string& text) { return absl::StrReplaceAll(text, {{"{i}", "0"}}); }

Expected<Options> OptionsOf(const Settings& settings) {
  Expected<Options> made = Options::FromUrl(settings.urls.front());
  if (!made.ok()) return made;
  Options& options = *made;
  options.version = static_cast<ProtocolVersion>(settings.version);
  options.client_id = absl::StrCat("bench-sys-", getpid());
  options.io = IoEngine::kEpoll;  // For it may be forked.
  options.has_username = options.has_username || !settings.user.empty();
  if (!settings.user.empty()) options.username = OfFirst(settings.user);
  options.has_password = options.has_password || !settings.password.empty();
  if (!settings.password.empty()) options.password = OfFirst(settings.password);
  options.tls.verify = !settings.insecure;
  options.tls.ca_file = settings.ca_file;
  options.tls.certificate_file = OfFirst(settings.certificate_file);
  options.tls.key_file = OfFirst(settings.key_file);
  options.tls.keylog_file = settings.keylog_file;
  options.tls.psk_identity = settings.psk_identity;
  options.tls.psk_hex_key = settings.psk_hex_key;
  if (settings.proxy_protocol == 0) return made;
  const bool is_v6 = settings.proxy_source.find(':') != std::string::npos;
  options.proxy_protocol.version =
      settings.proxy_protocol == 1 ? ProxyProtocol::kV1 : ProxyProtocol::kV2;
  options.proxy_protocol.source = is_v6 ? absl::StrCat("[", settings.proxy_source, "]:50000")
                                        : absl::StrCat(settings.proxy_source, ":50000");
  return made;
}

class SysWatch : public Onlooker {
 public:
  SysWatch(ClientPair pair, const std::string& pattern)
      : client_(std::move(pair.first)), loop_(std::move(pair.second)), log_(pattern) {
    client_.Subscribe(kFilter);
  }
  ~SysWatch() override { Stop(); }

  void LookFirst() override {
    const int64_t until_ns = NowNs() + kFirstLookNs;
    while (NowNs() < until_ns && !log_.has_looked() && problem_.empty()) Listen();
    loop_.RebindThread();
  }

  void OnStart() override { began_ns_ = NowNs(); }

  void OnTick(const load::Tick&) override {
    if (thread_.joinable()) return;
    loop_.RebindThread();
    thread_ = std::thread([this] {
      while (!ends_.load(std::memory_order_relaxed)) Listen();
    });
  }

  void LookLast() override {
    Stop();
    ended_ns_ = NowNs();
  }

  void OnResult(report::Result& result) override {
    loop_.RebindThread();
    if (!problem_.empty()) result.notes.push_back(absl::StrCat("--sys: ", problem_, "."));
    log_.Conclude({.from_ns = began_ns_, .to_ns = ended_ns_}, result);
  }

 private:
  // Until something comes, or for so long.
  void Listen() {
    if (has_ended_) {
      std::this_thread::sleep_for(kPatience);
      return;
    }
    const auto batch = loop_.Poll(kPatience);
    if (!batch.ok()) {
      problem_ = Describe(batch.error());
      has_ended_ = true;
      return;
    }
    for (const Event& event : *batch) {
      if (const auto* const message = event.get<Message>()) {
        log_.Hear({.topic = message->topic(),
                   .payload = message->payload(),
                   .is_kept = message->retain(),
                   .at_ns = NowNs()});
      }
      if (const auto* const lost = event.get<Disconnected>()) problem_ = Describe(lost->cause);
      if (const auto* const done = event.get<SubscribeDone>()) Check(*done);
    }
    if (batch->empty()) log_.OnSilence(NowNs());
  }

  void Check(const SubscribeDone& done) {
    for (const ReasonCode reason : done.reasons) {
      if (static_cast<uint8_t>(reason) >= 0x80) {
        problem_ = absl::StrCat("the broker refuses ", kFilter, " (",
                                report::ReasonName(static_cast<uint8_t>(reason)), ")");
      }
    }
  }

  void Stop() {
    if (!thread_.joinable()) return;
    ends_.store(true, std::memory_order_relaxed);
    thread_.join();
  }

  int64_t began_ns_ = 0;
  int64_t ended_ns_ = 0;
  Client client_;
  EventLoop loop_;
  std::thread thread_;
  std::atomic<bool> ends_ = false;
  // Of the thread that listens: the director's before the other begins and after it has ended.
  SysLog log_;
  bool has_ended_ = false;
  std::string problem_;  // The last one.
};

}  // namespace

absl::StatusOr<std::unique_ptr<Onlooker>> MakeSysWatch(const Settings& settings) {
  Expected<Options> options = OptionsOf(settings);
  const auto bad = [](const Error& error) {
    return absl::InvalidArgumentError(absl::StrCat("--sys: ", Describe(error)));
  };
  if (!options.ok()) return bad(options.error());
  auto pair = MakeClient(*std::move(options));
  if (!pair.ok()) return bad(pair.error());
  return std::make_unique<SysWatch>(*std::move(pair), settings.scrape_only);
}

}  // namespace ringmq::bench
