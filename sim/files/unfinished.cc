#include "sim/files/unfinished.h"

#include <set>
#include <utility>

namespace muster::sim {
namespace {

struct Known {
  std::mutex list;       // guards `all`
  std::mutex finishing;  // held by who finishes, and for good by AbandonUnfinished
  std::set<const std::function<void()>*> all;
};

Known& TheKnown() {
  static Known* const known = new Known;  // threads may outlive main
  return *known;
}

}  // namespace

Unfinished::Unfinished(std::function<void()> remove) : remove_(std::move(remove)) {
  std::lock_guard<std::mutex> lock(TheKnown().list);
  TheKnown().all.insert(&remove_);
}

Unfinished::~Unfinished() {
  std::lock_guard<std::mutex> lock(TheKnown().list);
  TheKnown().all.erase(&remove_);
}

std::unique_lock<std::mutex> Unfinished::Finishing() { return std::unique_lock<std::mutex>(TheKnown().finishing); }

void AbandonUnfinished() {
  TheKnown().finishing.lock();
  std::lock_guard<std::mutex> lock(TheKnown().list);
  for (const std::function<void()>* remove : TheKnown().all) (*remove)();
}

}  // namespace muster::sim
