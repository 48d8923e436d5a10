// The placer against the naive model (placement_model.h) on random small trees: the same domains with the same pods,
// the same place for the leader, and, where there is no place, the same number of what would fit.
#include "scheduler/topology/placer.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "scheduler/topology/placement_model.h"

namespace muster::scheduler {
namespace {

constexpr ResourceId kGpu(0);

// A tree for the placer and the same for the model.
class World {
 public:
  explicit World(int levels) : tree_("t", Levels(levels)) { resources_.Intern("gpu"); }

  static std::vector<std::string> Levels(int n) {
    const std::vector<std::string> all = {"block", "rack", kHostnameLabel};
    return {all.end() - n, all.end()};
  }

  // A host of `gpus` free GPUs; -1: it is not there at the moment.
  void AddHost(const std::vector<std::string>& path, int gpus, int affinity = 0) {
    const LeafId leaf = tree_.AddLeaf(path);
    api::Node& node = nodes_.emplace_back();
    node.metadata.name = path.back();
    node.metadata.labels["warmth"] = absl::StrCat(affinity);
    tree_.SetLeaf(leaf, gpus >= 0, {std::max(gpus, 0)}, gpus >= 0 ? &node : nullptr);
    if (gpus < 0) return;  // to the model it is not there at all
    std::vector<naive::Domain>* siblings = &roots_;
    for (size_t level = 0; level < path.size(); ++level) {
      const std::string name = siblings == &roots_ ? path[0] : absl::StrCat(above_->path, ",", path[level]);
      auto at = std::lower_bound(siblings->begin(), siblings->end(), name,
                                 [](const naive::Domain& d, const std::string& n) { return d.path < n; });
      if (at == siblings->end() || at->path != name) {
        at = siblings->insert(at, {name, static_cast<int>(level), {}, 0, 0, {}});
      }
      above_ = &*at;
      siblings = &at->children;
    }
    above_->free = gpus;
    above_->affinity = affinity;
  }

  naive::Answer Model(const naive::Request& r) const { return naive::Place(roots_, tree_.num_levels(), r); }

  naive::Answer Real(const naive::Request& r, bool force_general) const {
    TopologyPlan plan;
    plan.required = r.required;
    plan.unconstrained = r.unconstrained;
    plan.level = r.level;
    plan.slice_level = r.slice_level;
    plan.slice_size = r.slice_size;
    plan.inner_size.assign(r.inner.begin(), r.inner.end());
    PodShape shape;
    shape.requests = {{kGpu, r.worker_asks}};
    if (r.leaders > 0) shape.leader = {{kGpu, r.leader_asks}};
    shape.slice_level = r.slice_level;
    shape.slice_size = r.slice_size;
    shape.inner_size = plan.inner_size;
    shape.tight = r.tight;
    api::NodeAffinity affinity;
    for (int warmth = 1; warmth <= 2; ++warmth) {
      api::PreferredSchedulingTerm& term = affinity.preferred.emplace_back();
      term.weight = warmth;
      term.preference.match_expressions = {{"warmth", "In", {absl::StrCat(warmth)}}};
    }
    // Scored in any case; whether scores count is an option.
    shape.filter = std::make_shared<const NodeFilter>(api::StringMap(), affinity, std::vector<api::Toleration>(), true);
    PlacerOptions options;
    options.mixed_profile = r.mixed;
    options.balanced = r.balanced;
    options.respect_affinity = r.by_affinity;
    options.roomiest = r.roomiest;
    options.force_general = force_general;
    TopologyCounts counts(tree_, shape);
    counts.Sync();
    Placement placement;
    placement.workers = placement.leader = {{0, 99}};  // of an earlier answer
    naive::Answer out;
    const auto failure = PlacePods(counts, plan, r.count, r.leaders, options, resources_, &placement);
    if (failure.has_value()) {
      out.room = failure->fit;
      EXPECT_EQ(failure->requested, r.count / r.slice_size);
      EXPECT_EQ(failure->in_slices, r.slice_size != 1);
      return out;
    }
    out.fits = true;
    const auto take = [&](const std::vector<PlacedPods>& placed, std::map<std::string, int>* into) {
      std::vector<std::string> paths;
      for (const PlacedPods& p : placed) {
        paths.push_back(tree_.Path(tree_.DomainOf(p.leaf)));
        (*into)[paths.back()] += p.count;
      }
      EXPECT_TRUE(std::is_sorted(paths.begin(), paths.end()));
    };
    take(placement.workers, &out.workers);
    take(placement.leader, &out.leader);
    return out;
  }

  bool empty() const { return roots_.empty(); }
  int levels() const { return tree_.num_levels(); }

  std::string Print() const {
    std::string out;
    const auto print = [&](const auto& self, const naive::Domain& d) -> void {
      if (d.children.empty()) absl::StrAppend(&out, " ", d.path, ":", d.free, "/", d.affinity);
      for (const naive::Domain& child : d.children) self(self, child);
    };
    for (const naive::Domain& d : roots_) print(print, d);
    return out;
  }

 private:
  TopologyTree tree_;
  std::deque<api::Node> nodes_;
  ResourceNames resources_;
  std::vector<naive::Domain> roots_;
  naive::Domain* above_ = nullptr;
};

std::string Print(const naive::Request& r) {
  std::string out = absl::StrCat(r.count, " pods of ", r.worker_asks, r.required ? " required" : "",
                                 r.unconstrained ? " unconstrained" : "", " at ", r.level, " in slices of ",
                                 r.slice_size, " at ", r.slice_level);
  for (const int size : r.inner) absl::StrAppend(&out, "/", size);
  if (r.leaders > 0) absl::StrAppend(&out, ", leader of ", r.leader_asks);
  return absl::StrCat(out, r.mixed ? ", mixed" : "", r.tight ? ", tight" : "", r.roomiest ? ", roomiest" : "",
                      r.balanced ? ", balanced" : "", r.by_affinity ? ", affinity" : "");
}

std::string Print(const naive::Answer& a) {
  if (!a.fits) return absl::StrCat("does not fit, only ", a.room);
  std::string out;
  for (const auto& [path, n] : a.workers) absl::StrAppend(&out, " ", path, "=", n);
  for (const auto& [path, n] : a.leader) absl::StrAppend(&out, " leader ", path, "=", n);
  return out;
}

class Random {
 public:
  explicit Random(int seed) : random_(seed) {}
  int Below(int n) { return static_cast<int>(random_() % n); }
  bool Coin() { return Below(2) == 0; }

 private:
  std::mt19937 random_;
};

World MakeWorld(Random& random) {
  const char* const kLetters[] = {"b", "r", "h"};
  const int levels = 1 + std::min(2, random.Below(5));
  World world(levels);
  std::vector<std::vector<std::string>> paths = {{}};
  for (int level = 0; level < levels; ++level) {
    std::vector<std::vector<std::string>> longer;
    for (const auto& path : paths) {
      const int n = 1 + random.Below(level == 0 ? 4 : 3);
      for (int i = 0; i < n; ++i) {
        longer.push_back(path);
        // Ranks are those of the whole path.
        const int first = path.empty() ? 0 : 4 * (path.back().back() - '0');
        longer.back().push_back(absl::StrCat(kLetters[3 - levels + level], first + i));
      }
    }
    paths = std::move(longer);
  }
  const int most = 2 + random.Below(6), warm = random.Below(3);
  for (size_t i = paths.size(); i > 1; --i) std::swap(paths[i - 1], paths[random.Below(static_cast<int>(i))]);
  for (const auto& path : paths) {
    world.AddHost(path, random.Below(9) == 0 ? -1 : random.Below(most + 1), warm == 0 ? 0 : random.Below(3));
  }
  if (world.empty()) world.AddHost(paths[0], 1);
  return world;
}

naive::Request MakeRequest(Random& random, int levels) {
  naive::Request r;
  r.level = random.Below(levels);
  r.slice_level = levels - 1;
  const int kind = random.Below(4);
  r.required = kind == 0;
  r.unconstrained = kind == 1;
  if (random.Coin()) {
    r.slice_level = r.level + random.Below(levels - r.level);
    r.slice_size = 1 + random.Below(4);
    // Layers below that divide it.
    if (r.slice_size > 1 && r.slice_level < levels - 1 && random.Coin()) {
      r.inner.assign(levels, 0);
      const int size = r.slice_size == 4 && random.Coin() ? 2 : r.slice_size;
      for (int l = r.slice_level + 1; l <= r.slice_level + 1 + random.Below(levels - 1 - r.slice_level); ++l) {
        r.inner[l] = size;
      }
    }
  }
  r.count = r.slice_size * (1 + random.Below(9)) + (random.Below(8) == 0 ? random.Below(r.slice_size) : 0);
  r.worker_asks = 1 + (random.Below(3) == 0);
  r.leaders = random.Below(5) < 2;
  r.leader_asks = 1 + random.Below(3);
  r.mixed = random.Below(4) != 0;
  return r;
}

// Returns how many requests came to what.
std::map<std::string, int> Compare(int seed, int worlds, int requests,
                                   const std::function<void(Random&, naive::Request*)>& set) {
  Random random(seed);
  std::map<std::string, int> seen;
  for (int w = 0; w < worlds; ++w) {
    const World world = MakeWorld(random);
    for (int i = 0; i < requests; ++i) {
      naive::Request r = MakeRequest(random, world.levels());
      set(random, &r);
      const naive::Answer model = world.Model(r);
      ++seen[model.fits ? model.balanced ? "balanced" : "fits" : "does not fit"];
      for (const bool general : {false, true}) {
        const naive::Answer real = world.Real(r, general);
        if (real == model) continue;
        ADD_FAILURE() << "in" << world.Print() << "\n"
                      << Print(r) << (general ? ", the general way" : "") << "\nmodel:" << Print(model)
                      << "\nplacer:" << Print(real);
        return seen;
      }
    }
  }
  EXPECT_GT(seen["fits"], worlds * requests / 20);
  EXPECT_GT(seen["does not fit"], worlds * requests / 20);
  return seen;
}

TEST(Placer, FitsBestOrLeast) {
  Compare(1, 500, 40, [](Random&, naive::Request*) {});
}

TEST(Placer, PrefersNodesThatThePodsPrefer) {
  Compare(2, 500, 40, [](Random&, naive::Request* r) { r->by_affinity = true; });
}

TEST(Placer, PacksHostsByWhatIsLeftOver) {
  Compare(6, 500, 40, [](Random& random, naive::Request* r) {
    r->tight = true;
    r->worker_asks = 1 + random.Below(4);
    r->by_affinity = random.Below(6) == 0;
    r->roomiest = random.Below(3) == 0;
  });
  Compare(7, 300, 40, [](Random&, naive::Request* r) { r->roomiest = true; });
}

TEST(Placer, Balances) {
  std::map<std::string, int> seen = Compare(3, 500, 40, [](Random& random, naive::Request* r) {
    r->balanced = true;
    r->required = random.Below(12) == 0;
    r->unconstrained = random.Below(12) == 0;
    r->by_affinity = random.Below(4) == 0;
  });
  EXPECT_GT(seen["balanced"], 4000);
  // Leaders that take much: some domains can take the share of the others, or the leader, but not both.
  seen = Compare(4, 500, 40, [](Random& random, naive::Request* r) {
    r->balanced = true;
    r->required = r->unconstrained = false;
    r->leaders = 1;
    r->leader_asks = 1 + random.Below(5);
    r->mixed = true;
  });
  EXPECT_GT(seen["balanced"], 3000);
}

// Racks of more hosts than are looked at one by one; most of the hosts are full, so that racks run out.
TEST(Placer, WalksOrdersOfWideDomains) {
  Random random(5);
  int fits = 0;
  for (int w = 0; w < 60; ++w) {
    World world(2);
    const int racks = 1 + random.Below(3);
    int room = 0;
    for (int rack = 0; rack < racks; ++rack) {
      const int hosts = random.Below(3) == 0 ? 3 : 65 + random.Below(4);
      for (int h = 0; h < hosts; ++h) {
        const int gpus = random.Below(8) == 0 ? 1 + random.Below(5) : 0;
        world.AddHost({absl::StrCat("r", rack), absl::StrCat("h", h)}, gpus);
        room += gpus;
      }
    }
    for (int i = 0; i < 30; ++i) {
      naive::Request r = MakeRequest(random, 2);
      r.leaders = 0;
      r.worker_asks = 1;
      r.inner.clear();
      if (random.Coin()) r.required = false;
      r.count = r.slice_size * (1 + random.Below(room / r.slice_size + 2));
      const naive::Answer model = world.Model(r), real = world.Real(r, /*force_general=*/false);
      fits += model.fits;
      ASSERT_EQ(real, model) << "in" << world.Print() << "\n"
                             << Print(r) << "\nmodel:" << Print(model) << "\nplacer:" << Print(real);
    }
  }
  EXPECT_GT(fits, 500);
}

// With several layers the failure counts, for the best domain, what would fit on each.
TEST(Placer, SaysWhatWouldFitOnEachLayer) {
  TopologyTree tree("t", World::Levels(3));
  const std::vector<std::pair<std::vector<std::string>, int>> kHosts = {
      {{"b1", "r1", "h1"}, 3}, {{"b1", "r1", "h2"}, 4}, {{"b1", "r2", "h3"}, 5},
      {{"b2", "r3", "h4"}, 4}, {{"b2", "r4", "h5"}, 9}, {{"b3", "r5", "h6"}, 0}};
  for (const auto& [path, gpus] : kHosts) tree.SetLeaf(tree.AddLeaf(path), true, {gpus}, nullptr);
  tree.AddLeaf({"b0", "r0", "h0"});  // nothing is there
  ResourceNames resources;
  resources.Intern("gpu");
  TopologyPlan plan;
  plan.required = true;
  plan.slice_size = 4;
  plan.slice_level = 1;
  plan.inner_size = {0, 0, 2};
  plan.layers = {{"rack", 4}, {kHostnameLabel, 2}};
  PodShape shape;
  shape.requests = {{kGpu, 1}};
  shape.slice_size = 4;
  shape.slice_level = 1;
  shape.inner_size = plan.inner_size;
  TopologyCounts counts(tree, shape);
  counts.Sync();
  for (const bool general : {false, true}) {
    PlacerOptions options;
    options.force_general = general;
    Placement ignored;
    const auto failure = PlacePods(counts, plan, 16, 0, options, resources, &ignored);
    ASSERT_TRUE(failure.has_value());
    // b2: a slice of 4 in r3 and two in r4; pairs on hosts: 2 and 4.
    EXPECT_EQ(ToString(*failure),
              "topology \"t\" doesn't allow to fit; 3/4 slice(s) fit on level rack; 6/8 slice(s) fit on level "
              "kubernetes.io/hostname. Total nodes: 6; excluded: resource \"gpu\": 1");
    EXPECT_EQ(failure->fit, 3);
    EXPECT_EQ(failure->requested, 4);
  }
}

TEST(Placer, WithoutNodesThereIsNoDomain) {
  TopologyTree tree("t", World::Levels(2));
  tree.AddLeaf({"r", "h"});
  ResourceNames resources;
  TopologyPlan plan;
  plan.slice_level = 1;
  PodShape shape;
  shape.slice_level = 1;
  TopologyCounts counts(tree, shape);
  counts.Sync();
  for (const bool general : {false, true}) {
    for (const int level : {0, 1}) {
      plan.level = level;
      PlacerOptions options;
      options.force_general = general;
      Placement ignored;
      const auto failure = PlacePods(counts, plan, 1, 0, options, resources, &ignored);
      ASSERT_TRUE(failure.has_value());
      EXPECT_EQ(ToString(*failure),
                std::string("no topology domains at level: ") + (level == 0 ? "rack" : "kubernetes.io/hostname"));
    }
  }
}

}  // namespace
}  // namespace muster::scheduler
