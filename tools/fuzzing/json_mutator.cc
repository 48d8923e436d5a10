#include "tools/fuzzing/json_mutator.h"

#include <cstring>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

// libFuzzer's, or the driver's.
extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace muster::fuzzing {
namespace {

using nlohmann::json;

// Values that sit on the edges of some type.
const std::vector<json>& Edges() {
  static const auto& edges = *new std::vector<json>{nullptr,
                                                    true,
                                                    false,
                                                    0,
                                                    -1,
                                                    1,
                                                    2147483648,
                                                    INT64_MAX,
                                                    INT64_MIN,
                                                    UINT64_MAX,
                                                    0.5,
                                                    1e300,
                                                    "",
                                                    "a",
                                                    "A_b",
                                                    "x/y",
                                                    "x/y/z",
                                                    "-",
                                                    "true",
                                                    "1",
                                                    "100m",
                                                    "1Ei",
                                                    "9223372036854775808",
                                                    "10%",
                                                    std::string(64, 'a'),
                                                    std::string(254, 'a'),
                                                    "\u00e9",
                                                    std::string(1, '\0'),
                                                    json::object(),
                                                    json::array(),
                                                    json::array({nullptr}),
                                                    json::array({json::object()})};
  return edges;
}

void Collect(json& at, std::vector<json*>* out) {
  out->push_back(&at);
  if (!at.is_structured()) return;
  for (json& child : at) Collect(child, out);
}

class Mutation {
 public:
  Mutation(json* document, std::mt19937* random) : random_(*random) { Collect(*document, &values_); }

  void Apply() {
    json& at = Any();
    switch (Below(8)) {
      case 0:
        at = Edges()[Below(Edges().size())];
        break;
      case 1:
        at = json(Any());
        break;
      case 2:
        Erase(at);
        break;
      case 3:
        Double(at);
        break;
      case 4:
        Rename(at);
        break;
      case 5:
        Shift(at);
        break;
      default:
        Edit(at);
    }
  }

 private:
  size_t Below(size_t n) { return n == 0 ? 0 : random_() % n; }
  json& Any() { return *values_[Below(values_.size())]; }

  json::iterator Child(json& at) { return std::next(at.begin(), static_cast<ptrdiff_t>(Below(at.size()))); }

  void Erase(json& at) {
    if (at.is_structured() && !at.empty()) at.erase(Child(at));
  }

  void Double(json& at) {
    if (!at.is_array() || at.empty()) return;
    at.push_back(json(*Child(at)));
  }

  void Rename(json& at) {
    const json& other = Any();
    if (!at.is_object() || at.empty() || !other.is_object() || other.empty()) return;
    const std::string name = Child(const_cast<json&>(other)).key();
    const auto from = Child(at);
    json value = std::move(*from);
    at.erase(from);
    at[name] = std::move(value);
  }

  // A number or a numeral a little further.
  void Shift(json& at) {
    static const int kSteps[] = {-1, 1, 2, -100, 1000};
    if (at.is_number_integer()) at = static_cast<int64_t>(at.get<uint64_t>() + static_cast<uint64_t>(Step(kSteps)));
    if (at.is_string()) at = at.get<std::string>() + std::to_string(Step(kSteps));
  }
  template <size_t n>
  int Step(const int (&steps)[n]) {
    return steps[Below(n)];
  }

  void Edit(json& at) {
    if (!at.is_string()) return;
    std::string text = at.get<std::string>();
    const size_t size = text.size();
    text.resize(size + 16);
    text.resize(LLVMFuzzerMutate(reinterpret_cast<uint8_t*>(text.data()), size, text.size()));
    at = std::move(text);
  }

  std::vector<json*> values_;
  std::mt19937& random_;
};

}  // namespace

void MutateJson(json* document, std::mt19937* random) { Mutation(document, random).Apply(); }

size_t MutateJsonText(uint8_t* data, size_t size, size_t max_size, unsigned int seed) {
  std::mt19937 random(seed);
  json document = json::parse(data, data + size, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded() || random() % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
  for (unsigned int n = 1 + random() % 3; n > 0; --n) MutateJson(&document, &random);
  const std::string text = document.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, text.data(), text.size());
  return text.size();
}

}  // namespace muster::fuzzing
