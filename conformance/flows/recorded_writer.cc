#include "conformance/flows/recorded_writer.h"

#include "absl/strings/str_cat.h"

namespace muster::conformance {

void RecordedWriter::Run(absl::Time now, const Write& write) {
  while (next_ < recording_.writes.size() && recording_.writes[next_].time <= now) {
    const Written& written = recording_.writes[next_++];
    if (!written.response.ok()) continue;
    kube::Request request = written.request;
    if (request.verb == kube::Verb::kCreate) request.key.name.clear();
    // Versions count differently here. What was written against the latest one is written against the latest one.
    if (request.body.is_object() && request.body.contains("metadata") && request.body["metadata"].is_object()) {
      request.body["metadata"].erase("resourceVersion");
    }
    const kube::Response response = write(request);
    if (!response.ok()) {
      refusals_.push_back(absl::StrCat(kube::Summary(written.request), " at ",
                                       absl::ToDoubleSeconds(written.time - recording_.start), " s: ", response.code,
                                       " ", response.message));
    }
  }
}

absl::Time RecordedWriter::NextTime() const {
  return next_ < recording_.writes.size() ? recording_.writes[next_].time : absl::InfiniteFuture();
}

}  // namespace muster::conformance
