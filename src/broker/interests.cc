// SPDX-License-Identifier: Apache-2.0
#include "broker/interests.h"

#include <memory>
#include <string>
#include <utility>

namespace ringmq::broker {

void Interests::Announce(const routing::InterestChange& change, uint64_t job) {
  for (CoreId to = 0; to < core_.options.count; ++to) {
    if (to == core_.options.index) continue;
    core_.outbox.Send(
        to, InterestUpdate{.name = std::make_unique<FilterName>(FilterName{
                               std::string(change.share_name), std::string(change.filter)}),
                           .member_count = change.member_count,
                           .job = job});
  }
}

void Interests::OnUpdate(CoreId from, InterestUpdate update) {
  core_.router.ApplyInterest(from, {.share_name = update.name->share_name,
                                    .filter = update.name->filter,
                                    .member_count = update.member_count});
  if (update.job == 0) return;
  // Behind everything published so far, to whichever core: retained messages among it may be on
  // their way to a third core, which the asker will query next.
  core_.outbox.SendBehindAll(from, InterestAck{.job = update.job});
}

}  // namespace ringmq::broker
