// libFuzzer target: whatever the quantity parser accepts prints as something it reads back as the same number.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "api/quantity.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using muster::api::Quantity;
  const absl::StatusOr<Quantity> q = Quantity::Parse(absl::string_view(reinterpret_cast<const char*>(data), size));
  if (!q.ok()) return 0;
  const absl::StatusOr<Quantity> again = Quantity::Parse(q->ToString());
  if (!again.ok() || *again != *q || again->ToString() != q->ToString()) std::abort();
  if ((q->Sign() < 0 && q->Value() >= 0) || (q->Sign() > 0 && q->MilliValue() <= 0)) std::abort();
  if (!(q->ToDouble() == q->ToDouble())) std::abort();
  return 0;
}
