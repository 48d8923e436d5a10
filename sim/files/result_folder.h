// The folder that the results of one run go to: all of one run, or none.
//
// What is written goes to a folder inside it, and takes its place in Commit; until then what was there stays, and
// without Commit it stays for good, also when the process is told to end. summary.json is the last to be put in its
// place: it names the other files with their digests, so that whoever finds it has a whole result and can check it.
// What a run had written when it was told to end is kept apart, in the folder `unfinished`, until the next run is done.
// Files that are no results are left alone.
#ifndef MUSTER_SIM_FILES_RESULT_FOLDER_H_
#define MUSTER_SIM_FILES_RESULT_FOLDER_H_

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace muster::sim {

// Thread-safety: compatible.
class ResultFolder {
 public:
  // What a result was made of: {muster, trace: {file, sha256}, mapping, policy: [...], options: {...}}. Members named
  // "file" do not count when two are held against each other: a file may be elsewhere and the same.
  using Provenance = nlohmann::ordered_json;
  static constexpr char kUnfinished[] = "unfinished";

  // Makes `dir`, if it is missing, and sees that it can be written to. Results that are there are only replaced with
  // `overwrite`. Errors: AlreadyExists naming what is there and --overwrite, Unavailable naming the folder if it cannot
  // be written to or another run is writing to it.
  static absl::StatusOr<ResultFolder> Create(const std::string& dir, bool overwrite);
  ResultFolder(ResultFolder&&) noexcept;
  ResultFolder& operator=(ResultFolder&&) noexcept;
  ~ResultFolder();

  // Where to write the files. They may be in folders; names that begin with a dot are not for results.
  const std::string& staging() const;
  // Errors: ResourceExhausted if so many bytes are not free.
  absl::Status CheckSpace(int64_t bytes) const;
  // Completes summary.json, which has to be among the files, by `complete`, `provenance` and `files`, and puts all in
  // place. Results of an earlier run that this one does not have are removed. Errors: Unavailable naming the file.
  // REQUIRES: nothing was committed.
  absl::Status Commit(const Provenance& provenance);
  // Keeps what there is as DIR/unfinished, with `complete` false: an earlier result stays. The rest as Commit.
  absl::Status CommitUnfinished(const Provenance& provenance);

 private:
  struct State;
  explicit ResultFolder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether both were made of the same.
bool SameProvenance(const ResultFolder::Provenance& a, const ResultFolder::Provenance& b);

// The summary of a folder with a whole result. Errors: NotFound if there is none, FailedPrecondition if it was made by
// a version that did not say whether it is complete, is not, or its files are others than it says (all digests are
// checked), InvalidArgument if it is no JSON object. O(size of the files).
absl::StatusOr<nlohmann::ordered_json> ReadSummary(const std::string& dir);

}  // namespace muster::sim

#endif  // MUSTER_SIM_FILES_RESULT_FOLDER_H_
