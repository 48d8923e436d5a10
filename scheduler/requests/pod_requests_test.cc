// What a pod asks for in total, and what is filled in before that is worked out.
#include "scheduler/requests/pod_requests.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

using Amounts = std::vector<NamedAmount>;

api::Container Ask(int64_t milli_cpu, const std::string& restart = "") {
  api::Container c;
  c.restart_policy = restart;
  c.resources.requests["cpu"] = api::Quantity::FromMilli(milli_cpu);
  return c;
}

TEST(PodRequests, ContainersAddUpInitContainersPeakSidecarsStay) {
  api::PodSpec spec;
  spec.containers = {Ask(200), Ask(300)};
  EXPECT_EQ(PodRequests(spec)[0].amount, 500);
  spec.init_containers = {Ask(800)};
  EXPECT_EQ(PodRequests(spec)[0].amount, 800);
  spec.init_containers = {Ask(100, "Always"), Ask(800)};
  EXPECT_EQ(PodRequests(spec)[0].amount, 900);  // the sidecar runs beside the second init container
  spec.init_containers = {Ask(100, "Always")};
  EXPECT_EQ(PodRequests(spec)[0].amount, 600);
  spec.overhead["cpu"] = api::Quantity::FromMilli(50);
  EXPECT_EQ(PodRequests(spec)[0].amount, 650);
}

TEST(PodRequests, LimitsStandInForRequests) {
  api::PodSpec spec;
  spec.containers = {Ask(200)};
  spec.containers[0].resources.limits["cpu"] = api::Quantity::FromMilli(100);
  AdjustResources({}, nullptr, &spec);
  EXPECT_EQ(PodRequests(spec)[0].amount, 200);
  spec.containers[0].resources.requests.clear();
  AdjustResources({}, nullptr, &spec);
  EXPECT_EQ(PodRequests(spec)[0].amount, 100);
}

TEST(PodRequests, ALimitRangesDefaultsForPodsAreForThoseWithResourcesOfTheirOwn) {
  api::LimitRange range;
  range.limits.emplace_back().type = "Pod";
  range.limits[0].default_request["cpu"] = api::Quantity::FromMilli(700);
  range.limits[0].default_limit["memory"] = api::Quantity::FromValue(1000);
  const std::vector<const api::LimitRange*> ranges = {&range};
  api::PodSpec spec;
  spec.containers = {Ask(200)};
  AdjustResources(ranges, nullptr, &spec);
  EXPECT_EQ(PodRequests(spec), (std::vector<NamedAmount>{{"cpu", 200}}));
  spec.resources.emplace();
  AdjustResources(ranges, nullptr, &spec);
  EXPECT_EQ(PodRequests(spec), (std::vector<NamedAmount>{{"cpu", 700}, {"memory", 1000}}));
}

TEST(PodRequests, WhatDoesNotFitIsUnlimited) {
  EXPECT_EQ(AmountOf("cpu", api::Quantity::Parse("1E").value()), quota::kUnlimited);
  EXPECT_EQ(AmountOf("memory", api::Quantity::Parse("1E").value()), 1000000000000000000);
}

// Kubernetes' rule: containers run together; init containers one after the other, each beside the sidecars that were
// started before it; sidecars go on running.
TEST(PodRequests, AreTheMostThatRunsAtOnce) {
  struct Case {
    const char* about;
    std::vector<api::Container> init, containers;
    int64_t total;
  };
  const Case kCases[] = {
      {"nothing", {}, {}, 0},
      {"containers add up", {}, {Ask(200), Ask(300)}, 500},
      {"a small init container hides behind them", {Ask(400)}, {Ask(200), Ask(300)}, 500},
      {"a large one counts alone", {Ask(800)}, {Ask(200), Ask(300)}, 800},
      {"of several init containers the largest", {Ask(600), Ask(800), Ask(700)}, {Ask(500)}, 800},
      {"a sidecar stays", {Ask(100, "Always")}, {Ask(500)}, 600},
      {"sidecars add up", {Ask(100, "Always"), Ask(200, "Always")}, {Ask(500)}, 800},
      {"an init container beside the sidecar before it", {Ask(100, "Always"), Ask(800)}, {Ask(500)}, 900},
      {"not beside the one after it", {Ask(800), Ask(100, "Always")}, {Ask(500)}, 800},
      {"a sidecar alone may be the most", {Ask(900, "Always")}, {}, 900},
      {"beside two sidecars", {Ask(100, "Always"), Ask(200, "Always"), Ask(700)}, {Ask(500)}, 1000},
      {"another restart policy is none", {Ask(100, "Never")}, {Ask(500)}, 500},
      {"a restart policy of a container is no matter", {}, {Ask(100, "Always"), Ask(200)}, 300},
  };
  for (const Case& c : kCases) {
    api::PodSpec spec;
    spec.init_containers = c.init;
    spec.containers = c.containers;
    const Amounts requests = PodRequests(spec);
    EXPECT_EQ(requests.empty() ? 0 : requests[0].amount, c.total) << c.about;
  }
}

TEST(PodRequests, PodLevelRequestsReplaceTheSumAndOverheadIsAdded) {
  api::PodSpec spec;
  spec.containers = {Ask(200)};
  spec.containers[0].resources.requests["memory"] = api::Quantity::FromValue(5);
  spec.resources.emplace();
  spec.resources->requests["cpu"] = api::Quantity::FromMilli(100);
  EXPECT_EQ(PodRequests(spec), (Amounts{{"cpu", 100}, {"memory", 5}}));
  spec.overhead["memory"] = api::Quantity::FromValue(2);
  spec.overhead["disk"] = api::Quantity::FromValue(1);
  EXPECT_EQ(PodRequests(spec), (Amounts{{"cpu", 100}, {"disk", 1}, {"memory", 7}}));
}

TEST(AdjustResources, OverheadIsTheRuntimeClassesUnlessThePodHasItsOwn) {
  api::RuntimeClass runtime;
  runtime.overhead_pod_fixed["cpu"] = api::Quantity::FromMilli(50);
  api::PodSpec spec;
  AdjustResources({}, &runtime, &spec);
  EXPECT_EQ(PodRequests(spec), (Amounts{{"cpu", 50}}));
  spec.overhead["cpu"] = api::Quantity::FromMilli(70);
  AdjustResources({}, &runtime, &spec);
  EXPECT_EQ(PodRequests(spec), (Amounts{{"cpu", 70}}));
}

TEST(AdjustResources, LimitRangesFillInWhatContainersLeaveOut) {
  api::LimitRange first, second;
  for (api::LimitRange* range : {&first, &second}) {
    range->limits.emplace_back().type = "PersistentVolumeClaim";
    range->limits[0].default_request["cpu"] = api::Quantity::FromMilli(9999);
    range->limits.emplace_back().type = "Container";
  }
  first.limits[1].default_request["cpu"] = api::Quantity::FromMilli(100);
  second.limits[1].default_request["cpu"] = api::Quantity::FromMilli(300);
  second.limits[1].default_limit["memory"] = api::Quantity::FromValue(7);
  const std::vector<const api::LimitRange*> ranges = {&first, &second};
  api::PodSpec spec;
  spec.containers.resize(2);
  spec.containers[1].resources.requests["cpu"] = api::Quantity::FromMilli(20);
  spec.init_containers.resize(1);
  AdjustResources(ranges, nullptr, &spec);
  EXPECT_EQ(spec.containers[0].resources.requests.at("cpu").MilliValue(), 100) << "the first that says so";
  EXPECT_EQ(spec.containers[1].resources.requests.at("cpu").MilliValue(), 20) << "it has its own";
  EXPECT_EQ(spec.init_containers[0].resources.requests.at("cpu").MilliValue(), 100);
  EXPECT_EQ(spec.containers[0].resources.limits.at("memory").Value(), 7);
  EXPECT_EQ(spec.containers[0].resources.requests.at("memory").Value(), 7) << "a limit stands in for a request";
  EXPECT_FALSE(spec.resources.has_value());
}

TEST(AdjustResources, ThePodsOwnLimitStandsInForItsRequest) {
  api::PodSpec spec;
  spec.resources.emplace();
  spec.resources->limits["cpu"] = api::Quantity::FromMilli(400);
  spec.resources->limits["memory"] = api::Quantity::FromValue(4);
  spec.resources->requests["memory"] = api::Quantity::FromValue(3);
  AdjustResources({}, nullptr, &spec);
  EXPECT_EQ(PodRequests(spec), (Amounts{{"cpu", 400}, {"memory", 3}}));
}

TEST(AmountOf, CoresAreCountedInThousandths) {
  EXPECT_EQ(AmountOf("cpu", api::Quantity::Parse("1500m").value()), 1500);
  EXPECT_EQ(AmountOf("cpu", api::Quantity::Parse("2").value()), 2000);
  EXPECT_EQ(AmountOf("memory", api::Quantity::Parse("2").value()), 2);
  EXPECT_EQ(AmountOf("memory", api::Quantity::Parse("1500m").value()), 2) << "rounded up";
  EXPECT_EQ(AmountOf("memory", api::Quantity::Parse("100E").value()), quota::kUnlimited);
}

}  // namespace
}  // namespace muster::scheduler
