// One record for each domain, seats and usage by flavor, and keys that come back once nobody speaks of them.
#include "scheduler/topology/domain_table.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

constexpr FlavorId kA(0), kB(1);
constexpr ResourceId kGpu(0), kNic(2);

TEST(DomainTable, OneRecordForEachDomain) {
  DomainTable table;
  const DomainRef host = table.Intern({"h1"}), rack = table.Intern({"b", "r"});
  EXPECT_EQ(host->name, "h1");
  EXPECT_EQ(rack->name, "b,r");
  EXPECT_EQ(rack->values, (std::vector<std::string>{"b", "r"}));
  EXPECT_NE(host->key, rack->key);
  EXPECT_EQ(table.Intern({"h1"}), host);
  EXPECT_EQ(table.Intern({"b", "r"}), rack);
  EXPECT_EQ(table.ref(rack->key), rack);
  EXPECT_EQ(table.num_keys(), 2);
}

TEST(DomainTable, SeatsAreByFlavor) {
  DomainTable table;
  const DomainRef host = table.Intern({"h"});
  EXPECT_EQ(table.FindSeat(host->key, kA), nullptr);
  table.SeatOf(host->key, kA).leaf = 7;
  table.SeatOf(host->key, kB).leaf = 8;
  EXPECT_EQ(table.SeatOf(host->key, kA).leaf, 7) << "the one that is there";
  EXPECT_EQ(table.FindSeat(host->key, kB)->leaf, 8);
  EXPECT_EQ(table.seats(host->key).size(), 2u);
  table.RemoveSeat(host->key, kA);
  EXPECT_EQ(table.FindSeat(host->key, kA), nullptr);
  EXPECT_EQ(table.FindSeat(host->key, kB)->leaf, 8);
  table.RemoveSeat(host->key, kA);  // is gone already
  EXPECT_EQ(table.seats(host->key).size(), 1u);
}

TEST(DomainTable, UsageIsByFlavorAndGoneOnceItIsNothing) {
  DomainTable table;
  const DomainRef host = table.Intern({"h"});
  const std::vector<ResourceAmount> one = {{kGpu, 2}, {kNic, 1}}, other = {{kGpu, 5}};
  table.AddUse(host->key, kA, one, 3);
  table.AddUse(host->key, kB, other, 1);
  ASSERT_EQ(table.uses(host->key).size(), 2u);
  EXPECT_EQ(table.uses(host->key)[0].flavor, kA);
  EXPECT_EQ(table.uses(host->key)[0].amounts, (std::vector<quota::Amount>{6, 0, 3}));
  EXPECT_EQ(table.uses(host->key)[1].amounts, (std::vector<quota::Amount>{5}));
  table.AddUse(host->key, kA, one, -1);
  EXPECT_EQ(table.uses(host->key)[0].amounts, (std::vector<quota::Amount>{4, 0, 2}));
  table.AddUse(host->key, kA, one, -2);
  ASSERT_EQ(table.uses(host->key).size(), 1u);
  EXPECT_EQ(table.uses(host->key)[0].flavor, kB);
}

// Of many names that nobody holds, the table forgets those that stand for nothing.
TEST(DomainTable, SweepsWhatNobodySpeaksOf) {
  DomainTable table;
  const DomainRef held = table.Intern({"held"});
  const DomainKey seated = table.Intern({"seated"})->key, used = table.Intern({"used"})->key;
  table.SeatOf(seated, kA);
  table.AddUse(used, kA, std::vector<ResourceAmount>{{kGpu, 1}}, 1);
  for (int i = 0; i < 1021; ++i) table.Intern({absl::StrCat("host", i)});
  EXPECT_EQ(table.num_keys(), 1024) << "nothing is swept before there are as many";
  const DomainRef fresh = table.Intern({"fresh"});
  EXPECT_EQ(table.num_keys(), 1024) << "it has the place of one that is gone";
  EXPECT_EQ(table.ref(held->key), held);
  EXPECT_EQ(table.Intern({"held"}), held);
  EXPECT_EQ(table.Intern({"seated"})->key, seated);
  EXPECT_EQ(table.Intern({"used"})->key, used);
  EXPECT_EQ(table.ref(fresh->key), fresh);
  // Every place is somebody's, and no two names have one.
  std::set<DomainKey> keys = {held->key, seated, used, fresh->key};
  std::vector<DomainRef> all;
  for (int i = 0; i < 1020; ++i) {
    all.push_back(table.Intern({absl::StrCat("new", i)}));
    EXPECT_TRUE(keys.insert(all.back()->key).second);
  }
  EXPECT_EQ(table.num_keys(), 1024);
  // All of them are held: the table grows, and looks again only when it has doubled.
  for (int i = 1020; i < 2044; ++i) all.push_back(table.Intern({absl::StrCat("new", i)}));
  EXPECT_EQ(table.num_keys(), 2048);
  const size_t half = all.size() / 2;
  all.resize(half);
  const DomainRef last = table.Intern({"last"});
  EXPECT_EQ(table.num_keys(), 2048);
  EXPECT_EQ(table.ref(last->key), last);
  // After a crowd most places are nobody's, and stay so when there is another sweep.
  for (int i = 0; i < 3000; ++i) all.push_back(table.Intern({absl::StrCat("crowd", i)}));
  all.clear();
  for (int i = 0; i < 2000; ++i) table.Intern({absl::StrCat("passer-by", i)});
  const DomainKey keys_then = table.num_keys();
  for (int i = 2000; i < 9000; ++i) table.Intern({absl::StrCat("passer-by", i)});
  EXPECT_EQ(table.num_keys(), keys_then);
  EXPECT_EQ(table.Intern({"last"}), last);
  EXPECT_EQ(table.Intern({"seated"})->key, seated);
}

}  // namespace
}  // namespace muster::scheduler
