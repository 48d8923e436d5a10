// Reads what people have HyperPod policy in: the JSON of create, update, describe and list calls, AWS CLI commands with
// their shorthand, CloudFormation and CDK templates, Terraform (awscc) JSON, one or many in a file, and DescribeCluster
// and ListClusterNodes output for the nodes.
//
//   ReadResult r = ReadText(text, "policy.json");
//   if (!r.status().ok()) … every mistake of the file, one line each
//   Compile(r.documents.policies, r.documents.quotas, …)
//
// Member names are recognised in any casing (InstanceType, instanceType, instance_type, instance-type); numbers may be
// quoted; where a structure is expected, a string is read as shorthand. Every value is held against the API model, and
// against what the service is known to reject beyond it (MIG profiles a type does not have). All problems are reported,
// not the first. Pure, never throws.
#ifndef MUSTER_API_HYPERPOD_READ_H_
#define MUSTER_API_HYPERPOD_READ_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/hyperpod/cluster.h"
#include "api/hyperpod/policy.h"
#include "api/problem.h"

namespace muster::hyperpod {

struct Documents {
  std::vector<ClusterSchedulerConfig> policies;
  std::vector<ComputeQuota> quotas;
  std::vector<Cluster> clusters;

  bool empty() const { return policies.empty() && quotas.empty() && clusters.empty(); }
};

struct ReadResult {
  Documents documents;  // records without errors, in the order read
  std::vector<api::Problem> problems;

  // OK when there is no error (warnings do not count), else InvalidArgument with one line per error.
  absl::Status status() const { return api::ToStatus(problems); }
};

// Reads a file's text: JSON, YAML, or a script with `aws sagemaker create-…` commands. `name` stands for it in messages
// and, where it ends in .json, .yaml, .yml or .sh, says which. O(size).
ReadResult ReadText(absl::string_view text, absl::string_view name = "");

// Whether the value looks like something of HyperPod's rather than a Kubernetes object: what to ask before Read. Cheap.
bool LooksLikeHyperPod(const nlohmann::json& document);

// Reads one parsed document into `result`.
void ReadDocument(const nlohmann::json& document, const api::Source& source, ReadResult* result);

// Adds the nodes of ListClusterNodes answers (clusters without groups) to the one cluster that has groups, so that one
// record is left where one cluster was described in two files. Leaves clusters that do not belong together alone.
void JoinClusters(std::vector<Cluster>* clusters);

}  // namespace muster::hyperpod

#endif  // MUSTER_API_HYPERPOD_READ_H_
