// One thread of a run: its ring, its connections, its share of the schedule.
//
// A turn: send what is due, once round the ring, look at what came. The clock is read twice a turn,
// and every message of a turn has its time: a turn is as long as the answer to "how exact".
//
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/random.h"
#include "codec/packets.h"
#include "load/findings.h"
#include "load/others.h"
#include "load/peer.h"
#include "load/plan.h"
#include "load/shared.h"
#include "measure/schedule.h"
#include "reactor/ring.h"

namespace ringmq::load {

// Equal samples in a row, which are recorded as one: what arrives in a turn was often sent in one.
class Repeated {
 public:
  // Into `second` if there is one, and `measured` ones into `all`.
  void Record(int64_t ns, bool measured, measure::Histogram* second, measure::Histogram& all) {
    if (ns != ns_) {
      Flush(second, all);
      ns_ = ns;
    }
    ++times_;
    measured_ += measured ? 1 : 0;
  }
  void Flush(measure::Histogram* second, measure::Histogram& all) {
    if (times_ > 0 && second != nullptr) second->Record(ns_, times_);
    if (measured_ > 0) all.Record(ns_, measured_);
    times_ = measured_ = 0;
  }

 private:
  int64_t ns_ = 0;
  uint64_t times_ = 0;
  uint64_t measured_ = 0;
};

struct Churning;
struct Reconnecting;

// How a connection ends.
enum class Farewell : uint8_t {
  kDisconnect,  // As the standard wants it.
  kShut,        // The socket is shut.
  kReset,       // RST, and what was on its way is gone.
};

// What a retained message is replaced by.
enum class Stored : uint8_t { kMessage, kNothing };

// Those who are to connect one after the other, and how far that is.
struct Arrivals {
  std::vector<size_t> places;  // Of the peers.
  size_t next = 0;
  int64_t start_ns = 0;
  int64_t held_ns = 0;       // What was due until then had to wait for the broker.
  uint64_t done_before = 0;  // Had connected or failed to.
};

// Sleeping is good for so much; what is due sooner is waited for awake, or it would be late.
inline constexpr int64_t kSleepNsMin = 200'000;
// Connections of one thread that are being made at a time: more only wait in the listener's queue.
inline constexpr uint64_t kConnectingMax = 200;
// Of different sentences about errors the first few are kept.
inline constexpr size_t kErrorsMax = 5;

class Worker {
 public:
  // `plan` and `shared` outlive the worker.
  Worker(const Plan& plan, uint32_t part, Shared& shared);
  ~Worker();

  // On its own thread, until the phase is kLeave and everything is closed.
  void Run();
  // After Run().
  [[nodiscard]] const Findings& findings() const { return findings_; }
  // With the windows of the flows that each heard.
  [[nodiscard]] std::vector<Peer>& peers() { return peers_; }

 private:
  enum class OpKind : uint8_t { kConnect, kReceive, kSend, kCancel };

  void Begin(Peer& peer, int64_t due_ns);
  [[nodiscard]] int64_t ConnectTurn(int64_t now_ns);
  [[nodiscard]] int64_t ConnectSome(int64_t now_ns);
  void Turn();
  void OnCompletion(const reactor::Completion& completion, int64_t now_ns);
  void OnReceived(Peer& peer, const reactor::Completion& completion, int64_t now_ns);
  void OnSent(Peer& peer, int result, int64_t now_ns);
  [[nodiscard]] size_t ReadPackets(Peer& peer, std::span<const uint8_t> bytes, int64_t now_ns);
  void OnPacket(Peer& peer, uint8_t first, std::span<const uint8_t> body, int64_t now_ns);
  void OnConnack(Peer& peer, std::span<const uint8_t> body, int64_t now_ns);
  void OnSuback(Peer& peer, std::span<const uint8_t> body, int64_t now_ns);
  void OnPublish(Peer& peer, uint8_t first, std::span<const uint8_t> body, int64_t now_ns);
  [[nodiscard]] bool IsNoMessage(const Peer& peer, const codec::Publish& publish) const;
  void RecordTimes(const measure::Stamp& stamp, PhaseTally* phase, int64_t now_ns);
  [[nodiscard]] bool IsOnItsTopic(Peer& peer, const codec::Publish& publish,
                                  const measure::Stamp& stamp) const;
  void Check(Peer& peer, const codec::Publish& publish, int64_t now_ns);
  // worker_stamps.cc: where stamps are written, and read.
  void PutStamp(const measure::Stamp& stamp, std::span<uint8_t> payload,
                std::span<uint8_t> correlation) const;
  [[nodiscard]] std::vector<uint8_t> StampStored(const measure::Stamp& stamp,
                                                 std::span<uint8_t> payload) const;
  [[nodiscard]] std::optional<measure::StampStatus> ReadElsewhere(Peer& peer,
                                                                  const codec::Publish& publish,
                                                                  measure::Stamp& stamp,
                                                                  int64_t now_ns);
  [[nodiscard]] measure::StampStatus ReadNumber(const Peer& peer, const codec::Publish& publish,
                                                measure::Stamp& stamp) const;
  // Into rendered_; returns the size of the payload.
  [[nodiscard]] size_t Render(uint32_t publisher, uint64_t sequence, int64_t due_ns);
  [[nodiscard]] std::vector<uint8_t> PayloadOf(uint32_t publisher, uint64_t sequence,
                                               int64_t due_ns);
  void Reject(const Peer& peer, const codec::Publish& publish, uint64_t& count, int64_t now_ns);
  void CountOnly(const Peer& peer, const codec::Publish& publish, int64_t now_ns);
  [[nodiscard]] bool ReadAsBefore(const Peer& peer, uint8_t first, std::span<const uint8_t> body,
                                  codec::Publish& publish) const;
  void Answer(Peer& peer, const codec::Publish& publish);
  void AnswerWaiting(Peer& peer);
  void OnAnswerAck(Peer& peer, uint16_t id);
  [[nodiscard]] std::optional<measure::FlowVerdict> Observe(Peer& peer,
                                                            const codec::Publish& publish,
                                                            const measure::Stamp& stamp,
                                                            PhaseTally* phase);
  [[nodiscard]] PhaseTally* FindPhase(int64_t due_ns);
  void OnOthers(const Peer& peer, const codec::Publish& publish, int64_t now_ns);
  void CountMissing(Peer& peer, measure::FlowVerdict verdict, uint64_t next,
                    const measure::Stamp& stamp);
  void NoteUnderWay(Peer& peer, int64_t count);
  void OnAnswer(Peer& peer, const codec::Publish& publish, const measure::Stamp& stamp,
                measure::FlowVerdict verdict);
  void OnAck(Peer& peer, uint8_t type, std::span<const uint8_t> body, int64_t now_ns);
  void StartLayers(Peer& peer);
  [[nodiscard]] std::span<const uint8_t> Unwrap(Peer& peer, std::span<const uint8_t> bytes,
                                                int64_t now_ns);
  void TimeLayers(Peer& peer, int64_t now_ns);
  void Wrap(Peer& peer);
  void Read(Peer& peer, std::span<const uint8_t> bytes, int64_t now_ns);
  [[nodiscard]] std::span<const uint8_t> Complete(Peer& peer, std::span<const uint8_t> bytes,
                                                  int64_t now_ns);
  void SendGoodbye(Peer& peer);
  void SendPings(int64_t now_ns);
  void Greet(Peer& peer);
  void SendSubscribe(Peer& peer);
  void BecomeReady(Peer& peer, int64_t now_ns);
  // Connections that come and go. Each returns when it has something to do again.
  [[nodiscard]] int64_t ChurnTurn(Phase phase, int64_t now_ns);
  [[nodiscard]] int64_t ChurnDue(int64_t now_ns);
  void PrepareChurn();
  void NoteArrival(int64_t now_ns);
  void LetSomeLeave();
  void CountUnmet();
  // Connections that are made again.
  [[nodiscard]] bool ComesBack(const Peer& peer) const;
  [[nodiscard]] bool IsAway(const Peer& peer) const;
  void End(Peer& peer, std::string why);
  void NoteEnd(Peer& peer, const std::string& why);
  void PlanReturn(Peer& peer);
  void GiveUp(Peer& peer);
  [[nodiscard]] int64_t ReconnectTurn(int64_t now_ns);
  void OnSubscribedAgain(Peer& peer);
  void OnReturned(Peer& peer);
  void SendAgain(Peer& peer);
  void Nudge();
  // Sessions that outlive their connections.
  [[nodiscard]] bool HasSession(const Peer& peer) const;
  void OnSession(Peer& peer, bool is_present);
  void Resend(Peer& peer);
  void ResendAnswers(Peer& peer);
  void ForgetUnacked(Peer& peer);
  [[nodiscard]] bool CameBefore(const Peer& peer, const codec::Publish& publish);
  void OnPubrel(const Peer& peer, uint16_t id);
  void NoteReleased(Peer& peer, uint16_t id);
  [[nodiscard]] bool IsPermittedTwice(const Peer& peer, const codec::Publish& publish,
                                      const measure::Stamp& stamp) const;
  void PrepareForgetting();
  void CountAway();
  // The steps of other scripts. Returns when it has something to do again.
  [[nodiscard]] int64_t StageTurn(Phase phase, int64_t now_ns);
  [[nodiscard]] Span& SpanOf(Phase phase);
  void GoAway();
  void PrepareReturn(int64_t now_ns);
  [[nodiscard]] bool HasReturned() const;
  [[nodiscard]] bool FillTurn(int64_t now_ns, int64_t& wake_ns);
  [[nodiscard]] bool ClearTurn(bool is_new, int64_t now_ns);
  [[nodiscard]] bool ForgetSome(bool is_new, int64_t now_ns);
  [[nodiscard]] bool StoreSome(Stored what, int64_t now_ns);
  void Store(Peer& peer, uint64_t number, Stored what, int64_t now_ns);
  void OnKept(Peer& peer, const codec::Publish& publish, const measure::Stamp& stamp,
              int64_t now_ns);
  void OnResumed(Peer& peer, bool session_present, int64_t now_ns);
  void SumUpKept();
  void AddWill(const Peer& peer, std::string& topic, std::vector<uint8_t>& payload,
               codec::Connect& connect);
  [[nodiscard]] bool CutTurn(bool is_new, int64_t now_ns, int64_t& wake_ns);
  void PrepareCuts();
  void NoteCut(const Peer& peer);
  void OnWill(uint32_t client, int64_t now_ns);
  [[nodiscard]] uint64_t DoneConnecting() const;
  [[nodiscard]] int64_t BusyNs() const;
  void OnCame(Peer& peer, int64_t due_ns, int64_t now_ns);
  void OnGone(Peer& peer);
  void ForgetSteps();
  void Renew(Peer& peer);
  void Close(Peer& peer);
  void SendDue(int64_t now_ns);
  void NoteOffered(int64_t due_ns, uint64_t count);
  void NoteHeldUp(int64_t now_ns);
  void CountUnsent(int64_t now_ns);
  void SendFreely(int64_t now_ns);
  [[nodiscard]] uint64_t RoomOf(const Peer& peer) const;
  void Publish(Peer& peer, int64_t due_ns, uint64_t count, bool waited);
  void AppendMessages(Peer& peer, const Publishing::Unwritten& messages);
  void AppendMessage(Peer& peer, uint64_t sequence, int64_t due_ns, uint16_t id,
                     size_t payload_bytes);
  [[nodiscard]] std::span<uint8_t> AppendFrame(const Publishing::Frame& frame, size_t payload_bytes,
                                               std::vector<uint8_t>& out) const;
  // A packet in the output: what it was copied from, and what the frame's offsets count in.
  struct Appended {
    const Publishing::Frame& frame;
    std::span<uint8_t> body;
  };
  [[nodiscard]] Appended AppendToOneOfMany(Peer& peer, uint64_t sequence, size_t payload_bytes);
  [[nodiscard]] std::span<uint8_t> AppendNamed(const Publishing::Frame& frame, size_t payload_bytes,
                                               std::vector<uint8_t>& out) const;
  void PrepareTopic(Peer& peer);
  enum class Naming : uint8_t { kTopic, kTopicAndAlias, kAlias };
  [[nodiscard]] Publishing::Frame MakeFrame(const Peer& peer, Naming naming) const;
  void NoteWritten(Peer& peer, size_t bytes, int64_t now_ns);
  void NoteSent(const Publishing::Unwritten& row, uint32_t count, int64_t now_ns);
  void NoteExpected(const Peer& peer, int64_t due_ns, uint64_t count);
  void NoteSentInPhase(const Publishing::Unwritten& row, uint32_t count, int64_t lag_ns);
  void NoteAckedInPhase(const Publishing::Unacked& unacked, int64_t now_ns);
  void RecordRows();
  void PrepareFrame(Peer& peer);
  [[nodiscard]] std::vector<uint8_t> PropertiesOf(const Peer& peer) const;
  void StayOnCpu() const;
  uint16_t TakePacketId(Publishing& publishing, uint64_t sequence, int64_t due_ns, bool measured);
  [[nodiscard]] size_t NextPayloadBytes();
  void PrepareSchedule();
  void FlushAll();
  void KeepSecond(int64_t now_ns);
  void ShowTally(int64_t now_ns);
  void KeepBusyTime(Phase phase);
  void WatchPresence(Phase phase, int64_t now_ns);
  void SweepConnecting(Phase phase, int64_t now_ns);
  [[nodiscard]] std::string StepOf(const Peer& peer) const;
  void LeaveAll(int64_t now_ns);
  void HurryUp();
  void ForgetGone();
  void TakeBack(Peer& peer);
  void NoteHandedOver(Peer& peer, int64_t now_ns);
  void Leave(Peer& peer, Farewell farewell);
  void Fail(Peer& peer, std::string why);
  void Complain(const std::string& why);
  // What a packet said no with. Returns the sentence for Fail().
  std::string Refusal(const std::string& packet, ReasonCode reason);
  // The same for End().
  std::string RefusalOf(const Peer& peer, const std::string& packet, ReasonCode reason);
  [[nodiscard]] bool has_publishers() const { return !publishers_.empty() || publishers_away_ > 0; }
  [[nodiscard]] bool measures(int64_t due_ns) const {
    const int64_t start_ns = shared_.clockwork.measure_start_ns.load(std::memory_order_relaxed);
    return start_ns > 0 && due_ns >= start_ns &&
           due_ns < shared_.clockwork.measure_end_ns.load(std::memory_order_relaxed);
  }
  // Of a measured message, by when it was due as its stamp says; null: nobody asks for phases.
  [[nodiscard]] PhaseTally* PhaseOf(int64_t due_ns) {
    if (findings_.phases.empty()) return nullptr;
    const bool is_as_before = due_ns >= phase_begin_ns_ && due_ns < phase_end_ns_;
    return is_as_before ? &findings_.phases[phase_] : FindPhase(due_ns);
  }
  [[nodiscard]] static uint64_t Token(size_t index, OpKind kind) {
    return uint64_t{index} << 2 | static_cast<uint64_t>(kind);
  }
  // Of a payload that is about to be sent.
  [[nodiscard]] uint64_t SumOfRest(std::span<const uint8_t> payload) const {
    const std::span<const uint8_t> rest = payload.subspan(plan_.StampedBytes());
    return known_rest_.Knows(rest.size()) ? known_rest_.SumOfFront(rest.size())
                                          : measure::SumOf(rest);
  }
  [[nodiscard]] size_t IndexOf(const Peer& peer) const {
    return static_cast<size_t>(&peer - peers_.data());
  }
  // Over the whole run.
  [[nodiscard]] uint64_t NumberOf(const Peer& peer) const {
    return IndexOf(peer) * plan_.threads + part_;
  }
  [[nodiscard]] const Target& TargetOf(const Peer& peer) const {
    return plan_.targets[NumberOf(peer) % plan_.targets.size()];
  }
  [[nodiscard]] const TopicPattern& PatternOf(const Peer& peer) const {
    return patterns_[static_cast<size_t>(peer.role - plan_.roles.data())];
  }
  [[nodiscard]] static uint32_t PublisherOf(const Peer& peer) {
    return peer.role->publisher + peer.number;
  }

  const Plan& plan_;
  const uint32_t part_;
  Shared& shared_;
  Progress& progress_;
  std::unique_ptr<reactor::Ring> ring_;
  std::vector<Peer> peers_;         // Never moves: operations point into it.
  std::vector<size_t> publishers_;  // Those of peers_ that are ready and publish.
  uint64_t publishers_away_ = 0;    // Those that will be there again.
  size_t next_publisher_ = 0;
  Arrivals arrivals_;
  Arrivals cuts_;              // Only its places and next.
  uint64_t watchers_ = 0;      // Who are to hear of them.
  uint64_t complete_ = 0;      // Of those who returned: have got all that was kept.
  int64_t stage_busy_ns_ = 0;  // BusyNs() when the present step began.
  std::vector<uint8_t> stored_payload_;
  // What is behind the stamp of the longest payload that this run sends: shorter ones are its
  // front.
  const measure::KnownRest known_rest_;
  std::vector<uint8_t> rendered_;  // Of the message that is being written; has a template's memory.
  const bool times_responses_;     // There is a schedule, and stamps tell it.
  std::vector<TopicPattern> patterns_;  // By role.
  std::string topic_;                   // Of the message that is being written.
  std::vector<int64_t> step_start_ns_;  // By peer: when the present step of connecting began,
  std::vector<int64_t> due_ns_;         // and when the connection was due.
  Others others_;
  std::unique_ptr<Churning> churning_;          // Null: nobody of ours comes and goes.
  std::unique_ptr<Reconnecting> reconnecting_;  // Null: nobody connects again.
  uint32_t nudges_ = 0;                         // Clockwork's, with returns, as Nudge() saw them.
  Phase last_phase_ = Phase::kConnect;
  std::unique_ptr<measure::Schedule> schedule_;
  // What of it is counted as offered without having been sent; null: nothing ever was.
  std::unique_ptr<measure::Schedule> ahead_;
  uint64_t budget_ = UINT64_MAX;    // Messages that it may still send.
  bool is_prepared_ = false;        // Schedule and budget are.
  int64_t held_up_ns_ = 0;          // What was due until then had to wait for the window or socket,
  bool held_up_by_socket_ = false;  // and for which of the two.
  enum class Load : uint8_t { kNotYet, kUnderWay, kOver } load_ = Load::kNotYet;
  base::Random random_;
  std::vector<reactor::Op> ops_;
  std::vector<reactor::Completion> completions_;
  transport::ByteVector risen_;  // Unwrap()'s own.
  size_t next_ping_ = 0;         // In peers_.
  int64_t pings_ns_ = 0;         // Until then all who were due have been pinged; 0: not begun.
  std::vector<size_t> dirty_;    // Peers with output that is not being sent.
  int64_t on_their_way_ = 0;     // More than Shared's; added to it once a turn.
  std::vector<std::vector<uint8_t>> spares_;  // Empty, with memory for packets that are not whole.
  bool leaving_ = false;
  int64_t hurry_ns_ = INT64_MAX;  // When whoever has not left by then is cut.
  size_t next_swept_ = 0;         // In peers_, of those that are connecting for too long.
  int64_t swept_ns_ = 0;          // Until then all who were due have been looked at; 0: not begun.
  bool has_gone_ = false;         // One of publishers_ is, for good.
  Presence presence_;
  int64_t woken_ns_ = 0;       // The present turn was to begin by then.
  int64_t idle_since_ns_ = 0;  // The last turn only waited awake, from then on; 0: it did not.
  uint64_t open_ = 0;
  LiveSecond second_;          // Of the series, under way;
  int64_t second_index_ = -1;  // -1: no load, yet or any more.
  Repeated response_row_;      // Not recorded yet, until the end of the turn.
  Repeated service_row_;
  Repeated ack_row_;
  size_t phase_ = 0;  // The one that PhaseOf() found last, and its ends.
  int64_t phase_begin_ns_ = 0;
  int64_t phase_end_ns_ = 0;
  Findings findings_;
};

}  // namespace ringmq::load
