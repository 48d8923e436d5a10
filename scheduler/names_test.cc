#include "scheduler/names.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace muster::scheduler {
namespace {

TEST(NamesTest, NamesStayWhatAndWhereTheyAreWhileOthersAreAdded) {
  NameList names;
  std::vector<const std::string*> where;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(names.size(), i);
    where.push_back(&names.Add("name " + std::to_string(i)));
  }
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(&names[i], where[i]);
    EXPECT_EQ(names[i], "name " + std::to_string(i));
  }
}

TEST(NamesTest, WhatWasThereMayBeReadWhileOthersAreAdded) {
  NameList names;
  for (int i = 0; i < 10; ++i) names.Add(std::to_string(i));
  std::thread reader([&names] {
    for (int round = 0; round < 1000; ++round) {
      for (int i = 0; i < 10; ++i) EXPECT_EQ(names[i], std::to_string(i));
    }
  });
  for (int i = 10; i < 10'000; ++i) names.Add(std::to_string(i));
  reader.join();
}

}  // namespace
}  // namespace muster::scheduler
