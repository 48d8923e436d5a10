#include "scheduler/configuration.h"

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace muster::scheduler {
namespace {

constexpr absl::Duration kUsageSamplingInterval = absl::Minutes(5);

// Reads one Configuration into options, and collects what is wrong with it.
class Reader {
 public:
  explicit Reader(EngineOptions* options) : options_(*options) {}

  void Gates(const std::map<std::string, bool>& gates) {
    for (const auto& [name, on] : gates) {
      if (absl::Status s = options_.gates.Set(name, on); !s.ok()) problems_.emplace_back(s.message());
    }
  }

  void FairSharing(const api::FairSharingConfig& c) {
    if (!c.enable.value_or(true)) return;
    options_.fair_sharing = EngineOptions::FairSharing().fair_sharing;
    if (c.preemption_strategies.empty()) return;
    const std::string final_share = "LessThanOrEqualToFinalShare", initial_share = "LessThanInitialShare";
    const std::vector<std::string>& given = c.preemption_strategies;
    if (given == std::vector{final_share}) {
      options_.fair_sharing = {FairSharingStrategy::kLessThanOrEqualToFinalShare};
    } else if (given == std::vector{initial_share}) {
      options_.fair_sharing = {FairSharingStrategy::kLessThanInitialShare};
    } else if (given != std::vector{final_share, initial_share}) {
      Complain("fairSharing.preemptionStrategies",
               absl::StrCat("\"", absl::StrJoin(given, ","), "\" is not supported; use ", final_share, ", or ",
                            initial_share, ", or both in this order"));
    }
  }

  void AdmissionFairSharing(const api::AdmissionFairSharingConfig& c) {
    const std::string path = "admissionFairSharing";
    AdmissionFairSharingOptions out;
    out.usage_half_life = c.usage_half_life_time;
    if (c.usage_half_life_time < absl::ZeroDuration()) Negative(path + ".usageHalfLifeTime");
    out.usage_sampling_interval = c.usage_sampling_interval.value_or(kUsageSamplingInterval);
    if (out.usage_sampling_interval == absl::ZeroDuration()) out.usage_sampling_interval = kUsageSamplingInterval;
    if (out.usage_sampling_interval < absl::ZeroDuration()) Negative(path + ".usageSamplingInterval");
    out.resource_weights = c.resource_weights;
    for (const auto& [resource, weight] : c.resource_weights) {
      if (weight < 0) Negative(absl::StrCat(path, ".resourceWeights[", resource, "]"));
    }
    options_.admission_fair_sharing = std::move(out);
  }

  void Requeuing(const api::RequeuingStrategy& c) {
    const std::string path = "waitForPodsReady.requeuingStrategy.timestamp";
    if (OneOf(path, c.timestamp, "Eviction", "Creation") == "Creation") {
      options_.requeuing_timestamp = RequeuingTimestamp::kCreation;
    }
  }

  void Resources(const api::ResourcesConfig& c) {
    options_.exclude_resource_prefixes = c.exclude_resource_prefixes;
    if (options_.gates[Gate::kQuotaCheckStrategy]) {
      const std::string path = "resources.quotaCheckStrategy";
      if (OneOf(path, c.quota_check_strategy, "BlockUndeclared", "IgnoreUndeclared") == "IgnoreUndeclared") {
        options_.quota_check = QuotaCheckStrategy::kIgnoreUndeclared;
        if (!c.exclude_resource_prefixes.empty()) {
          Complain(path, "IgnoreUndeclared does not go with excludeResourcePrefixes");
        }
      }
    }
    std::set<std::string> inputs;
    for (size_t i = 0; i < c.transformations.size(); ++i) {
      const api::ResourceTransformation& t = c.transformations[i];
      const std::string path = absl::StrCat("resources.transformations[", i, "]");
      if (!inputs.insert(t.input).second) Complain(path + ".input", absl::StrCat("\"", t.input, "\" is there twice"));
      RequestTransformation out;
      out.input = t.input;
      out.replace = OneOf(path + ".strategy", t.strategy, "Retain", "Replace") == "Replace";
      out.multiply_by = t.multiply_by;
      for (const auto& [resource, amount] : t.outputs) out.outputs[resource] = amount.ToDouble();
      options_.transformations.push_back(std::move(out));
    }
  }

  absl::Status status() const {
    if (problems_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrJoin(problems_, "\n", [](std::string* out, const std::string& problem) {
      absl::StrAppend(out, "Configuration: ", problem);
    }));
  }

 private:
  void Complain(absl::string_view path, absl::string_view what) { problems_.push_back(absl::StrCat(path, ": ", what)); }
  void Negative(absl::string_view path) { Complain(path, "must not be negative"); }

  // The value, which is one of two or "" for the first; complains about another.
  absl::string_view OneOf(absl::string_view path, absl::string_view value, absl::string_view first,
                          absl::string_view second) {
    if (!value.empty() && value != first && value != second) {
      Complain(path, absl::StrCat("\"", value, "\" is not supported; use ", first, " or ", second));
    }
    return value.empty() ? first : value;
  }

  EngineOptions& options_;
  std::vector<std::string> problems_;
};

}  // namespace

absl::StatusOr<EngineOptions> EngineOptionsFrom(const api::Configuration& configuration) {
  EngineOptions options = EngineOptions::Default();
  Reader reader(&options);
  reader.Gates(configuration.feature_gates);
  if (configuration.wait_for_pods_ready && configuration.wait_for_pods_ready->requeuing_strategy) {
    reader.Requeuing(*configuration.wait_for_pods_ready->requeuing_strategy);
  }
  if (configuration.fair_sharing) reader.FairSharing(*configuration.fair_sharing);
  if (configuration.admission_fair_sharing) reader.AdmissionFairSharing(*configuration.admission_fair_sharing);
  if (configuration.resources) reader.Resources(*configuration.resources);
  if (absl::Status s = reader.status(); !s.ok()) return s;
  return options;
}

}  // namespace muster::scheduler
