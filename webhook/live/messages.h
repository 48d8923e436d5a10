// What an API server says about the objects of a resource: pages of a list, and events of a watch. Nothing in them is
// taken on trust.
#ifndef MUSTER_WEBHOOK_LIVE_MESSAGES_H_
#define MUSTER_WEBHOOK_LIVE_MESSAGES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "webhook/live/kept_form.h"
#include "webhook/live/resource.h"

namespace muster::webhook {

struct ListPage {
  std::vector<KeptObject> objects;
  uint64_t version = 0;   // of the whole list: where a watch goes on
  std::string next_page;  // the token to continue with; "" for the last page
};

// Errors: InvalidArgument with the place for what is no list of the resource, or has an object that cannot be one: a
// list that is understood in part is not understood. O(size); one page is read at a time in the whole process, since
// what JSON becomes in memory is a multiple of its text.
absl::StatusOr<ListPage> ParseListPage(const Resource& resource, absl::string_view text);

struct WatchEvent {
  enum class Type { kSet, kDeleted, kBookmark };  // kSet: added or changed
  Type type = Type::kBookmark;
  KeptObject object;  // of a bookmark the version alone
};

// Errors: InvalidArgument as above; Aborted for an event that says the watch has failed, with what it says.
absl::StatusOr<WatchEvent> ParseWatchEvent(const Resource& resource, absl::string_view line);

}  // namespace muster::webhook

#endif  // MUSTER_WEBHOOK_LIVE_MESSAGES_H_
