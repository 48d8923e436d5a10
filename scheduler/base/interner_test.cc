// Names to ids and back, and Kueue's order of resources.
#include "scheduler/base/interner.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace muster::scheduler {
namespace {

TEST(Interner, IdsAreInOrderOfFirstMention) {
  FlavorNames names;
  EXPECT_EQ(names.size(), 0);
  EXPECT_EQ(names.Find("a"), kNoId);
  EXPECT_EQ(names.Intern("b"), FlavorId(0));
  EXPECT_EQ(names.Intern("a"), FlavorId(1));
  EXPECT_EQ(names.Intern("b"), FlavorId(0));
  EXPECT_EQ(names.Intern(""), FlavorId(2)) << "the empty name is one, too";
  EXPECT_EQ(names.size(), 3);
  EXPECT_EQ(names.Find("a"), FlavorId(1));
  EXPECT_EQ(names.Find("c"), kNoId);
  EXPECT_EQ(names.Name(FlavorId(0)), "b");
  EXPECT_EQ((*names.SharedNames())[FlavorId(1)], "a");
}

TEST(Interner, HasTheIdsItGave) {
  FlavorNames names;
  names.Intern("a");
  EXPECT_TRUE(names.Has(FlavorId(0)));
  EXPECT_FALSE(names.Has(FlavorId(1)));
  EXPECT_FALSE(names.Has(kNoId));
  EXPECT_DEATH(names.Name(FlavorId(1)), "id 1 of 1 names");
  EXPECT_DEATH(names.Name(kNoId), "id -1 of 1 names");
}

TEST(Interner, SharedNamesOutliveItAndHaveThoseThatCameLater) {
  std::shared_ptr<const NameList> shared;
  {
    FlavorNames names;
    shared = names.SharedNames();
    names.Intern("a");
  }
  EXPECT_EQ((*shared)[0], "a");
}

TEST(Interner, NamesStayWhereTheyAreAsMoreCome) {
  FlavorNames names;
  const std::string& first = names.Name(names.Intern("first"));
  for (int i = 0; i < 1000; ++i) names.Intern(absl::StrCat("name", i));
  EXPECT_EQ(&names.Name(FlavorId(0)), &first);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(names.Find(absl::StrCat("name", i)), FlavorId(i + 1));
}

// The FNV-1a-64 hashes, as published: "" cbf29ce484222325, "a" af63dc4c8601ec8c, "b" af63df4c8601f1a5,
// "foobar" 85944171f73967e8.
TEST(Interner, ResourcesAreWalkedByTheirHash) {
  ResourceNames names;
  const ResourceId a = names.Intern("a"), empty = names.Intern(""), foobar = names.Intern("foobar"),
                   b = names.Intern("b");
  EXPECT_TRUE(names.HashedBefore(foobar, a));
  EXPECT_TRUE(names.HashedBefore(a, b));
  EXPECT_TRUE(names.HashedBefore(b, empty));
  EXPECT_FALSE(names.HashedBefore(a, foobar));
  EXPECT_FALSE(names.HashedBefore(empty, a));
  EXPECT_FALSE(names.HashedBefore(a, a));
}

}  // namespace
}  // namespace muster::scheduler
