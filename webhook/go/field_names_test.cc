// The fields of the same types stand in the tables of api/ (C++), in those of Go here, and by name in the rules of the
// schemas. A field that one of them knows is known to the others, but for the exceptions below.
#include "api/field_names.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "api/core.h"
#include "api/kueue.h"
#include "webhook/go/go_form.h"
#include "webhook/go/go_types.h"

namespace muster::webhook {
namespace {

using Differences = std::set<std::string>;

std::string Text(std::string_view text) { return std::string(text); }

// Walks two tables of one type. Of the Kubernetes types the tables of Go are parts.
void Compare(const api::FieldTree& tree, const GoStruct& type, Differences* out) {
  for (const auto& [name, child] : tree.fields) {
    const GoField* field = type.Find(name);
    if (field == nullptr) {
      out->emplace(absl::StrCat("only in api/: ", Text(type.package_name), ".", name));
    } else if (child.has_table && field->of != nullptr) {
      Compare(child, *field->of, out);
    }
  }
  for (size_t i = 0; i < type.field_count; ++i) {
    const std::string name = Text(type.fields[i].name);
    if (!tree.open && tree.fields.count(name) == 0) {
      out->emplace(absl::StrCat("only in go/: ", Text(type.package_name), ".", name));
    }
  }
}

void CompareKind(const api::FieldTree& tree, absl::string_view group, absl::string_view kind, Differences* out) {
  api::FieldTree object = tree;
  // The codec reads these before it knows the kind.
  object.fields["apiVersion"];
  object.fields["kind"];
  Compare(object, GoTypeOf(group, kind), out);
}

void AddNames(const api::FieldTree& tree, std::set<std::string>* names) {
  for (const auto& [name, child] : tree.fields) {
    names->insert(name);
    AddNames(child, names);
  }
}

void AddNames(const GoStruct& type, std::set<std::string>* names) {
  for (size_t i = 0; i < type.field_count; ++i) {
    names->insert(Text(type.fields[i].name));
    if (type.fields[i].of != nullptr) AddNames(*type.fields[i].of, names);
  }
}

constexpr char kKueue[] = "kueue.x-k8s.io";

TEST(FieldNames, TheTablesOfGoAndOfTheCodecHaveTheSameFields) {
  Differences found;
  CompareKind(api::FieldTreeOf<api::ClusterQueue>(), kKueue, "ClusterQueue", &found);
  CompareKind(api::FieldTreeOf<api::Cohort>(), kKueue, "Cohort", &found);
  CompareKind(api::FieldTreeOf<api::LocalQueue>(), kKueue, "LocalQueue", &found);
  CompareKind(api::FieldTreeOf<api::ResourceFlavor>(), kKueue, "ResourceFlavor", &found);
  CompareKind(api::FieldTreeOf<api::Workload>(), kKueue, "Workload", &found);
  CompareKind(api::FieldTreeOf<api::Pod>(), "", "Pod", &found);
  CompareKind(api::FieldTreeOf<api::Job>(), "batch", "Job", &found);
  // The codec reads the conditions of nodes, pods and jobs as Kueue's, which lack these.
  EXPECT_EQ(found,
            (Differences{"only in api/: v1.Condition.lastHeartbeatTime", "only in api/: v1.Condition.lastProbeTime",
                         "only in api/: v1.Condition.lastUpdateTime"}));
}

TEST(FieldNames, TheRulesNameOnlyFieldsThatATableHas) {
  std::set<std::string> known;
  AddNames(api::FieldTreeOf<api::ClusterQueue>(), &known);
  AddNames(api::FieldTreeOf<api::Cohort>(), &known);
  AddNames(api::FieldTreeOf<api::LocalQueue>(), &known);
  AddNames(api::FieldTreeOf<api::ResourceFlavor>(), &known);
  AddNames(api::FieldTreeOf<api::Workload>(), &known);
  AddNames(api::FieldTreeOf<api::Topology>(), &known);
  AddNames(api::FieldTreeOf<api::AdmissionCheck>(), &known);
  AddNames(api::FieldTreeOf<api::WorkloadPriorityClass>(), &known);
  // The codec reads the two forms of a topology assignment without a table.
  AddNames(GoTypeOf(kKueue, "Workload"), &known);
  AddNames(*GoOldKueueTypeOf("Workload"), &known);
  const std::regex field(R"rx(\bField\("([A-Za-z]+)"\))rx");
  size_t seen = 0;
  for (const char* path :
       {"api/field_errors.cc", "api/topology_assignment.cc", "api/validate_cluster_queue.cc", "api/validate_quota.cc",
        "api/validate_schema.cc", "api/validate_workload.cc", "api/validate_workload_update.cc", "api/validation.cc"}) {
    std::ifstream in(path);
    ASSERT_TRUE(in.is_open()) << path;
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    for (std::sregex_iterator it(text.begin(), text.end(), field), end; it != end; ++it, ++seen) {
      EXPECT_EQ(known.count((*it)[1]), 1u) << path << " speaks of " << (*it)[1];
    }
  }
  EXPECT_GT(seen, 150u);
}

}  // namespace
}  // namespace muster::webhook
