// Placement against brute force: on every generated small tree the placer's answer is feasible, keeps what is required,
// and uses no more domains at the requested level than any other answer would have to.
#include <algorithm>
#include <random>

#include "gtest/gtest.h"
#include "scheduler/topology/assigner.h"
#include "scheduler/topology/inventory.h"

namespace muster::scheduler {
namespace {

constexpr char kBlock[] = "block", kRack[] = "rack";

// A topology of blocks, racks and hosts with given free slots per host, kept in a cache.
class World {
 public:
  explicit World(EngineOptions options = {})
      : options_(std::move(options)), inventory_(&flavors_, &resources_, &options_) {
    api::Topology topology;
    topology.metadata.name = "t";
    topology.levels = {kBlock, kRack, kHostnameLabel};
    inventory_.SetTopology(topology);
    api::ResourceFlavor flavor;
    flavor.metadata.name = "f";
    flavor.topology_name = "t";
    inventory_.SetFlavor(flavor);
    flavor_ = flavors_.Find("f");
    pods_ = resources_.Intern("pods");
  }

  void AddHost(int block, int rack, int host, int slots) {
    api::Node node;
    const std::string b = "b" + std::to_string(block), r = b + "r" + std::to_string(rack);
    node.metadata.name = r + "h" + std::to_string(host);
    node.metadata.labels = {{kBlock, b}, {kRack, r}, {kHostnameLabel, node.metadata.name}};
    node.allocatable["pods"] = *api::Quantity::Parse(std::to_string(slots));
    api::Condition ready;
    ready.type = "Ready";
    ready.status = "True";
    node.conditions = {ready};
    inventory_.SetNode(node);
    nodes_.push_back(node);
  }

  TopologyTree& tree() { return *inventory_.tree(flavor_); }
  TopologyInventory& cache() { return inventory_; }
  EngineOptions& options() { return options_; }
  FlavorId flavor() const { return flavor_; }
  const std::vector<api::Node>& nodes() const { return nodes_; }
  std::vector<ResourceAmount> PerPod() const { return {{pods_, 1}}; }

  TopologyAnswer::PodSet Ask(const api::TopologyRequest& request, int count, bool empty = false) {
    TopologyPodSet p;
    p.flavor = flavor_;
    p.spec = &spec_;
    p.request = &request;
    p.per_pod = PerPod();
    p.count = count;
    TopologyQuestion question;
    question.pod_sets = {p};
    question.simulate_empty = empty;
    return FindTopologyAssignments(inventory_, options_, resources_, question).pod_sets.at(0);
  }
  // The same with every list written out.
  Placement AskBothWays(const api::TopologyRequest& request, int count, bool* fits) {
    TopologyFailure ignored;
    const TopologyPlan plan = *PlanTopology(tree(), &request, false, true, &ignored);
    PodShape shape;
    shape.requests = PerPod();
    shape.slice_size = plan.slice_size;
    shape.slice_level = plan.slice_level;
    shape.inner_size = plan.inner_size;
    TopologyCounts& kept = inventory_.CountsFor(flavor_, shape);
    TopologyCounts fresh(tree(), shape);
    fresh.Sync();
    for (DomainId d = 0; d < tree().num_domains(); ++d) EXPECT_EQ(kept.at(d), fresh.at(d)) << tree().Path(d);
    PlacerOptions fast, general;
    general.force_general = true;
    Placement by_orders, by_lists;
    const auto a = PlacePods(kept, plan, count, 0, fast, resources_, &by_orders);
    const auto b = PlacePods(fresh, plan, count, 0, general, resources_, &by_lists);
    EXPECT_EQ(a, b);
    if (!a.has_value()) {
      EXPECT_EQ(by_orders.workers, by_lists.workers);
    }
    *fits = !a.has_value();
    return by_orders;
  }

 private:
  EngineOptions options_;
  FlavorNames flavors_;
  ResourceNames resources_;
  TopologyInventory inventory_;
  FlavorId flavor_;
  ResourceId pods_;
  api::PodSpec spec_;
  std::vector<api::Node> nodes_;
};

struct Shape {
  std::vector<std::vector<std::vector<int>>> slots;  // [block][rack][host]
};

void Fill(World& world, const Shape& shape) {
  for (size_t b = 0; b < shape.slots.size(); ++b) {
    for (size_t r = 0; r < shape.slots[b].size(); ++r) {
      for (size_t h = 0; h < shape.slots[b][r].size(); ++h) world.AddHost(b, r, h, shape.slots[b][r][h]);
    }
  }
}

// Room of each domain of a level in units of whole slices; slices may not be split over domains of slice_level.
std::vector<std::vector<int>> RoomByBlock(const Shape& shape, int level, int slice_level, int size) {
  std::vector<std::vector<int>> out;  // [block][domain of the level within it]
  for (const auto& block : shape.slots) {
    int in_block = 0;
    std::vector<int> racks, hosts;
    for (const auto& rack : block) {
      int pods = 0, whole = 0;
      for (const int slots : rack) {
        hosts.push_back(slots / size);
        pods += slots;
        whole += slots / size;
      }
      racks.push_back(slice_level == 2 ? whole : pods / size);
      in_block += racks.back();
    }
    if (slice_level == 0) {
      int pods = 0;
      for (const auto& rack : block) {
        for (const int slots : rack) pods += slots;
      }
      in_block = pods / size;
    }
    out.push_back(level == 0 ? std::vector<int>{in_block} : level == 1 ? racks : hosts);
  }
  return out;
}

// Fewest domains of the level that hold `needed` slices, by trying all subsets; -1 if none do.
int FewestBySubsets(const std::vector<int>& room, int needed) {
  int best = -1;
  for (int subset = 0; subset < 1 << room.size(); ++subset) {
    int sum = 0;
    for (size_t i = 0; i < room.size(); ++i) sum += subset >> i & 1 ? room[i] : 0;
    const int size = __builtin_popcount(subset);
    if (sum >= needed && (best < 0 || size < best)) best = size;
  }
  return best;
}

std::vector<Shape> SmallTrees() {
  std::vector<Shape> out;
  // All of 1 to 2 blocks with 1 to 2 racks with 1 to 2 hosts with 0 to 2 slots would be many; these are every
  // assignment of 0, 1 and 3 slots to the hosts of five fixed structures.
  const std::vector<std::vector<std::vector<int>>> structures = {{{1}},         {{2}},         {{1, 1}},
                                                                 {{2, 1}, {1}}, {{1, 1}, {2}}, {{2}, {1, 1}}};
  constexpr int kSlots[] = {0, 1, 3};
  for (const auto& structure : structures) {
    int hosts = 0;
    for (const auto& block : structure) {
      for (const int n : block) hosts += n;
    }
    int worlds = 1;
    for (int i = 0; i < hosts; ++i) worlds *= 3;
    for (int world = 0; world < worlds; ++world) {
      Shape shape;
      int code = world;
      for (const auto& block : structure) {
        shape.slots.emplace_back();
        for (const int n : block) {
          shape.slots.back().emplace_back();
          for (int h = 0; h < n; ++h, code /= 3) shape.slots.back().back().push_back(kSlots[code % 3]);
        }
      }
      out.push_back(std::move(shape));
    }
  }
  return out;
}

// Every domain holds no more than it has room for, and all pods are placed, in whole slices.
void ExpectFeasible(const Shape& shape, const TopologyPlacement& placement, int count, int slice_level, int size) {
  std::map<std::string, int> by_host, by_rack, by_block;
  for (const auto& d : placement.domains) {
    const std::string& host = d.domain->values[0];
    by_host[host] += d.count;
    by_rack[host.substr(0, host.find('h'))] += d.count;
    by_block[host.substr(0, host.find('r'))] += d.count;
  }
  EXPECT_EQ(placement.Pods(), count);
  for (const auto& [host, pods] : by_host) {
    int b = 0, r = 0, h = 0;
    ASSERT_EQ(sscanf(host.c_str(), "b%dr%dh%d", &b, &r, &h), 3);
    EXPECT_LE(pods, shape.slots[b][r][h]) << host;
  }
  for (const auto& [name, pods] : slice_level == 0 ? by_block : slice_level == 1 ? by_rack : by_host) {
    EXPECT_EQ(pods % size, 0) << name;
  }
}

int DomainsUsed(const TopologyPlacement& placement, int level) {
  std::set<std::string> used;
  for (const auto& d : placement.domains) {
    const std::string& host = d.domain->values[0];
    used.insert(level == 0 ? host.substr(0, host.find('r')) : level == 1 ? host.substr(0, host.find('h')) : host);
  }
  return static_cast<int>(used.size());
}

TEST(TopologyPlacement, SmallTreesAgainstBruteForce) {
  const char* const levels[] = {kBlock, kRack, kHostnameLabel};
  int worlds = 0, placed = 0;
  for (const Shape& shape : SmallTrees()) {
    World world;
    Fill(world, shape);
    ++worlds;
    for (int level = 0; level < 3; ++level) {
      for (const bool required : {true, false}) {
        for (int slice_level = level; slice_level < 3; ++slice_level) {
          for (const int size : {1, 2}) {
            if (size == 1 && slice_level != 2) continue;
            for (int count = size; count <= 6; count += size) {
              api::TopologyRequest request;
              (required ? request.required : request.preferred) = levels[level];
              if (size > 1) {
                request.pod_set_slice_required_topology = levels[slice_level];
                request.pod_set_slice_size = size;
              }
              const auto room = RoomByBlock(shape, level, slice_level, size);
              std::vector<int> flat;
              for (const auto& block : room) flat.insert(flat.end(), block.begin(), block.end());
              const int needed = count / size;
              const int most = *std::max_element(flat.begin(), flat.end());
              const bool possible = required ? most >= needed : FewestBySubsets(flat, needed) >= 0;
              const auto got = world.Ask(request, count);
              SCOPED_TRACE(testing::Message() << "level " << level << " slices of " << size << " at " << slice_level
                                              << " count " << count << (required ? " required" : " preferred"));
              ASSERT_EQ(got.placement.has_value(), possible);
              if (!possible) continue;
              ++placed;
              ExpectFeasible(shape, *got.placement, count, slice_level, size);
              if (required) {
                ASSERT_EQ(DomainsUsed(*got.placement, level), 1);
              }
              // Preferred: one domain of the lowest level at or above that can hold all; if several blocks are needed,
              // as few as possible of them.
              if (most >= needed) {
                EXPECT_EQ(DomainsUsed(*got.placement, level), 1);
              } else {
                std::vector<int> blocks;
                for (const auto& block : RoomByBlock(shape, 0, slice_level, size)) blocks.push_back(block[0]);
                const int fewest = FewestBySubsets(blocks, needed);
                EXPECT_EQ(DomainsUsed(*got.placement, 0), fewest);
                // Within one block no other choice takes fewer domains of the requested level.
                if (fewest == 1 && level > 0) {
                  int best = 99;
                  for (const auto& block : room) {
                    const int n = FewestBySubsets(block, needed);
                    if (n > 0) best = std::min(best, n);
                  }
                  // Kueue takes the tightest block, which may need more racks than a roomier one would.
                  const int used = DomainsUsed(*got.placement, level);
                  EXPECT_GE(used, best);
                  bool as_good_as_its_block = false;
                  for (const auto& block : room) as_good_as_its_block |= FewestBySubsets(block, needed) == used;
                  EXPECT_TRUE(as_good_as_its_block) << used;
                }
              }
            }
          }
        }
      }
    }
  }
  EXPECT_GT(worlds, 200);
  EXPECT_GT(placed, 1000);
}

// The way by kept orders decides what the way by full lists decides, and counts kept up to date are those counted anew.
TEST(TopologyPlacement, OrdersAgreeWithListsWhileUsageChanges) {
  std::mt19937 random(7);
  const auto pick = [&random](int n) { return static_cast<int>(random() % n); };
  for (int round = 0; round < 20; ++round) {
    World world;
    Shape shape;
    for (int b = 0; b < 1 + pick(3); ++b) {
      shape.slots.emplace_back();
      for (int r = 0; r < 1 + pick(4); ++r) {
        shape.slots.back().emplace_back();
        // Some racks have so many hosts that an order over them is kept.
        const int hosts = round % 5 == 0 ? 80 : 1 + pick(6);
        for (int h = 0; h < hosts; ++h) shape.slots.back().back().push_back(pick(5));
      }
    }
    Fill(world, shape);
    const char* const levels[] = {kBlock, kRack, kHostnameLabel};
    std::vector<std::pair<DomainRef, int>> running;
    for (int step = 0; step < 60; ++step) {
      api::TopologyRequest request;
      const int kind = pick(4), level = pick(3);
      if (kind == 0) request.required = levels[level];
      if (kind == 1) request.preferred = levels[level];
      if (kind == 2) request.unconstrained = true;
      if (kind == 3 || (kind < 2 && pick(2) == 0)) {
        const int from = kind == 3 ? 0 : level;
        request.pod_set_slice_required_topology = levels[from + pick(3 - from)];
        request.pod_set_slice_size = 1 + pick(3);
      }
      const int size = request.pod_set_slice_size.value_or(1);
      const int count = size * (1 + pick(12));
      bool fits = false;
      const Placement placement = world.AskBothWays(request, count, &fits);
      if (testing::Test::HasFailure()) {
        FAIL() << "round " << round << " step " << step << " kind " << kind << " level " << level << " size " << size
               << " count " << count;
      }
      if (fits && pick(2) == 0) {
        for (const PlacedPods& p : placement.workers) {
          const DomainRef domain = world.cache().DomainOf(world.flavor(), p.leaf);
          world.cache().Record(world.flavor(), domain->key, world.PerPod(), p.count);
          running.emplace_back(domain, p.count);
        }
      } else if (!running.empty()) {
        const auto [domain, n] = running.back();
        running.pop_back();
        world.cache().Record(world.flavor(), domain->key, world.PerPod(), -n);
      }
      if (pick(6) == 0) {
        // A host goes, comes back, or is new.
        api::Node node = world.nodes()[pick(world.nodes().size())];
        if (pick(3) == 0) {
          world.AddHost(pick(3), pick(4), 100 + step, pick(5));
        } else {
          node.unschedulable = pick(2) == 0;
          world.cache().SetNode(node);
        }
      }
    }
  }
}

// What was simulated leaves no trace.
TEST(TopologyPlacement, RollbackRestores) {
  World world;
  Fill(world, {{{{2, 2}, {3}}}});
  api::TopologyRequest request;
  request.required = kRack;
  const auto before = world.Ask(request, 3);
  std::optional<TopologyTrial> trial(world.cache());
  for (const auto& d : before.placement->domains)
    world.cache().Simulate(world.flavor(), d.key(), world.PerPod(), d.count);
  EXPECT_NE(world.Ask(request, 3).placement, before.placement);
  EXPECT_EQ(world.Ask(request, 3, /*empty=*/true).placement, before.placement);
  trial.reset();
  EXPECT_EQ(world.Ask(request, 3).placement, before.placement);
}

TEST(TopologyPlacement, FailureCarriesItsNumbers) {
  World world;
  Fill(world, {{{{2, 0}, {3}}}});
  api::TopologyRequest request;
  request.required = kRack;
  const auto got = world.Ask(request, 5);
  ASSERT_TRUE(got.failure.has_value());
  EXPECT_EQ(got.failure->fit, 3);
  EXPECT_EQ(got.failure->requested, 5);
  EXPECT_EQ(got.failure->resources.at("pods"), 1);
  EXPECT_EQ(ToString(*got.failure),
            "topology \"t\" allows to fit only 3 out of 5 pod(s). Total nodes: 3; excluded: resource \"pods\": 1");
}

}  // namespace
}  // namespace muster::scheduler
