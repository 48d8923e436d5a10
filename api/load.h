// Reads manifests: files and folders of YAML and JSON, single objects, several documents, and Lists.
//
//   LoadResult loaded = LoadPaths({"policy/", "jobs.yaml"}, {.set_defaults = true, .validate = true});
//   if (!loaded.status().ok()) … every mistake of every file, one line each
//   for (const Decoded& d : loaded.objects) …
#ifndef MUSTER_API_LOAD_H_
#define MUSTER_API_LOAD_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "api/codec.h"
#include "api/defaulting.h"
#include "api/problem.h"
#include "api/validation.h"

namespace muster::api {

struct LoadOptions {
  // Set what is not set, as a cluster would (after reading, before validating).
  bool set_defaults = false;
  DefaultingOptions defaulting = {};
  // Hold every object against validation.h, and all of them together against cross_validation.h. A field that could not
  // be read is not complained about twice.
  bool validate = false;
  ValidationOptions validation = {};
};

struct LoadResult {
  std::vector<Decoded> objects;  // those without errors, in the order read
  std::vector<Unsupported> unsupported;
  std::vector<Problem> problems;  // of all files, in the order read

  // OK when there is no error (warnings do not count), else InvalidArgument with one line per error.
  absl::Status status() const { return ToStatus(problems); }
};

// Reads every path: a file as it is (JSON when it is named .json, or has neither that name nor .yaml and is JSON; YAML
// otherwise), a folder with all its .yaml, .yml and .json files, deep and in sorted order; names that start with a dot
// are left out. A file that cannot be read is an error among the others.
LoadResult LoadPaths(const std::vector<std::string>& paths, const LoadOptions& options = {});

// Reads the text of one file; `name` stands for it in messages.
LoadResult LoadText(absl::string_view text, absl::string_view name = "", const LoadOptions& options = {});

// The object as JSON or YAML text, ending in a newline, with what was kept from reading it. Keys are sorted.
std::string ToJsonText(const Decoded& object);
std::string ToYamlText(const Decoded& object);

}  // namespace muster::api

#endif  // MUSTER_API_LOAD_H_
