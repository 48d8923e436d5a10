// What is known of the objects of one resource that answers depend on, for probes and metrics.
#ifndef MUSTER_KUBE_CLIENT_CACHE_FIGURES_H_
#define MUSTER_KUBE_CLIENT_CACHE_FIGURES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace muster::kube {

// Thread-safety: value type.
struct CacheFigures {
  std::string resource;  // "localqueues.kueue.x-k8s.io"
  bool synced = false;   // all objects were read at least once
  bool stale = false;    // and the API server has said nothing about them for too long
  int64_t objects = 0;
  int64_t bytes = 0;        // that they take in memory, about
  absl::Time last_contact;  // when the API server last said something about it; InfinitePast = never
  int64_t lists = 0;        // since the start: full lists, and lists or watches that failed
  int64_t failures = 0;
};

// Why a server with these caches is not ready: "not synced: namespaces; stale: …"; "" when it is.
std::string CacheProblems(const std::vector<CacheFigures>& caches);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_CACHE_FIGURES_H_
