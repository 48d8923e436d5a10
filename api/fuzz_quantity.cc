// libFuzzer target: whatever the quantity parser accepts prints as something it reads back as the same number.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "api/quantity.h"
#include "api/quantity_text.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using muster::api::Quantity;
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const absl::StatusOr<Quantity> q = Quantity::Parse(text);
  if (!q.ok()) return 0;
  const std::string written = muster::api::RewrittenQuantity(text).value_or("");
  const absl::StatusOr<Quantity> again = Quantity::Parse(written);
  if (!again.ok() || *again != *q || muster::api::RewrittenQuantity(written).value_or("") != written) std::abort();
  if ((q->Sign() < 0 && q->Value() >= 0) || (q->Sign() > 0 && q->MilliValue() <= 0)) std::abort();
  if (!(q->ToDouble() == q->ToDouble())) std::abort();
  return 0;
}
