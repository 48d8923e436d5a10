// The objects of a JSON document, one at a time, however long the document is. Internal to sim/trace.
#ifndef MUSTER_SIM_TRACE_JSON_ITEMS_H_
#define MUSTER_SIM_TRACE_JSON_ITEMS_H_

#include <cstddef>
#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace muster::sim {

constexpr size_t kMaxItem = 4 << 20;  // more than an API server takes

// Cuts text into objects by their brackets: those in the array "items" of an outermost object (a Kubernetes List),
// those of an outermost array, and outermost objects without items. What they hold is not looked at.
// Thread-safety: compatible.
class JsonItems {
 public:
  // REQUIRES: `in` outlives this.
  explicit JsonItems(std::istream* in);

  // The next object, and the line it begins at; false at the end. Errors: DataLoss if the input cannot be read, breaks
  // off inside of an object, or is no JSON between them; InvalidArgument for an object of more than kMaxItem bytes,
  // after which reading can go on.
  absl::StatusOr<bool> Next(std::string* item, int64_t* line);
  // The List's own fields that came before the item, as the text of a JSON object.
  std::string list() const { return "{" + own_ + "}"; }
  // Whether a List said that it goes on elsewhere (metadata.continue is not empty).
  bool goes_on() const { return goes_on_; }

 private:
  enum class Place { kOutside, kArray, kObject, kItems };

  int Get();  // the next byte, kAtEnd or kCannot
  int GetNonSpace();
  void PutBack(int c);
  // Read on to the end of what begins with `c`, which was read; false when the input ends before.
  bool ReadBrackets(int c, std::string* text);
  bool ReadString(std::string* text);
  bool ReadValue(int c, std::string* text);
  bool ReadField(bool* items);
  absl::StatusOr<bool> Item(std::string* item, std::string text);
  absl::Status Broken(int c) const;

  std::istream* in_;
  std::vector<char> chunk_;
  size_t at_ = 0, end_ = 0;
  int64_t line_ = 1, object_line_ = 1;
  Place place_ = Place::kOutside;
  bool has_items_ = false, goes_on_ = false;
  std::string own_;    // fields of the outermost object, but for its items
  absl::Status read_;  // what the input says
};

}  // namespace muster::sim

#endif  // MUSTER_SIM_TRACE_JSON_ITEMS_H_
