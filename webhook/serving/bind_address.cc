#include "webhook/serving/bind_address.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace muster::webhook {

absl::StatusOr<BindAddress> ParseBindAddress(absl::string_view text) {
  const absl::Status error = absl::InvalidArgumentError(
      absl::StrCat(text, ": must be a port such as 8081, or an address with one: 127.0.0.1:8081, [::1]:8081"));
  BindAddress made;
  absl::string_view port = text;
  if (const size_t colon = text.rfind(':'); colon != absl::string_view::npos) {
    absl::string_view address = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (!address.empty() && address.front() == '[') {
      if (address.back() != ']') return error;
      address = address.substr(1, address.size() - 2);
    } else if (address.find(':') != absl::string_view::npos) {
      return error;  // which colon is it?
    }
    made.address = std::string(address);
  }
  if (port.empty() || port.find_first_not_of("0123456789") != absl::string_view::npos) return error;
  if (!absl::SimpleAtoi(port, &made.port) || made.port > 65535) return error;
  return made;
}

}  // namespace muster::webhook
