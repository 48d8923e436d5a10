// The part of a pod's spec that makes two pods of a group interchangeable, and its hash.
//
// Source of the rules: Kueue's pkg/util/pod (SpecShape, GenerateRoleHash).
#ifndef MUSTER_WEBHOOK_JOBS_ROLE_HASH_H_
#define MUSTER_WEBHOOK_JOBS_ROLE_HASH_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "api/field_errors.h"
#include "api/json_path.h"

namespace muster::webhook {

// The first 8 hex digits of the SHA-256 of the shape of `pod.spec`, as Go writes the shape.
std::string RoleHash(const nlohmann::json& pod);

// One error per part of the shape that differs between the two pod specs: "field is immutable".
void CheckSameShape(const nlohmann::json& now, const nlohmann::json& before, const api::JsonPath& path,
                    api::FieldErrors& errors);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_JOBS_ROLE_HASH_H_
