// The API model as data: which members a structure has, and what their values may be. Internal to api/hyperpod.
//
// Source: botocore 1.43.67, sagemaker/2017-07-24/service-2.json. The 6 instance types that only the newest SDK has are
// accepted too.
#ifndef MUSTER_API_HYPERPOD_SHAPES_H_
#define MUSTER_API_HYPERPOD_SHAPES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace muster::hyperpod {

struct Shape;

struct Member {
  absl::string_view name;
  const Shape* shape;
  bool required = false;  // in its structure, wherever that is; what a call requires is said in read.cc
};

struct Shape {
  enum class Type { kString, kInteger, kFloat, kStructure, kList, kStringMap, kAny };
  Type type = Type::kAny;
  absl::string_view name = {};
  // Of a number its value, of a string its characters, of a list its entries. max < min: no limits.
  int64_t min = 0;
  int64_t max = -1;
  absl::string_view pattern = {};                    // as the model prints it
  bool (*matches)(absl::string_view) = nullptr;      // the same
  const std::vector<std::string>* values = nullptr;  // of an enumeration
  std::vector<Member> members = {};
  bool open = false;  // of a structure that is read in part: other members are no surprise
  const Shape* item = nullptr;

  bool bounded() const { return max >= min; }
};

// Both records with the members of all their calls, in the order of the model.
const Shape& ClusterSchedulerConfigShape();
const Shape& ComputeQuotaShape();
// DescribeCluster and CreateCluster, ListClusterNodes, DescribeClusterNode: what matters here.
const Shape& ClusterShape();
const Shape& ClusterNodesShape();
const Shape& ClusterNodeShape();

// A member's name without case, dashes and underscores: InstanceType, instanceType, instance_type and instance-type are
// one.
std::string FoldName(absl::string_view name);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_SHAPES_H_
