#include "kube/testing/identities.h"

#include "absl/strings/str_format.h"

namespace muster::kube::testing {

std::string Identities::Uid(const ObjectKey&) {
  return absl::StrFormat("00000000-0000-4000-8000-%012x", static_cast<uint64_t>(++uids_));
}

std::string Identities::Suffix(const ObjectKey&) {
  // The letters that Kubernetes picks from: no vowels, nothing that looks like something else.
  static constexpr absl::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  uint64_t number = static_cast<uint64_t>(suffixes_++);
  std::string suffix(5, kLetters[0]);
  for (size_t i = suffix.size(); i-- > 0; number /= kLetters.size()) suffix[i] = kLetters[number % kLetters.size()];
  return suffix;
}

}  // namespace muster::kube::testing
