#include "sim/report/figures/figures.h"

#include <algorithm>
#include <map>

#include "sim/metrics/least_delay.h"
#include "sim/report/metrics_json.h"

namespace muster::sim {
namespace {

using Json = nlohmann::ordered_json;

double Hours(double seconds) { return ThreeDecimals(seconds / 3600); }

// What a team's entry tells that means something for jobs of several teams.
Json GroupJson(const TeamMetrics& group) {
  Json json = JsonOf(group);
  for (const char* quota_key : {"nominal", "stops", "borrowed_hours", "capacity_hours", "utilisation", "peak_queue"}) {
    json.erase(quota_key);
  }
  return json;
}

}  // namespace

Figures::Figures(const Trace* trace, Prices prices)
    : trace_(trace), prices_(std::move(prices)), groups_(trace), nodes_(trace) {}

void Figures::LearnCapacity(const ReplaySetting& setting) {
  double capacity = 0;
  for (const ReplayTeam& team : setting.teams) capacity += team.nominal;
  for (const api::Cohort& cohort : setting.policy->cohorts) {
    capacity += NominalOf(cohort.resource_groups, setting.resource);
  }
  capacity_ = std::max(capacity_, capacity);
}

void Figures::OnBegin(const ReplaySetting& setting) {
  for (const ReplayTeam& team : setting.teams) teams_.push_back(team.name);
  LearnCapacity(setting);
  groups_.OnBegin(setting);
  lending_.OnBegin(setting);
  nodes_.OnBegin(setting);
}

void Figures::OnSubmit(const JobSubmit& event) { preemptions_.OnSubmit(event); }

void Figures::OnStart(const RunStart& event) {
  groups_.OnStart(event);
  lending_.OnStart(event);
  nodes_.OnStart(event);
}

void Figures::OnStop(const RunStop& event) {
  groups_.OnStop(event);
  preemptions_.OnStop(event);
  lending_.OnStop(event);
  nodes_.OnStop(event);
}

void Figures::OnChange(const WorldChange& change) {
  LearnCapacity(*change.setting);
  lending_.OnChange(change);
  nodes_.OnChange(change);
}

void Figures::OnInstant(int64_t now_s) { nodes_.OnInstant(now_s); }

void Figures::OnEnd(int64_t now_s) {
  groups_.OnEnd(now_s);
  lending_.OnEnd(now_s);
  nodes_.OnEnd(now_s);
}

Json Figures::Groups(const SimulationResult& result) const {
  Json json = Json::object();
  for (const auto& [name, grouping] :
       {std::pair("queues", JobGrouping::kQueue), std::pair("priority_classes", JobGrouping::kPriorityClass),
        std::pair("sizes", JobGrouping::kSize)}) {
    json[name] = Json::array();
    for (const TeamMetrics& group : groups_.Of(grouping, result)) json[name].push_back(GroupJson(group));
  }
  return json;
}

// By cause, and by who made room for whom.
Json Figures::Preemptions() const {
  struct Sum {
    int64_t count = 0;
    double held = 0, lost = 0;
  };
  std::map<StopCause, Sum> by_cause;
  Sum reclaimed;
  Json pairs = Json::array();
  for (const StopKind& kind : preemptions_.kinds()) {
    for (Sum* sum : {&by_cause[kind.cause], IsReclaim(kind.cause) ? &reclaimed : nullptr}) {
      if (sum == nullptr) continue;
      sum->count += kind.count;
      sum->held += kind.held;
      sum->lost += kind.lost;
    }
    if (kind.by_team < 0) continue;
    pairs.push_back({{"by", teams_[kind.by_team]},
                     {"of", teams_[kind.of_team]},
                     {"cause", std::string(ToString(kind.cause))},
                     {"count", kind.count},
                     {"resource_hours", Hours(kind.held)},
                     {"lost_hours", Hours(kind.lost)}});
  }
  const auto json_of = [](const Sum& sum) {
    return Json{{"count", sum.count}, {"resource_hours", Hours(sum.held)}, {"lost_hours", Hours(sum.lost)}};
  };
  Json causes = Json::object();
  for (const auto& [cause, sum] : by_cause) causes[std::string(ToString(cause))] = json_of(sum);
  return {{"causes", std::move(causes)}, {"reclaimed", json_of(reclaimed)}, {"pairs", std::move(pairs)}};
}

Json Figures::Lending() const {
  Json loans = Json::array();
  for (const Loan& loan : lending_.loans()) {
    loans.push_back({{"lender", loan.lender < 0 ? Json(nullptr) : Json(teams_[loan.lender])},
                     {"borrower", teams_[loan.borrower]},
                     {"resource_hours", Hours(loan.amount_seconds)}});
  }
  return {{"loans", std::move(loans)}, {"cohort_trees_left_out", lending_.trees_left_out()}};
}

Json Figures::Delay(const SimulationResult& result) const {
  std::vector<DelayedJob> jobs;
  double delay = 0;
  for (size_t i = 0; i < trace_->jobs.size(); ++i) {
    if (result.jobs[i].finish_s < 0) continue;
    const JobOutcome out = result.OutcomeOf(*trace_, i);
    jobs.push_back({out.submit_s, out.duration_s, result.shapes[trace_->jobs[i].shape].amount});
    delay += static_cast<double>(out.finish_s - out.submit_s - out.duration_s);
  }
  const auto n = static_cast<double>(jobs.size());
  if (jobs.empty() || !(capacity_ > 0)) return nullptr;
  return {{"jobs", jobs.size()},
          {"mean", ThreeDecimals(delay / n)},
          {"least_mean", ThreeDecimals(LeastDelay(std::move(jobs), capacity_) / n)},
          {"capacity", ThreeDecimals(capacity_)}};
}

Json Figures::Showback(const SimulationResult& result) const {
  if (prices_.empty()) return nullptr;
  Json teams = Json::array();
  double total = 0;
  for (const TeamMetrics& team : result.metrics.teams) {
    double cost = 0;
    for (size_t f = 0; f < team.flavors.size(); ++f) {
      const auto price = prices_.find(team.flavors[f].first);
      if (price != prices_.end()) cost += price->second * team.flavor_hours[f];
    }
    total += cost;
    teams.push_back({{"name", team.name}, {"cost", ThreeDecimals(cost)}});
  }
  Json prices = Json::object();
  for (const auto& [flavor, price] : prices_) prices[flavor] = price;
  return {{"price_per_hour", std::move(prices)}, {"total", ThreeDecimals(total)}, {"teams", std::move(teams)}};
}

Json Figures::Summary(const SimulationResult& result) const {
  return {{"groups", Groups(result)}, {"preemptions", Preemptions()},      {"lending", Lending()},
          {"delay_s", Delay(result)}, {"fragmentation", nodes_.Summary()}, {"showback", Showback(result)}};
}

Json Figures::NodesForPage() const {
  if (!nodes_.any()) return nullptr;
  const LevelSeries& series = nodes_.series();
  const auto line = [&](NodeMeter::Kind kind) {
    Json values = Json::array();
    for (size_t b = 0; b < series.buckets(); ++b) values.push_back(ThreeDecimals(series.Mean(kind, b)));
    return values;
  };
  Json json = {{"width", series.width_s()}, {"freeable", line(NodeMeter::kFreeableNodes)}};
  json["racks"] = nullptr;
  if (nodes_.has_racks()) {
    json["racks"] = {{"level", nodes_.rack_level()},
                     {"of", nodes_.racks()},
                     {"free", line(NodeMeter::kFreeRacks)},
                     {"freeable", line(NodeMeter::kFreeableRacks)}};
  }
  json["unusable"] = nodes_.has_unusable() ? line(NodeMeter::kUnusable) : Json(nullptr);
  return json;
}

}  // namespace muster::sim
