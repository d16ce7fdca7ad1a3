// Acknowledges each message only when a worker thread is done with it. What is not acknowledged
// counts against our Receive Maximum, so the server does not send more than we can do.
//
//   manual_acks mqtt://localhost jobs 10
//
// SPDX-License-Identifier: Apache-2.0
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "ringmq/client.h"

struct Job {
  ringmq::OwnedMessage message;
  ringmq::Ack ack;
};

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: manual_acks URL FILTER COUNT\n"), 2;
  auto options = ringmq::Options::FromUrl(argv[1]);
  if (!options) return std::fprintf(stderr, "%s\n", Describe(options.error()).c_str()), 2;
  options->acks = ringmq::Acks::kManual;
  options->receive_maximum = 4;
  auto made = ringmq::MakeClient(std::move(*options));
  if (!made) return std::fprintf(stderr, "%s\n", Describe(made.error()).c_str()), 2;
  auto& [client, loop] = *made;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;
  const int count = std::atoi(argv[3]);
  std::thread worker([&, handle = client] {
    for (int done = 0; done < count; ++done) {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return !jobs.empty(); });
      Job job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      std::printf("%s done\n", std::string(job.message.payload.view()).c_str());
      job.ack.Send();
    }
    handle.Disconnect();
  });
  client.Subscribe(argv[2], ringmq::Qos::kAtLeastOnce);
  while (auto batch = loop.Poll(std::chrono::seconds(1))) {
    for (ringmq::Event& event : *batch) {
      if (event.get<ringmq::SubscribeDone>() != nullptr) {
        std::puts("ready");
        std::fflush(stdout);
      }
      auto* message = event.get<ringmq::Message>();
      if (message == nullptr) continue;
      const std::lock_guard lock(mutex);
      jobs.push_back({message->Own(), message->TakeAck()});
      changed.notify_one();
    }
  }
  worker.join();
}
