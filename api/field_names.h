// The field names of the tables of api/ as trees, for tests that hold other tables against them. Test-only.
#ifndef MUSTER_API_FIELD_NAMES_H_
#define MUSTER_API_FIELD_NAMES_H_

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "api/fields_kueue.h"
#include "api/fields_workload.h"

namespace muster::api {

// The fields of a type.
struct FieldTree {
  std::map<std::string, FieldTree> fields;
  bool has_table = false;  // false: a scalar, a map, or something that is kept as it is
  bool open = false;       // there may be fields that are kept without being named
};

// A visitor of the tables (see fields_meta.h) that writes down their names.
class NameVisitor {
 public:
  explicit NameVisitor(FieldTree* tree) : tree_(*tree) { tree_.has_table = true; }

  template <class T>
  void Field(absl::string_view name, T& value) {
    Describe(value, Add(name));
  }
  template <class T>
  void Always(absl::string_view name, T& value) {
    Describe(value, Add(name));
  }
  template <class T>
  void Required(absl::string_view name, T& value) {
    Describe(value, Add(name));
  }
  template <class F>
  void Group(absl::string_view name, F fields) {
    NameVisitor nested(&Add(name));
    fields(nested);
  }
  template <class T, class F>
  void OptionalGroup(absl::string_view name, std::optional<T>& value, F fields) {
    Group(name, [&](NameVisitor& v) { fields(v, value.emplace()); });
  }
  void NameList(absl::string_view name, absl::string_view key, std::vector<std::string>& names) {
    (void)names;
    NameVisitor(&Add(name)).Add(key);
  }
  void Ignored(std::initializer_list<absl::string_view> names) {
    for (const absl::string_view name : names) Add(name);
  }
  void NoEffect(std::initializer_list<absl::string_view> names) { Ignored(names); }
  void IgnoreOthers() { tree_.open = true; }

 private:
  FieldTree& Add(absl::string_view name) { return tree_.fields[std::string(name)]; }

  template <class T>
  static void Describe(std::optional<T>& value, FieldTree& tree) {
    Describe(value.emplace(), tree);
  }
  template <class T>
  static void Describe(std::vector<T>& value, FieldTree& tree) {
    Describe(value.emplace_back(), tree);
  }
  template <class T>
  static void Describe(T& value, FieldTree& tree) {
    if constexpr (requires(NameVisitor & v) { Fields(v, value); }) {
      NameVisitor nested(&tree);
      Fields(nested, value);
    }
  }

  FieldTree& tree_;
};

template <class T>
FieldTree FieldTreeOf() {
  FieldTree tree;
  NameVisitor visitor(&tree);
  T value{};
  Fields(visitor, value);
  return tree;
}

}  // namespace muster::api

#endif  // MUSTER_API_FIELD_NAMES_H_
