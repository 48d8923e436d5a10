#include "cli/policy_files.h"

#include <iostream>
#include <utility>

#include "api/load.h"
#include "api/problem.h"

namespace muster::cli {

absl::StatusOr<std::vector<api::Object>> ReadPolicyFiles(const std::vector<std::string>& paths) {
  api::LoadResult loaded = api::LoadPaths(paths);
  if (absl::Status s = loaded.status(); !s.ok()) return s;
  for (const api::Problem& problem : loaded.problems) std::cerr << "warning: " << api::ToString(problem) << "\n";
  std::vector<api::Object> objects;
  objects.reserve(loaded.objects.size());
  for (api::Decoded& decoded : loaded.objects) objects.push_back(std::move(decoded.object));
  return objects;
}

}  // namespace muster::cli
