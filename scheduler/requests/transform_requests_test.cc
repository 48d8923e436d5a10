#include "scheduler/requests/transform_requests.h"

#include <string>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

RequestTransformation Make(std::string input, bool replace, std::map<std::string, double> outputs,
                           std::string multiply_by = "") {
  RequestTransformation t;
  t.input = std::move(input);
  t.replace = replace;
  t.outputs = std::move(outputs);
  t.multiply_by = std::move(multiply_by);
  return t;
}

struct TransformCase {
  const char* about;
  std::vector<NamedAmount> requests;
  std::vector<RequestTransformation> transformations;
  std::vector<NamedAmount> want;
};

TEST(TransformRequests, Table) {
  const std::string mig = "nvidia.com/mig-1g.5gb", gpu = "nvidia.com/gpu";
  const TransformCase cases[] = {
      {"nothing to transform", {{"cpu", 1000}}, {}, {{"cpu", 1000}}},
      {"an input that is not requested adds nothing",
       {{"cpu", 1000}},
       {Make(mig, true, {{"credits", 2}})},
       {{"cpu", 1000}}},
      {"Replace drops the input", {{mig, 3}}, {Make(mig, true, {{"credits", 2}})}, {{"credits", 6}}},
      {"Retain keeps the input", {{mig, 3}}, {Make(mig, false, {{"credits", 2}})}, {{"credits", 6}, {mig, 3}}},
      {"two inputs add up in one output",
       {{gpu, 1}, {mig, 2}},
       {Make(gpu, true, {{"credits", 10}}), Make(mig, true, {{"credits", 1}})},
       {{"credits", 12}}},
      {"an output joins what is requested of it anyway",
       {{"credits", 5}, {gpu, 1}},
       {Make(gpu, true, {{"credits", 10}})},
       {{"credits", 15}}},
      {"cpu is in cores on both sides", {{"cpu", 500}}, {Make("cpu", true, {{"vcpu", 4}})}, {{"vcpu", 2}}},
      {"an output of cpu is in milli", {{gpu, 2}}, {Make(gpu, true, {{"cpu", 1.5}})}, {{"cpu", 3000}}},
      {"fractions are rounded up", {{gpu, 1}}, {Make(gpu, true, {{"credits", 0.1}})}, {{"credits", 1}}},
      {"multiplied by another resource",
       {{"memory", 4}, {gpu, 2}},
       {Make("memory", false, {{"total", 1}}, gpu)},
       {{"memory", 4}, {gpu, 2}, {"total", 8}}},
      {"a factor that is not requested is one",
       {{"memory", 4}},
       {Make("memory", false, {{"total", 1}}, gpu)},
       {{"memory", 4}, {"total", 4}}},
      {"a negative sum counts as nothing",
       {{"credits", 5}, {gpu, 1}},
       {Make(gpu, true, {{"credits", -10}})},
       {{"credits", 5}}},
      {"what does not fit is unlimited",
       {{gpu, 10}},
       {Make(gpu, true, {{"credits", 1e18}})},
       {{"credits", quota::kUnlimited}}},
  };
  for (const TransformCase& c : cases) {
    EXPECT_EQ(TransformRequests(c.requests, c.transformations), c.want) << c.about;
  }
}

}  // namespace
}  // namespace muster::scheduler
