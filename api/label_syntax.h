// The syntax rules of names, labels and annotations, with Kubernetes' own messages.
//
// Source of the rules: k8s.io/apimachinery/pkg/util/validation. Every function returns the messages of what is wrong,
// empty when the text is fine. O(length).
#ifndef MUSTER_API_LABEL_SYNTAX_H_
#define MUSTER_API_LABEL_SYNTAX_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace muster::api {

// A label key, resource name or taint key: an optional DNS subdomain and "/", then up to 63 characters.
std::vector<std::string> CheckQualifiedName(absl::string_view text);

// A label or taint value: empty, or up to 63 characters.
std::vector<std::string> CheckLabelValue(absl::string_view text);

// An object name: a DNS subdomain of up to 253 characters.
std::vector<std::string> CheckDns1123Subdomain(absl::string_view text);

// Whether the text matches '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', whatever its length.
bool IsDns1123Label(absl::string_view text);
// Whether the text is labels joined by dots, whatever its length.
bool IsDns1123Subdomain(absl::string_view text);

// The regular expressions, as CustomResourceDefinitions print them in messages.
inline constexpr absl::string_view kDns1123LabelPattern = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
inline constexpr absl::string_view kDns1123SubdomainPattern =
    R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)";
inline constexpr absl::string_view kQualifiedNamePattern =
    R"(^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$)";

}  // namespace muster::api

#endif  // MUSTER_API_LABEL_SYNTAX_H_
