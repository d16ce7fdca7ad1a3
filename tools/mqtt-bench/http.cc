// SPDX-License-Identifier: Apache-2.0
#include "http.h"

#include <httplib.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "measure/text.h"

namespace ringmq::bench {
namespace {

using Clock = std::chrono::steady_clock;

// A page that is larger is none that anybody has made for this.
constexpr size_t kPageBytesMax = size_t{16} << 20;
constexpr int kRedirectsMax = 5;
constexpr size_t kServerThreads = 2;
// Of the version of the format that is written.
constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

struct Parts {
  std::string origin;  // "http://host:9090"
  std::string path;    // "/metrics?x=y"
};

Parts PartsOf(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t from = scheme == std::string::npos ? 0 : scheme + 3;
  const size_t path = url.find_first_of("/?", from);
  if (path == std::string::npos) return {url, "/"};
  const std::string rest = url.substr(path);
  return {url.substr(0, path), rest.front() == '/' ? rest : "/" + rest};
}

// The library's own words are the names of its constants.
std::string WhyOf(const httplib::Result& answer, bool is_late) {
  const httplib::Error error = answer.error();
  if (error == httplib::Error::Connection) return "nobody listens there";
  if (error == httplib::Error::ConnectionTimeout) return "no connection in time";
  if (error == httplib::Error::Read || is_late) return "silent, or no HTTP";
  if (error == httplib::Error::SSLConnection) return "no TLS";
  if (error == httplib::Error::SSLServerVerification) return "its certificate is not trusted";
  return httplib::to_string(error);
}

// Whether there is a host, and a port is one. The library takes what is none.
bool HasHost(std::string_view origin) {
  std::string_view rest = origin.substr(origin.find("://") + 3);
  const size_t bracket = rest.rfind(']');
  const size_t colon = rest.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return !rest.empty();
  const std::optional<uint16_t> port = measure::ParseNumber<uint16_t>(rest.substr(colon + 1));
  return colon > 0 && port.has_value() && *port > 0;
}

// What a header "Location" of `from` means.
std::string TargetOf(const std::string& from, const std::string& location) {
  if (location.find("://") != std::string::npos) return location;
  const auto [origin, path] = PartsOf(from);
  if (location.starts_with("//")) return origin.substr(0, origin.find("//")) + location;
  if (location.starts_with('/')) return origin + location;
  const std::string folder = path.substr(0, path.find('?'));
  return absl::StrCat(origin, folder.substr(0, folder.rfind('/') + 1), location);
}

// Ends what a client does at a time. The library's timeouts are for each read, and who sends a
// header a second would hold it for ever.
class Alarm {
 public:
  Alarm(httplib::Client& client, Clock::time_point deadline)
      : thread_([this, &client, deadline] { Run(client, deadline); }) {}
  ~Alarm() { Stop(); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // It will not go off any more. Says whether it has.
  bool Stop() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
    return has_rung_;
  }

 private:
  void Run(httplib::Client& client, Clock::time_point deadline) {
    constexpr std::chrono::milliseconds kAgain{50};  // One that has no socket yet hears nothing.
    std::unique_lock lock(mutex_);
    for (auto at = deadline; !changed_.wait_until(lock, at, [this] { return is_over_; });
         at = Clock::now() + kAgain) {
      has_rung_ = true;
      lock.unlock();
      client.stop();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;   // Guarded by the mutex, as
  bool has_rung_ = false;  // this.
  std::thread thread_;     // The last, for it begins at once.
};

struct Page {
  std::string body;
  std::string location;  // Of a redirect; empty: it is none.
};

absl::StatusOr<Page> Fetch(const std::string& url, Clock::time_point deadline) {
  const auto left =
      std::max(std::chrono::duration_cast<std::chrono::microseconds>(deadline - Clock::now()),
               std::chrono::microseconds{1'000});
  const auto [origin, path] = PartsOf(url);
  httplib::Client client(origin);
  client.set_connection_timeout(left);
  client.set_read_timeout(left);
  client.set_write_timeout(left);
  Page page;
  bool is_large = false;
  Alarm alarm(client, deadline);
  const httplib::Result answer = client.Get(path, [&](const char* bytes, size_t count) {
    is_large = page.body.size() + count > kPageBytesMax;
    if (!is_large) page.body.append(bytes, count);
    return !is_large;
  });
  const bool is_late = alarm.Stop();
  if (is_large) {
    return absl::UnavailableError(absl::StrCat("it is larger than ", kPageBytesMax >> 20, " MiB"));
  }
  // What is cut off looks as if it had ended, if nothing said how long it is.
  if (is_late && (answer || !page.body.empty())) {
    return absl::UnavailableError("not all of it came in time");
  }
  if (!answer)
    return absl::UnavailableError(absl::StrCat("no answer (", WhyOf(answer, is_late), ")"));
  if (answer->status / 100 == 3) page.location = answer->get_header_value("Location");
  if (page.location.empty() && answer->status != 200) {
    return absl::UnavailableError(absl::StrCat("it answered with status ", answer->status));
  }
  return page;
}

}  // namespace

class HttpPage::Server {
 public:
  explicit Server(std::function<std::string()> text) {
    http_.new_task_queue = [] { return new httplib::ThreadPool(kServerThreads); };
    http_.set_keep_alive_max_count(1);  // Or a client that stays would hold up the end.
    http_.set_keep_alive_timeout(1);
    http_.set_read_timeout(1);
    http_.set_write_timeout(1);
    // The library's choice, SO_REUSEPORT, would share a port with a program that has it already.
    http_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    http_.Get("/metrics",
              [text = std::move(text)](const httplib::Request&, httplib::Response& response) {
                response.set_content(text(), kContentType);
              });
  }
  ~Server() {
    if (!thread_.joinable()) return;
    // One that has not begun yet would not hear of it.
    while (!http_.is_running() && !has_ended_) std::this_thread::yield();
    http_.stop();
    thread_.join();
  }

  absl::StatusOr<uint16_t> Bind(const std::string& host, uint16_t port) {
    const int bound = port == 0                        ? http_.bind_to_any_port(host)
                      : http_.bind_to_port(host, port) ? port
                                                       : -1;
    if (bound > 0) return static_cast<uint16_t>(bound);
    return absl::UnavailableError(absl::StrCat("cannot listen on ", host, " port ", port,
                                               "; is it in use, or not an address of this host?"));
  }
  void Start() {
    if (thread_.joinable()) return;
    // Its threads inherit the mask: signals are for whoever leads the run.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] {
      http_.listen_after_bind();
      has_ended_ = true;
    });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

 private:
  httplib::Server http_;
  std::thread thread_;
  std::atomic<bool> has_ended_ = false;
};

HttpPage::HttpPage(std::function<std::string()> text)
    : server_(std::make_unique<Server>(std::move(text))) {}
HttpPage::~HttpPage() = default;
absl::StatusOr<uint16_t> HttpPage::Bind(const std::string& host, uint16_t port) {
  return server_->Bind(host, port);
}
void HttpPage::Start() { server_->Start(); }

absl::Status CheckHttpUrl(const std::string& url) {
  const std::string_view view = url;
  const bool has_scheme = view.starts_with("http://") || view.starts_with("https://");
  if (has_scheme && HasHost(PartsOf(url).origin)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("'", url, "' is no URL; for example http://127.0.0.1:9090/metrics"));
}

absl::StatusOr<std::string> HttpGet(const std::string& url, std::chrono::milliseconds patience) {
  const Clock::time_point deadline = Clock::now() + patience;
  std::string next = url;
  for (int redirects = 0; redirects <= kRedirectsMax; ++redirects) {
    absl::StatusOr<Page> page = Fetch(next, deadline);
    if (!page.ok()) return page.status();
    if (page->location.empty()) return std::move(page->body);
    next = TargetOf(next, page->location);
    if (!CheckHttpUrl(next).ok()) {
      return absl::UnavailableError(absl::StrCat("it redirects to '", next, "', which is no URL"));
    }
  }
  return absl::UnavailableError(
      absl::StrCat("it redirects more than ", kRedirectsMax, " times, the last time to ", next));
}

}  // namespace ringmq::bench
