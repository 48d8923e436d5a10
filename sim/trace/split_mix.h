// Random numbers that are the same with every compiler and library.
#ifndef MUSTER_SIM_TRACE_SPLIT_MIX_H_
#define MUSTER_SIM_TRACE_SPLIT_MIX_H_

#include <cstdint>
#include <string_view>

namespace muster::sim {

// Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014. Thread-safety: compatible.
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // In (0, 1]: never 0, so its logarithm is finite.
  double Unit() { return (static_cast<double>(Next() >> 11) + 1) * 0x1.0p-53; }

 private:
  uint64_t state_;
};

// A seed of its own for everything that has a name: what happens to one thing does not depend on what others there are
// (FNV-1a of the name, mixed with the seed).
inline uint64_t SeedFor(uint64_t seed, std::string_view name, uint64_t number = 0) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return SplitMix64(SplitMix64(hash ^ seed).Next() + number).Next();
}

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_SPLIT_MIX_H_
