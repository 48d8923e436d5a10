// Dense ids that cannot be taken for each other: an id of one kind is never assigned, passed or compared as another.
//
// An id is an index; it converts to int32_t by itself, so that tables by id are plain vectors, and from a number only
// where that is said in so many words. Thread-safety: value types.
#ifndef MUSTER_BASE_STRONG_ID_H_
#define MUSTER_BASE_STRONG_ID_H_

#include <compare>
#include <cstdint>
#include <utility>

namespace muster::base {

// No id of any kind; -1 as a number.
struct NoId {
  constexpr operator int32_t() const { return -1; }
};

// `Tag` is any type; it makes the kind.
template <typename Tag>
class StrongId {
 public:
  constexpr StrongId() = default;  // none
  constexpr StrongId(NoId) {}      // NOLINT: none, in words
  constexpr explicit StrongId(int32_t value) : value_(value) {}
  template <typename Other>
  explicit StrongId(StrongId<Other>) = delete;

  constexpr operator int32_t() const { return value_; }  // NOLINT: an index
  constexpr StrongId& operator++() {
    ++value_;
    return *this;
  }

  friend constexpr bool operator==(StrongId, StrongId) = default;
  friend constexpr auto operator<=>(StrongId, StrongId) = default;
  template <typename Other>
  bool operator==(StrongId<Other>) const = delete;
  template <typename Other>
  bool operator<(StrongId<Other>) const = delete;
  template <typename H>
  friend H AbslHashValue(H h, StrongId id) {
    return H::combine(std::move(h), id.value_);
  }

 private:
  int32_t value_ = -1;
};

}  // namespace muster::base

#endif  // MUSTER_BASE_STRONG_ID_H_
