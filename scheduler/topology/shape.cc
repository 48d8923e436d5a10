#include "scheduler/topology/shape.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace muster::scheduler {
namespace {

void AppendTerm(const api::NodeSelectorTerm& term, std::string* out) {
  for (const auto* requirements : {&term.match_expressions, &term.match_fields}) {
    absl::StrAppend(out, "\x1e");
    for (const api::Requirement& r : *requirements) {
      absl::StrAppend(out, "\x1f", r.key, "\x1f", r.op);
      for (const std::string& v : r.values) absl::StrAppend(out, "\x1f", v);
      absl::StrAppend(out, "\x1d");
    }
  }
}

std::string PrintTaint(const api::Taint& t) {
  return t.value.empty() ? absl::StrCat(t.key, ":", t.effect) : absl::StrCat(t.key, "=", t.value, ":", t.effect);
}

// Not to be read: written once per placement.
template <typename Number>
void AppendBytes(Number number, std::string* out) {
  out->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

void AppendAmounts(const std::vector<ResourceAmount>& amounts, std::string* out) {
  AppendBytes(static_cast<int32_t>(amounts.size()), out);
  for (const ResourceAmount& a : amounts) {
    AppendBytes(static_cast<int32_t>(a.resource), out);
    AppendBytes(a.amount, out);
  }
}

}  // namespace

NodeFilter::NodeFilter(api::StringMap node_selector, std::optional<api::NodeAffinity> affinity,
                       std::vector<api::Toleration> tolerations, bool score_preferred)
    : node_selector_(std::move(node_selector)),
      affinity_(std::move(affinity)),
      tolerations_(std::move(tolerations)),
      score_preferred_(score_preferred) {
  for (const auto& [k, v] : node_selector_) absl::StrAppend(&key_, "s", k, "\x1f", v, "\x1d");
  for (const api::Toleration& t : tolerations_) {
    absl::StrAppend(&key_, "t", t.key, "\x1f", t.op, "\x1f", t.value, "\x1f", t.effect, "\x1d");
  }
  if (!affinity_.has_value()) return;
  if (affinity_->required.has_value()) {
    absl::StrAppend(&key_, "r");
    for (const api::NodeSelectorTerm& term : *affinity_->required) AppendTerm(term, &key_);
  }
  if (!score_preferred_) return;
  for (const api::PreferredSchedulingTerm& p : affinity_->preferred) {
    absl::StrAppend(&key_, "p", p.weight);
    AppendTerm(p.preference, &key_);
  }
}

NodeFilter::Verdict NodeFilter::Judge(const api::Node& node) const {
  Verdict out;
  for (const api::Taint& taint : node.taints) {
    if (taint.effect != "NoSchedule" && taint.effect != "NoExecute") continue;
    if (std::any_of(tolerations_.begin(), tolerations_.end(),
                    [&](const api::Toleration& t) { return api::Tolerates(t, taint); })) {
      continue;
    }
    out.refusal = Refusal::kTaint;
    out.taint = PrintTaint(taint);
    return out;
  }
  const api::StringMap& labels = node.metadata.labels;
  for (const auto& [key, value] : node_selector_) {
    const auto it = labels.find(key);
    if (it == labels.end() || it->second != value) {
      out.refusal = Refusal::kNodeSelector;
      return out;
    }
  }
  if (!affinity_.has_value()) return out;
  const auto matches = [&](const api::NodeSelectorTerm& term) {
    return api::Matches(term, labels, node.metadata.name);
  };
  if (affinity_->required.has_value() &&
      std::none_of(affinity_->required->begin(), affinity_->required->end(), matches)) {
    out.refusal = Refusal::kAffinity;
    return out;
  }
  if (score_preferred_) {
    for (const api::PreferredSchedulingTerm& p : affinity_->preferred) {
      if (matches(p.preference)) out.score += p.weight;
    }
  }
  return out;
}

std::optional<NodePacking> PackingOf(const api::StringMap& annotations) {
  const auto it = annotations.find(kPlacementAnnotation);
  if (it == annotations.end() || it->second == "kueue") return NodePacking::kKueue;
  if (it->second == "best-fit") return NodePacking::kBestFit;
  if (it->second == "consolidate") return NodePacking::kConsolidate;
  return std::nullopt;
}

std::string PodShape::Key() const {
  std::string out;
  AppendAmounts(requests, &out);
  out += static_cast<char>((leader.has_value() ? 1 : 0) | (empty ? 2 : 0) | (tight ? 4 : 0) | (filter ? 8 : 0));
  if (leader.has_value()) AppendAmounts(*leader, &out);
  AppendBytes(slice_size, &out);
  AppendBytes(slice_level, &out);
  AppendBytes(static_cast<int32_t>(inner_size.size()), &out);
  for (const int32_t size : inner_size) AppendBytes(size, &out);
  if (filter != nullptr) out += filter->key();
  return out;
}

}  // namespace muster::scheduler
