#include "webhook/serving/connection.h"

#include <tuple>

namespace muster::webhook {
namespace {

// A body or an answer on its way is left alone this long.
constexpr absl::Duration kMoving = absl::Seconds(1);
// An idle connection is only closed for another when its client has not just been answered.
constexpr absl::Duration kMinIdle = absl::Seconds(1);

int Merit(const Connection& c) {
  if (c.phase == Phase::kDraining) return 0;
  if (!c.served && (c.phase == Phase::kHandshake || c.phase == Phase::kIdle || c.phase == Phase::kHead)) return 0;
  return c.phase == Phase::kIdle ? 2 : 1;
}

}  // namespace

bool MayMakeRoom(const Connection& c, absl::Time now) {
  switch (c.phase) {
    case Phase::kHandshake:
    case Phase::kHead:
    case Phase::kDraining:
      return true;
    case Phase::kIdle:
      return !c.served || now - c.since >= kMinIdle;
    case Phase::kBody:
    case Phase::kSending:
      return now - c.since >= kMoving;
    case Phase::kAnswering:
    case Phase::kDead:
      return false;
  }
  return false;
}

bool GoesBefore(const Connection& a, const Connection& b) {
  return std::make_tuple(Merit(a), -a.peer->connections, a.since) <
         std::make_tuple(Merit(b), -b.peer->connections, b.since);
}

}  // namespace muster::webhook
