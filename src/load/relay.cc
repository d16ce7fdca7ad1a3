// SPDX-License-Identifier: Apache-2.0
#include "load/relay.h"

#include <utility>

#include "load/text_archive.h"

namespace ringmq::load {
namespace {

constexpr measure::Histogram Tally::*kHistograms[] = {&Tally::response, &Tally::service,
                                                      &Tally::lag, &Tally::own_lag, &Tally::ack};

template <typename Each, typename Second_>
void VisitSecond(Each& each, Second_& second) {
  each(second.response);
  each(second.lag);
  for (const auto count : {&LiveSecond::offered, &LiveSecond::sent, &LiveSecond::acked,
                           &LiveSecond::received, &LiveSecond::errors}) {
    each(second.*count);
  }
}

}  // namespace

std::string SecondToText(int64_t index, const LiveSecond& second) {
  TextWriter writer;
  writer(index);
  VisitSecond(writer, second);
  return writer.Take();
}

bool AddSecond(std::string_view text, Series& series) {
  TextReader reader(text);
  int64_t index = 0;
  LiveSecond second;
  reader(index);
  VisitSecond(reader, second);
  if (!reader.IsWhole()) return false;
  series.Add(index, second);
  return true;
}

std::string PostingSender::News(const Board& board) {
  // Copied first, so that no thread waits while it is written.
  std::vector<std::pair<uint32_t, Posting>> fresh;
  board.ForEach([&](uint32_t part, const Posting& posting) {
    if (posting.at_ns != said_[part].at_ns) fresh.emplace_back(part, posting);
  });
  TextWriter writer;
  for (auto& [part, posting] : fresh) {
    Tally news = posting.tally;
    for (const auto histogram : kHistograms) {
      news.*histogram = (posting.tally.*histogram).Since(said_[part].tally.*histogram);
    }
    writer(part);
    writer(posting.at_ns);
    VisitTally(writer, news);
    said_[part] = std::move(posting);
  }
  return writer.Take();
}

bool PostingReceiver::Take(std::string_view text, Board& board) {
  TextReader reader(text);
  while (!reader.IsWhole()) {
    uint32_t part = 0;
    int64_t at_ns = 0;
    Tally news;
    reader(part);
    reader(at_ns);
    VisitTally(reader, news);
    if (!reader.is_sound() || part >= heard_.size()) return false;
    Tally& all = heard_[part];
    for (const auto histogram : kHistograms) {
      (all.*histogram).Merge(news.*histogram);
      news.*histogram = std::move(all.*histogram);
    }
    all = std::move(news);
    board.Post(part, all, at_ns);
  }
  return true;
}

}  // namespace ringmq::load
