// What is known of the objects of one resource that answers depend on, for probes and metrics.
#ifndef MUSTER_WEBHOOK_LIVE_CACHE_FIGURES_H_
#define MUSTER_WEBHOOK_LIVE_CACHE_FIGURES_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace muster::webhook {

// Thread-safety: value type.
struct CacheFigures {
  std::string resource;  // "localqueues.kueue.x-k8s.io"
  bool synced = false;   // listed at least once
  int64_t objects = 0;
  absl::Time last_contact;  // when the API server last said something about it; InfinitePast = never
  int64_t lists = 0;        // since the start: full lists, and lists or watches that failed
  int64_t failures = 0;
};

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_CACHE_FIGURES_H_
