// What a connection goes through: handshake, requests and their answers, the end.
#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "webhook/serving/connection_loop.h"
#include "webhook/serving/monotonic.h"

namespace muster::webhook {
namespace {

using Status = Transport::Status;
using State = RequestReader::State;

// Reads and writes of one connection before others have their turn.
constexpr int kTurn = 8;
// Those with a larger body go where they hold up nobody else.
constexpr size_t kLargeBody = 64 * 1024;
// Those with a body up to this may be answered at once.
constexpr size_t kTinyBody = 16 * 1024;
constexpr absl::Duration kDrainTime = absl::Seconds(2);
constexpr absl::Duration kRefusedTime = absl::Seconds(2);
constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";

HttpResponse Text(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace

void ConnectionLoop::Enter(Connection& c, Phase phase, absl::Duration patience) {
  c.phase = phase;
  c.since = now_;
  c.deadline = now_ + patience;
  c.moved = 0;
  next_sweep_ = std::min(next_sweep_, c.deadline);
  if (phase == Phase::kBody || phase == Phase::kSending) next_sweep_ = std::min(next_sweep_, now_ + absl::Seconds(1));
}

void ConnectionLoop::Queue(Connection& c) {
  if (c.queued || c.phase == Phase::kDead) return;
  c.queued = true;
  const bool bulk = (c.phase == Phase::kBody || c.phase == Phase::kSending) && c.moved > kLargeBody;
  (c.phase == Phase::kHandshake ? unknown_ : bulk ? bulk_ : known_).push_back(c.id);
}

void ConnectionLoop::Close(Connection& c) {
  if (c.phase == Phase::kDead) return;
  if (c.job != nullptr) c.job->cancelled = true;
  c.job.reset();
  Count(c.peer, &c.held, 0);
  std::string().swap(c.out);
  --c.peer->connections;
  peers_.Leave(c.peer);
  c.peer = nullptr;
  if (c.refuse) --refusals_;
  c.phase = Phase::kDead;
  dead_.push_back(c.id);  // others may still have it in hand
}

bool ConnectionLoop::Step(Connection& c) {
  switch (c.phase) {
    case Phase::kHandshake: {
      const Status status = c.io.Handshake().status;
      if (status == Status::kWantRead || status == Status::kWantWrite) return false;
      if (status != Status::kDone) {
        ++counts_.failed_handshakes;
        Close(c);
        return false;
      }
      Enter(c, Phase::kIdle, c.refuse ? kRefusedTime : options_.fresh_timeout);
      return StepRead(c);
    }
    case Phase::kIdle:
    case Phase::kHead:
    case Phase::kBody:
      return StepRead(c);
    case Phase::kSending:
      return StepSend(c);
    case Phase::kDraining:
      return StepDrain(c);
    case Phase::kAnswering:
    case Phase::kDead:
      return false;
  }
  return false;
}

bool ConnectionLoop::StepRead(Connection& c) {
  if (c.phase == Phase::kIdle && c.reader.has_more() && !Digest(c)) return false;  // it came with the one before
  for (int i = 0; i < kTurn; ++i) {
    const Transport::Result read = c.io.Read(buffer_.data(), buffer_.size());
    if (read.status == Status::kWantRead || read.status == Status::kWantWrite) return false;
    if (read.status != Status::kDone) {
      if (c.reader.begun()) ++counts_.malformed;
      Close(c);
      return false;
    }
    c.moved += read.bytes;
    c.reader.Push({buffer_.data(), read.bytes});
    if (!Digest(c)) return false;
  }
  return true;
}

// Reads on in what has arrived. False when the connection is not to be read from for now.
bool ConnectionLoop::Digest(Connection& c) {
  while (true) {
    const State before = c.reader.state();
    const State state = c.reader.Advance();
    if (c.phase == Phase::kIdle && (c.reader.begun() || state != State::kHead)) {
      c.fresh = false;
      c.begun = now_;
      Enter(c, Phase::kHead, options_.header_timeout);
    }
    switch (state) {
      case State::kHead:
        return Hold(c, c.reader.held());
      case State::kBody:
        if (before == State::kHead) {
          if (LookAtHead(c)) return false;
          Enter(c, Phase::kBody, options_.request_timeout);
          const absl::string_view go_on = kContinue;
          if (c.reader.awaits_continue() && !c.reader.has_more() && c.io.Write(go_on).bytes != go_on.size()) {
            Close(c);
            return false;
          }
          continue;
        }
        return Hold(c, c.reader.held());
      case State::kComplete:
      case State::kTooLarge:
        if (before == State::kHead && LookAtHead(c)) return false;
        Ask(c);
        return false;
      case State::kFailed:
        ++counts_.malformed;
        Respond(c, c.reader.failure(), /*keep=*/false);
        return false;
    }
  }
}

// Whether the head alone was enough for an answer.
bool ConnectionLoop::LookAtHead(Connection& c) {
  if (!options_.at_head || c.refuse) return false;
  const std::optional<HttpResponse> response = options_.at_head(c.reader.request());
  if (!response) return false;
  const bool all_read = c.reader.state() == State::kComplete;
  Respond(c, *response, all_read && c.reader.keep_alive(), c.reader.request().method != "HEAD");
  return true;
}

void ConnectionLoop::Ask(Connection& c) {
  const bool complete = c.reader.state() == State::kComplete;
  if (c.refuse || jobs_ >= static_cast<size_t>(options_.max_in_flight)) return Overloaded(c);
  auto job = std::make_shared<Job>();
  job->connection = c.id;
  job->keep_alive = complete && c.reader.keep_alive();
  job->request = c.reader.Take();
  job->request.remote = c.remote;
  job->head = job->request.method == "HEAD";
  job->submitted = now_;
  if (complete && AnswerAtOnce(c, *job)) return;
  job->cost = options_.cost ? options_.cost(job->request) : 0;
  if (job->cost > options_.max_cost) {
    std::string().swap(job->request.body);
    job->request.too_costly = true;
    job->cost = 0;
  }
  job->large = job->request.body.size() > kLargeBody;
  job->peer = peers_.Enter(c.peer->key);
  Count(c.peer, &c.held, c.reader.held());
  Count(job->peer, &job->held, job->request.body.capacity());
  ++jobs_;
  c.job = job;
  Enter(c, Phase::kAnswering, options_.answer_timeout);
  if (!parked_.empty() && job->large) {
    parked_.push_back(std::move(job));
  } else if (!Start(job)) {
    parked_.push_back(std::move(job));
  }
}

bool ConnectionLoop::AnswerAtOnce(Connection& c, const Job& job) {
  if (!options_.at_once || job.request.body.size() > kTinyBody || at_once_left_ <= absl::ZeroDuration()) return false;
  const absl::Time start = MonotonicNow();
  std::optional<HttpResponse> response;
  try {
    response = options_.at_once(job.request);
  } catch (const std::exception&) {  // the worker will say so
  }
  at_once_left_ -= MonotonicNow() - start;
  if (!response) return false;
  c.served |= response->status == 200;
  Respond(c, *response, job.keep_alive && !response->close, !job.head);
  return true;
}

void ConnectionLoop::Answered(const std::shared_ptr<Job>& job) {
  Release(*job);
  const auto it = connections_.find(job->connection);
  if (it == connections_.end() || it->second->job != job) return;
  Connection& c = *it->second;
  c.job.reset();
  c.served |= job->response.status == 200;
  const bool keep = job->keep_alive && !job->response.close;
  try {
    Respond(c, job->response, keep, !job->head);
  } catch (const std::bad_alloc&) {
    Close(c);
  }
}

void ConnectionLoop::Respond(Connection& c, const HttpResponse& response, bool keep, bool with_body) {
  c.last = !keep || soft_ || c.refuse;
  c.out = ToWire(response, !c.last, with_body);
  c.out_pos = 0;
  Enter(c, Phase::kSending, options_.send_timeout);
  Hold(c, c.out.capacity() + c.reader.held());
  if (c.phase == Phase::kSending && StepSend(c)) Queue(c);
}

void ConnectionLoop::Refuse(Connection& c, int status, const char* why) { Respond(c, Text(status, why), false); }

void ConnectionLoop::Overloaded(Connection& c) {
  ++counts_.overloaded;
  const HttpResponse response = Text(429, absl::StrCat("too many requests: limits are ", options_.max_connections,
                                                       " connections, ", options_.max_in_flight, " requests and ",
                                                       options_.max_held_bytes >> 20, " MiB at a time; try again\n"));
  Respond(c, response, c.reader.state() == State::kComplete && c.reader.keep_alive());
}

bool ConnectionLoop::StepSend(Connection& c) {
  for (int i = 0; i < kTurn; ++i) {
    const Transport::Result sent = c.io.Write(absl::string_view(c.out).substr(c.out_pos));
    if (sent.status == Status::kWantRead || sent.status == Status::kWantWrite) return false;
    if (sent.status != Status::kDone) {
      Close(c);
      return false;
    }
    c.moved += sent.bytes;
    c.out_pos += sent.bytes;
    if (c.out_pos < c.out.size()) continue;
    std::string().swap(c.out);
    c.out_pos = 0;
    if (c.last) {
      Count(c.peer, &c.held, 0);
      c.io.EndWriting();
      Enter(c, Phase::kDraining, kDrainTime);
      return true;
    }
    c.reader.Next();
    Count(c.peer, &c.held, c.reader.held());
    Enter(c, Phase::kIdle, options_.idle_timeout);
    return true;
  }
  return true;
}

bool ConnectionLoop::StepDrain(Connection& c) {
  for (int i = 0; i < kTurn; ++i) {
    const Status status = c.io.Drop().status;
    if (status == Status::kWantRead) return false;
    if (status == Status::kDone) continue;
    Close(c);
    return false;
  }
  return true;
}

}  // namespace muster::webhook
