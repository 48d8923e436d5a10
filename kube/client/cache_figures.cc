#include "kube/client/cache_figures.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace muster::kube {

std::string CacheProblems(const std::vector<CacheFigures>& caches) {
  std::vector<std::string> missing, stale, problems;
  for (const CacheFigures& cache : caches) {
    if (!cache.synced) {
      missing.push_back(cache.resource);
    } else if (cache.stale) {
      stale.push_back(cache.resource);
    }
  }
  if (!missing.empty()) problems.push_back(absl::StrCat("not synced: ", absl::StrJoin(missing, ", ")));
  if (!stale.empty()) problems.push_back(absl::StrCat("stale: ", absl::StrJoin(stale, ", ")));
  return absl::StrJoin(problems, "; ");
}

}  // namespace muster::kube
