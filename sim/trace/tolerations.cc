#include "sim/trace/tolerations.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace muster::sim {
namespace {

// What keys and values of labels are made of.
bool IsName(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._/", c);
  });
}

bool IsEffect(absl::string_view text) {
  return text == "NoSchedule" || text == "PreferNoSchedule" || text == "NoExecute";
}

}  // namespace

absl::StatusOr<std::vector<api::Toleration>> ParseTolerations(absl::string_view text) {
  std::vector<api::Toleration> out;
  for (absl::string_view part : absl::StrSplit(text, ';', absl::SkipWhitespace())) {
    part = absl::StripAsciiWhitespace(part);
    const auto bad = [part](absl::string_view what) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", part.substr(0, 80), "\": ", what, "; a toleration is KEY=VALUE:EFFECT, KEY:EFFECT or *"));
    };
    const std::pair<absl::string_view, absl::string_view> taint = absl::StrSplit(part, absl::MaxSplits(':', 1));
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(taint.first, absl::MaxSplits('=', 1));
    api::Toleration toleration;
    toleration.op = absl::StrContains(taint.first, '=') ? "Equal" : "Exists";
    if (absl::StrContains(part, ':') && !IsEffect(taint.second)) {
      return bad("the effect is none of NoSchedule, PreferNoSchedule and NoExecute");
    }
    toleration.effect = std::string(taint.second);
    if (pair.first == "*") {
      if (toleration.op == "Equal") return bad("every key has no one value");
    } else if (pair.first.empty() || !IsName(pair.first) || !IsName(pair.second)) {
      return bad("no name of a taint");
    } else {
      toleration.key = std::string(pair.first);
      toleration.value = std::string(pair.second);
    }
    out.push_back(std::move(toleration));
  }
  return out;
}

absl::StatusOr<std::string> TolerationsText(absl::Span<const api::Toleration> tolerations) {
  std::string text;
  for (const api::Toleration& t : tolerations) {
    const bool equal = t.op.empty() || t.op == "Equal";
    const bool named = equal ? !t.key.empty() : t.value.empty();
    if ((!equal && t.op != "Exists") || !named || !IsName(t.key) || !IsName(t.value) ||
        (!t.effect.empty() && !IsEffect(t.effect))) {
      return absl::InvalidArgumentError(
          absl::StrCat("a toleration of ", t.key, " with the operator ", equal ? "Equal" : t.op, " and ", t.value));
    }
    absl::StrAppend(&text, text.empty() ? "" : ";", t.key.empty() ? "*" : t.key,
                    equal ? absl::StrCat("=", t.value) : "", t.effect.empty() ? "" : ":", t.effect);
  }
  return text;
}

}  // namespace muster::sim
