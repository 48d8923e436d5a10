// The engine against a naive model on every world of a few families of tiny clusters (small_world_families.h): the same
// heads in the same order, the same flavors, victims and reasons, the same usage afterwards. The model
// (small_world_model.h) is written from the description of Kueue's rules and shares no code with the engine.
//
// By default every how-maniest world of a family is taken, 144,641 in all; MUSTER_SMALL_WORLDS=all in the environment
// takes all 1,787,904 (bazel test --test_env=MUSTER_SMALL_WORLDS=all --test_timeout=3600).
#include <cstdlib>
#include <map>
#include <string>

#include "gtest/gtest.h"
#include "scheduler/small_world_engine.h"
#include "scheduler/small_world_families.h"
#include "scheduler/small_world_model.h"

namespace muster::scheduler::small {
namespace {

bool All() {
  const char* const value = std::getenv("MUSTER_SMALL_WORLDS");
  return value != nullptr && std::string(value) == "all";
}
long Stride(const Family& family) { return All() ? 1 : family.stride; }

class SmallWorldsTest : public testing::TestWithParam<Family> {};

TEST_P(SmallWorldsTest, EngineAndModelAgree) {
  const Family& family = GetParam();
  const long size = SizeOf(family);
  std::map<std::string, long> seen;
  long differ = 0;
  for (long code = 0; code < size; code += Stride(family)) {
    const World world = MakeWorld(family, code);
    const Outcome model = DecideNaively(world), engine = DecideWithEngine(world);
    for (const Verdict& v : model.verdicts) {
      ++seen[std::string(ToString(v.mode)) + (v.targets.empty() ? "" : " with victims")];
    }
    if (model == engine) continue;
    if (++differ <= 3) {
      ADD_FAILURE() << "world " << code << " of " << family.name << "\n"
                    << ToString(world) << "\nmodel:\n"
                    << ToString(model) << "\nengine:\n"
                    << ToString(engine);
    }
  }
  EXPECT_EQ(differ, 0) << "of " << size / Stride(family) << " worlds";
  // An agreement about nothing would be none.
  for (const char* kind : {"Fit", "NoFit", "Preempt", "Preempt with victims"}) EXPECT_GE(seen[kind], 50) << kind;
}

// Names, units and the order of declaration are not reasons.
TEST_P(SmallWorldsTest, DisguisesChangeNothing) {
  const Family& family = GetParam();
  const long size = SizeOf(family), stride = Stride(family) * 7;
  const Disguise kDisguises[] = {{"z-", 1, false}, {"", 1000, false}, {"", 1, true}};
  int which = 0;
  for (long code = 0; code < size; code += stride) {
    const World world = MakeWorld(family, code);
    const Disguise& disguise = kDisguises[++which % 3];
    const Outcome plain = DecideWithEngine(world), disguised = DecideWithEngine(world, disguise);
    ASSERT_EQ(ToString(plain), ToString(disguised))
        << "world " << code << " of " << family.name << " with prefix \"" << disguise.prefix << "\", scale "
        << disguise.scale << (disguise.backwards ? ", backwards" : "") << "\n"
        << ToString(world);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, SmallWorldsTest, testing::ValuesIn(Families()),
                         [](const auto& info) { return info.param.name; });

TEST(SmallWorlds, AreEnough) {
  long taken = 0, all = 0;
  for (const Family& family : Families()) {
    taken += (SizeOf(family) + family.stride - 1) / family.stride;
    all += SizeOf(family);
  }
  EXPECT_GE(taken, 100000);
  EXPECT_EQ(all, 1787904);
}

}  // namespace
}  // namespace muster::scheduler::small
