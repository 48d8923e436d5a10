// libFuzzer target: reading any text as HyperPod policy ends without a crash; what could be read compiles or is
// refused, and what compiles comes back from decompiling as a policy that can be written and read again. The last byte
// chooses the format.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "api/hyperpod/compile.h"
#include "api/hyperpod/decompile.h"
#include "api/hyperpod/read.h"
#include "api/hyperpod/write.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace muster::hyperpod;
  if (size == 0) return 0;
  const absl::string_view text(reinterpret_cast<const char*>(data), size - 1);
  const char* const names[] = {"x.json", "x.yaml", "x.sh", ""};
  ReadResult read = ReadText(text, names[data[size - 1] % 4]);
  JoinClusters(&read.documents.clusters);
  Capacity capacity;
  for (const Cluster& cluster : read.documents.clusters) AddCapacity(CapacityOf(cluster), &capacity);
  const auto objects = Compile(read.documents.policies, read.documents.quotas, capacity);
  if (!objects.ok()) return 0;
  const Decompiled back = Decompile(*objects);
  for (const ComputeQuota& quota : back.quotas) {
    ReadResult again;
    ReadDocument(nlohmann::json::parse(ToCreateJson(quota).dump()), {}, &again);
    if (!quota.name.empty() && !quota.cluster_arn.empty() && !again.status().ok()) std::abort();
  }
  return 0;
}
