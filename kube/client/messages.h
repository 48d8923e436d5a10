// What an API server says about the objects of a type: pages of a list, and events of a watch. Nothing in them is taken on
// trust.
#ifndef MUSTER_KUBE_CLIENT_MESSAGES_H_
#define MUSTER_KUBE_CLIENT_MESSAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "kube/client/told_object.h"
#include "kube/resource_type.h"

namespace muster::kube {

struct ListPage {
  std::vector<ToldObject> objects;
  uint64_t version = 0;   // of the whole list: where a watch goes on
  std::string next_page;  // the token to continue with; "" for the last page
};

// Errors: InvalidArgument with the place for what is no list of the type, or has an object that cannot be one: a list
// that is understood in part is not understood. O(size); one page is read at a time in the whole process, since what JSON
// becomes in memory is a multiple of its text.
absl::StatusOr<ListPage> ParseListPage(const ResourceType& type, absl::string_view text, const Keep& keep);

struct ToldEvent {
  enum class Type { kSet, kDeleted, kBookmark };  // kSet: added or changed
  Type type = Type::kBookmark;
  ToldObject object;  // of a bookmark the version alone
};

// Errors: InvalidArgument as above; Aborted for an event that says the watch has failed, with what it says.
absl::StatusOr<ToldEvent> ParseToldEvent(const ResourceType& type, absl::string_view line, const Keep& keep);

}  // namespace muster::kube

#endif  // MUSTER_KUBE_CLIENT_MESSAGES_H_
