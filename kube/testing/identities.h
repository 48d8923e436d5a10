// Where new objects get their UIDs and the ends of their names from.
#ifndef MUSTER_KUBE_TESTING_IDENTITIES_H_
#define MUSTER_KUBE_TESTING_IDENTITIES_H_

#include <cstdint>
#include <string>

#include "kube/object.h"

namespace muster::kube::testing {

// The default counts, so that every run gives the same. Thread-compatible.
class Identities {
 public:
  virtual ~Identities() = default;

  // The UID of an object that is being made.
  virtual std::string Uid(const ObjectKey& key);
  // What follows `key.name`, which is a generateName: five characters.
  virtual std::string Suffix(const ObjectKey& key);

 private:
  int64_t uids_ = 0, suffixes_ = 0;
};

}  // namespace muster::kube::testing

#endif  // MUSTER_KUBE_TESTING_IDENTITIES_H_
