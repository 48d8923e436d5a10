// A few places for many who want one, so that nobody's crowd keeps the others out.
#ifndef MUSTER_WEBHOOK_LIVE_FAIR_PLACES_H_
#define MUSTER_WEBHOOK_LIVE_FAIR_PLACES_H_

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "kube/client/waiting.h"

namespace muster::webhook {

// Groups (namespaces) take turns; within a group, who came first. Thread-safe.
class FairPlaces {
 public:
  struct Limits {
    int places = 16;    // held at a time
    int guests = 20;    // at a time, whether they wait or hold a place
    int of_group = 10;  // of these, of one group
  };
  explicit FairPlaces(Limits limits) : limits_(limits) {}

  // Comes in, or finds it full for too long. Thread-compatible.
  class Guest {
   public:
    // Waits at the door until `patience` at most. REQUIRES: `all` outlives the guest.
    Guest(FairPlaces* all, std::string group, kube::SteadyTime patience);
    ~Guest();
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;

    bool welcome() const { return welcome_; }
    // Waits for a place, which is held until the end. False when there was none in time. REQUIRES: welcome, once.
    bool AwaitPlace(kube::SteadyTime deadline);

   private:
    FairPlaces* const all_;
    const std::string group_;
    bool welcome_ = false;
    bool seated_ = false;
  };

 private:
  // Gives free places to those who wait.
  void Seat();

  const Limits limits_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int taken_ = 0;
  int guests_ = 0;
  std::map<std::string, int> of_group_;
  std::map<std::string, std::deque<bool*>> waiting_;  // no empty ones; each is told by its flag
  std::string last_;                                  // the group that was served last
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_FAIR_PLACES_H_
