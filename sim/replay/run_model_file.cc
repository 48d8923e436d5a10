#include <yaml-cpp/yaml.h>

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "sim/replay/node_groups_file.h"
#include "sim/replay/run_model.h"
#include "sim/replay/yaml_fields.h"

namespace muster::sim {
namespace {

struct TermField {
  const char* name;
  std::optional<int64_t> OwnTerms::*member;
};
constexpr TermField kTerms[] = {{"checkpointIntervalSeconds", &OwnTerms::checkpoint_interval_s},
                                {"checkpointCostSeconds", &OwnTerms::checkpoint_cost_s},
                                {"imagePullSeconds", &OwnTerms::image_pull_s},
                                {"restartDelaySeconds", &OwnTerms::restart_delay_s},
                                {"podMTBFSeconds", &OwnTerms::pod_mtbf_s},
                                {"backoffLimit", &OwnTerms::backoff_limit},
                                {"timeLimitSeconds", &OwnTerms::time_limit_s}};

absl::Status ReadTerms(const YAML::Node& node, const std::string& name, OwnTerms* terms) {
  absl::Status s = ReadMap(node, name, [&](const std::string& key, const YAML::Node& value) {
    std::vector<std::string> names;
    for (const TermField& field : kTerms) {
      names.push_back(field.name);
      if (key != field.name) continue;
      int64_t number = 0;
      const int64_t max = field.member == &OwnTerms::backoff_limit ? 1000000 : kMaxSeconds;
      if (absl::Status bad = ReadNumber(value, absl::StrCat(name, ".", key), max, &number); !bad.ok()) return bad;
      terms->*field.member = number;
      return absl::OkStatus();
    }
    return Bad(value, absl::StrCat(name, ".", key, " is not known; use ", absl::StrJoin(names, ", ")));
  });
  return s;
}

struct PlaneField {
  const char* name;
  int64_t ControlPlane::*member;
  int64_t least, most;
};
constexpr PlaneField kPlane[] = {{"writeMilliseconds", &ControlPlane::write_ms, 0, 1000000},
                                 {"cycleMilliseconds", &ControlPlane::cycle_ms, 0, 1000000},
                                 {"qps", &ControlPlane::qps, 1, 1000000000},
                                 {"burst", &ControlPlane::burst, 0, 1000000000},
                                 {"requeueBatchMilliseconds", &ControlPlane::requeue_batch_ms, 0, 1000000}};

absl::Status ReadKueue(const YAML::Node& node, ControlPlane* plane) {
  return ReadMap(node, "controlPlane.kueue", [&](const std::string& key, const YAML::Node& value) {
    std::vector<std::string> names;
    for (const PlaneField& field : kPlane) {
      names.push_back(field.name);
      if (key != field.name) continue;
      const std::string name = absl::StrCat("controlPlane.kueue.", key);
      if (absl::Status s = ReadNumber(value, name, field.most, &(plane->*field.member)); !s.ok()) return s;
      return plane->*field.member < field.least ? Bad(value, absl::StrCat(name, " has to be at least ", field.least))
                                                : absl::OkStatus();
    }
    return Bad(value, absl::StrCat("controlPlane.kueue.", key, " is not known; use ", absl::StrJoin(names, ", ")));
  });
}

absl::Status ReadControlPlane(const YAML::Node& node, RunModel* model) {
  return ReadMap(node, "controlPlane", [&](const std::string& key, const YAML::Node& value) {
    if (key == "admissionSeconds")
      return ReadNumber(value, "controlPlane.admissionSeconds", kMaxSeconds, &model->admission_s);
    if (key == "evictionSeconds")
      return ReadNumber(value, "controlPlane.evictionSeconds", kMaxSeconds, &model->eviction_s.emplace());
    if (key == "latency") {
      const absl::Status s = model->control_plane.SetLatency(value.IsScalar() ? value.Scalar() : "");
      return s.ok() ? s : Bad(value, absl::StrCat("controlPlane.latency: ", s.message()));
    }
    if (key == "kueue") return ReadKueue(value, &model->control_plane);
    return Bad(value, absl::StrCat("controlPlane.", key,
                                   " is not known; use latency, kueue, admissionSeconds or evictionSeconds"));
  });
}

absl::Status ReadModel(const YAML::Node& root, RunModel* model) {
  OwnTerms all;
  absl::Status s = ReadMap(root, "the model", [&](const std::string& key, const YAML::Node& value) {
    if (key == "seed") {
      int64_t seed = 0;
      const absl::Status status = ReadNumber(value, key, std::numeric_limits<int64_t>::max(), &seed);
      model->seed = static_cast<uint64_t>(seed);
      return status;
    }
    if (key == "checkpointWhenPreempted") return ReadFlag(value, key, &model->checkpoint_when_preempted);
    if (key == "enforceTimeLimit") return ReadFlag(value, key, &model->enforce_time_limit);
    if (key == "controlPlane") return ReadControlPlane(value, model);
    if (key == "all") return ReadTerms(value, key, &all);
    if (key == "classes") {
      return ReadMap(value, key, [&](const std::string& name, const YAML::Node& terms) {
        return ReadTerms(terms, absl::StrCat("classes.", name), &model->classes[name]);
      });
    }
    if (key == "nodeGroups") return ReadNodeGroups(value, &model->node_groups);
    return Bad(value, absl::StrCat(key,
                                   " is not known; use seed, all, classes, controlPlane, nodeGroups, "
                                   "checkpointWhenPreempted or enforceTimeLimit"));
  });
  if (!s.ok()) return s;
  model->all = RunModel().TermsOf("", all);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RunModel> RunModel::Parse(absl::string_view yaml) {
  RunModel model;
  try {
    const YAML::Node root = YAML::Load(std::string(yaml));
    if (!root.IsMap()) return absl::InvalidArgumentError("a model is a YAML map with keys such as all and classes");
    if (absl::Status s = ReadModel(root, &model); !s.ok()) return s;
  } catch (const YAML::Exception& e) {  // yaml-cpp reports by throwing
    return absl::InvalidArgumentError(absl::StrCat("line ", e.mark.line + 1, ": ", e.msg));
  }
  return model;
}

}  // namespace muster::sim
