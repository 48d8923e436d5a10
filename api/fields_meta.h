// The JSON fields of the types in meta.h. Internal to api/.
//
// A field table is one function template `Fields(visitor, value)`, run by the reader (decoder.h) and by the writer
// (encoder.h), so that reading, writing and the detection of unknown fields cannot disagree. The visitor offers:
//
//   v.Field(name, x)             optional; not written when empty
//   v.Always(name, x)            optional when read, always written
//   v.Required(name, x)          an error when missing, always written
//   v.Group(name, [&](auto& v))  a nested object that has no struct of its own
//   v.OptionalGroup(name, x, f)  the same for a std::optional held in that object
//   v.NameList(name, key, x)     [{key: "a"}, …] held as a list of strings
//   v.Ignored({names…})          valid fields that are kept as they are and not looked at
//   v.IgnoreOthers()             the same for every other field
//   v.NoEffect({names…})         valid fields that are kept, with a warning that they change nothing here
//
// The tables take mutable references; the writer never changes what it is given.
#ifndef MUSTER_API_FIELDS_META_H_
#define MUSTER_API_FIELDS_META_H_

#include "api/meta.h"

namespace muster::api {

template <class V>
void Fields(V& v, OwnerReference& o) {
  v.Field("apiVersion", o.api_version);
  v.Field("kind", o.kind);
  v.Field("name", o.name);
  v.Field("uid", o.uid);
  v.Field("controller", o.controller);
  v.Field("blockOwnerDeletion", o.block_owner_deletion);
}

template <class V>
void Fields(V& v, ObjectMeta& m) {
  v.Field("name", m.name);
  v.Field("generateName", m.generate_name);
  v.Field("namespace", m.ns);
  v.Field("uid", m.uid);
  v.Field("resourceVersion", m.resource_version);
  v.Field("generation", m.generation);
  v.Field("creationTimestamp", m.creation_timestamp);
  v.Field("deletionTimestamp", m.deletion_timestamp);
  v.Field("labels", m.labels);
  v.Field("annotations", m.annotations);
  v.Field("finalizers", m.finalizers);
  v.Field("ownerReferences", m.owner_references);
  v.Ignored({"managedFields", "selfLink", "deletionGracePeriodSeconds"});
}

template <class V>
void Fields(V& v, Condition& c) {
  v.Always("type", c.type);
  v.Always("status", c.status);
  v.Always("reason", c.reason);
  v.Always("message", c.message);
  v.Field("lastTransitionTime", c.last_transition_time);
  v.Field("observedGeneration", c.observed_generation);
  v.Ignored({"lastHeartbeatTime", "lastProbeTime", "lastUpdateTime"});  // of nodes, pods and jobs
}

template <class V>
void Fields(V& v, Requirement& r) {
  v.Always("key", r.key);
  v.Always("operator", r.op);
  v.Field("values", r.values);
}

template <class V>
void Fields(V& v, LabelSelector& s) {
  v.Field("matchLabels", s.match_labels);
  v.Field("matchExpressions", s.match_expressions);
}

}  // namespace muster::api

#endif  // MUSTER_API_FIELDS_META_H_
