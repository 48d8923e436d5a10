// What an API server does with objects of each type before it keeps them: what is filled in, what is taken over from the
// version before, and what is refused.
#ifndef MUSTER_KUBE_TESTING_STRATEGY_H_
#define MUSTER_KUBE_TESTING_STRATEGY_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "kube/object.h"
#include "kube/request.h"

namespace muster::kube::testing {

// Whether the server counts generations of the type.
bool CountsGenerations(const ResourceType& type);

// Fills in what users leave out, as decoding does. Idempotent.
void SetDefaults(const ResourceType& type, nlohmann::json* object);

// After the webhooks, before the object is kept for the first time: the status it begins with, generated selectors.
// REQUIRES: metadata is complete.
void PrepareForCreate(const ResourceType& type, absl::Time now, nlohmann::json* object);

// Keeps of `fresh` only what a write to the subresource may change.
void PrepareForUpdate(const ResourceType& type, const std::string& subresource, const nlohmann::json& old,
                      nlohmann::json* fresh);

// The rules that recordings run into. `old` is nullptr for what is new.
std::optional<Response> CheckRules(const ObjectKey& key, const std::string& subresource, const nlohmann::json* old,
                                   const nlohmann::json& fresh);

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_STRATEGY_H_
