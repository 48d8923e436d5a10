#include "scheduler/queue/local_queue_ledger.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace muster::scheduler {
namespace {

constexpr int64_t kBillion = 1'000'000'000;

}  // namespace

LocalQueueLedger::Balance LocalQueueLedger::InBillionths(const Amounts& amounts) {
  Balance out;
  for (const auto& [resource, amount] : amounts) {
    out[resource] = static_cast<Billionths>(amount) * (resource == "cpu" ? kBillion / 1000 : kBillion);
  }
  return out;
}

LocalQueueLedger::Balance LocalQueueLedger::Scaled(const Balance& balance, double factor) {
  Balance out;
  for (const auto& [resource, amount] : balance) {
    out[resource] = static_cast<Billionths>(std::floor(static_cast<long double>(amount) * factor));
  }
  return out;
}

void LocalQueueLedger::AddTo(Balance* sum, const Balance& more) {
  for (const auto& [resource, amount] : more) (*sum)[resource] += amount;
}

double LocalQueueLedger::Alpha(absl::Duration span) const {
  if (options_.usage_half_life <= absl::ZeroDuration()) return 0;
  return 1.0 - std::pow(0.5, absl::FDivDuration(span, options_.usage_half_life));
}

void LocalQueueLedger::SetConsumed(int local_queue, const Amounts& consumed, absl::Time updated) {
  Account& account = accounts_[local_queue];
  account.consumed = InBillionths(consumed);
  account.updated = updated;
}

double LocalQueueLedger::Share(int local_queue) const {
  const auto it = accounts_.find(local_queue);
  return it == accounts_.end() ? 0 : Share(it->second, it->second.weight);
}

double LocalQueueLedger::LookedUpShare(int local_queue) const {
  const auto it = accounts_.find(local_queue);
  return it == accounts_.end() ? 0 : Share(it->second, it->second.missing ? 1 : it->second.weight);
}

double LocalQueueLedger::Share(const Account& account, double weight) const {
  if (!(weight > 0)) return std::numeric_limits<double>::infinity();
  Balance total = account.consumed;
  for (const auto& [workload, penalty] : account.penalties) AddTo(&total, penalty);
  double sum = 0;
  for (const auto& [resource, amount] : total) {
    const auto weight = options_.resource_weights.find(resource);
    sum += (weight == options_.resource_weights.end() ? 1.0 : weight->second) *
           static_cast<double>(static_cast<long double>(amount) / kBillion);
  }
  return sum / weight;
}

void LocalQueueLedger::AddPenalty(int local_queue, WorkloadId workload, const Amounts& requests) {
  accounts_[local_queue].penalties[workload] = Scaled(InBillionths(requests), Alpha(options_.usage_sampling_interval));
}

void LocalQueueLedger::DropPenalty(int local_queue, WorkloadId workload) {
  if (const auto it = accounts_.find(local_queue); it != accounts_.end()) it->second.penalties.erase(workload);
}

LocalQueueLedger::Statement LocalQueueLedger::StatementOf(int local_queue) const {
  Statement statement;
  const auto it = accounts_.find(local_queue);
  if (it == accounts_.end()) return statement;
  statement.consumed = it->second.consumed;
  statement.updated = it->second.updated;
  for (const auto& [workload, penalty] : it->second.penalties) AddTo(&statement.penalty, penalty);
  return statement;
}

bool LocalQueueLedger::HasPenalty(int local_queue) const {
  const auto it = accounts_.find(local_queue);
  return it != accounts_.end() && !it->second.penalties.empty();
}

bool LocalQueueLedger::HasPenalty(int local_queue, WorkloadId workload) const {
  const auto it = accounts_.find(local_queue);
  return it != accounts_.end() && it->second.penalties.count(workload) > 0;
}

bool LocalQueueLedger::IsDue(int local_queue, absl::Time now) const {
  const auto it = accounts_.find(local_queue);
  if (it == accounts_.end()) return true;
  return !it->second.penalties.empty() || now - it->second.updated >= options_.usage_sampling_interval;
}

void LocalQueueLedger::Sample(int local_queue, const Amounts& in_use, const std::vector<WorkloadId>& admitted,
                              absl::Time now) {
  Account& account = accounts_[local_queue];
  Balance consumed;
  // Without a half-life nothing is remembered.
  if (options_.usage_half_life > absl::ZeroDuration()) {
    const absl::Duration span = account.updated == absl::InfinitePast()
                                    ? absl::ZeroDuration()
                                    : std::max(absl::ZeroDuration(), now - account.updated);
    const double alpha = Alpha(span);
    consumed = Scaled(account.consumed, 1.0 - alpha);
    AddTo(&consumed, Scaled(InBillionths(in_use), alpha));
    for (const WorkloadId workload : admitted) {
      const auto penalty = account.penalties.find(workload);
      if (penalty != account.penalties.end()) AddTo(&consumed, penalty->second);
    }
  }
  for (const WorkloadId workload : admitted) account.penalties.erase(workload);
  account.consumed = std::move(consumed);
  account.updated = std::max(account.updated, now);
}

}  // namespace muster::scheduler
