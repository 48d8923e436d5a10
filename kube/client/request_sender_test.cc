#include "kube/client/request_sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "kube/client/scripted_server.h"
#include "kube/client/waiting.h"

namespace muster::kube {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Reaction = ScriptedServer::Reaction;

Request Of(Verb verb) {
  Request request;
  request.verb = verb;
  request.key = {&TypeOf("kueue.x-k8s.io", "Workload"), "g", verb == Verb::kCreate ? "" : "w"};
  if (verb != Verb::kGet && verb != Verb::kDelete) request.body = {{"spec", {{"active", true}}}};
  if (verb == Verb::kApply) {
    request.subresource = "status";
    request.field_manager = "kueue-admission";
    request.force = true;
  }
  return request;
}

std::string Status(int code, const std::string& reason) {
  return absl::StrCat(R"({"kind":"Status","code":)", code, R"(,"reason":")", reason, R"(","message":"because"})");
}

std::unique_ptr<RequestSender> New(const ScriptedServer& server, RequestBudget* budget = nullptr) {
  SenderOptions options;
  options.timeout = absl::Seconds(20);
  return *RequestSender::New(server.endpoint(), options, budget);
}

TEST(RequestSender, EveryVerbHasItsFormAndKeepsTheConnection) {
  int connections = 0;
  ScriptedServer server([&](int connection, int, const std::string&) {
    connections = connection + 1;
    return Reaction{ScriptedServer::Answer(200, R"({"kind":"Workload"})")};
  });
  const auto sender = New(server);
  const struct {
    Verb verb;
    const char* line;
    const char* type;
  } cases[] = {
      {Verb::kGet, "GET /apis/kueue.x-k8s.io/v1beta2/namespaces/g/workloads/w HTTP/1.1", ""},
      {Verb::kCreate, "POST /apis/kueue.x-k8s.io/v1beta2/namespaces/g/workloads HTTP/1.1", "application/json"},
      {Verb::kUpdate, "PUT /apis/kueue.x-k8s.io/v1beta2/namespaces/g/workloads/w HTTP/1.1", "application/json"},
      {Verb::kMergePatch, "PATCH /apis/kueue.x-k8s.io/v1beta2/namespaces/g/workloads/w HTTP/1.1",
       "application/merge-patch+json"},
      {Verb::kApply,
       "PATCH /apis/kueue.x-k8s.io/v1beta2/namespaces/g/workloads/w/status?fieldManager=kueue-admission&force=true "
       "HTTP/1.1",
       "application/apply-patch+yaml"},
      {Verb::kDelete, "DELETE /apis/kueue.x-k8s.io/v1beta2/namespaces/g/workloads/w HTTP/1.1", ""},
  };
  for (const auto& c : cases) {
    const Response response = sender->Send(Of(c.verb));
    EXPECT_EQ(response.code, 200);
    EXPECT_EQ(response.object["kind"], "Workload");
    const std::string request = server.requests().back();
    EXPECT_THAT(request, StartsWith(c.line));
    if (*c.type != '\0') {
      EXPECT_THAT(request, HasSubstr(absl::StrCat("Content-Type: ", c.type, "\r\n")));
      EXPECT_THAT(request, ::testing::EndsWith(R"({"spec":{"active":true}})"));
    }
  }
  EXPECT_EQ(connections, 1);
}

TEST(RequestSender, AFailureHasTheServersWords) {
  ScriptedServer server(
      [](int, int, const std::string&) { return Reaction{ScriptedServer::Answer(409, Status(409, "Conflict"))}; });
  const Response response = New(server)->Send(Of(Verb::kUpdate));
  EXPECT_EQ(response.code, 409);
  EXPECT_TRUE(response.conflict());
  EXPECT_EQ(response.message, "because");
}

// The server answers one request and closes the connection when the second comes: it never says what became of it.
TEST(RequestSender, WhatMayHaveBeenDoneIsNotDoneTwice) {
  for (const Verb verb : {Verb::kCreate, Verb::kUpdate, Verb::kApply, Verb::kDelete}) {
    ScriptedServer server([](int connection, int number, const std::string&) {
      if (connection == 0 && number == 1) return Reaction{"", true};
      return Reaction{ScriptedServer::Answer(200, "{}")};
    });
    const auto sender = New(server);
    ASSERT_EQ(sender->Send(Of(Verb::kGet)).code, 200);
    const Response response = sender->Send(Of(verb));
    if (verb == Verb::kCreate) {
      EXPECT_EQ(response.code, 0);
      EXPECT_EQ(response.reason, "NoAnswer");
      EXPECT_THAT(server.requests(), SizeIs(2));
    } else {
      EXPECT_EQ(response.code, 200) << static_cast<int>(verb);
      EXPECT_THAT(server.requests(), SizeIs(3));
    }
    EXPECT_EQ(sender->Send(Of(verb)).code, 200) << "the next goes over a new connection";
  }
}

TEST(RequestSender, AnAnswerThatBeganIsNotAskedForAgain) {
  ScriptedServer server([](int, int number, const std::string&) {
    if (number == 1) return Reaction{"HTTP/1.1 200 O", true};
    return Reaction{ScriptedServer::Answer(200, "{}")};
  });
  const auto sender = New(server);
  ASSERT_EQ(sender->Send(Of(Verb::kGet)).code, 200);
  EXPECT_EQ(sender->Send(Of(Verb::kUpdate)).code, 0);
  EXPECT_THAT(server.requests(), SizeIs(2));
}

// A connection that the server closed while it was idle is noticed before anything is sent.
TEST(RequestSender, AClosedConnectionCostsNoRequest) {
  ScriptedServer server([](int, int, const std::string&) { return Reaction{ScriptedServer::Answer(201, "{}"), true}; });
  const auto sender = New(server);
  for (int i = 0; i < 5; ++i) {
    const Response response = sender->Send(Of(Verb::kCreate));
    // The end may not have come yet; then nobody knows what became of it.
    EXPECT_TRUE(response.code == 201 || response.code == 0);
    absl::SleepFor(absl::Milliseconds(50));
  }
  EXPECT_EQ(New(server)->Send(Of(Verb::kCreate)).code, 201);
}

TEST(RequestSender, AnswersThatAreNoneAreNone) {
  for (const std::string& bytes :
       {std::string("garbage\r\n\r\n"), ScriptedServer::Answer(200, "<html></html>"),
        ScriptedServer::Answer(200, "[1]"), ScriptedServer::Answer(201, std::string(100'000, '[')),
        std::string("HTTP/1.1 200 OK\r\n\r\n{}"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n{}")}) {
    ScriptedServer server([&](int, int, const std::string&) { return Reaction{bytes, true}; });
    const Response response = New(server)->Send(Of(Verb::kCreate));
    EXPECT_EQ(response.code, 0) << bytes.substr(0, 100);
    EXPECT_FALSE(response.message.empty());
    EXPECT_LT(response.message.size(), 1000u);
  }
}

TEST(RequestSender, ASilentServerTakesTheTimeoutAndNoMore) {
  ScriptedServer server([](int, int, const std::string&) { return Reaction{}; });
  const auto sender = New(server);
  const SteadyTime start = SteadyNow();
  const Response response = sender->Send(Of(Verb::kUpdate), absl::Milliseconds(200));
  EXPECT_EQ(response.code, 0);
  EXPECT_THAT(response.message, HasSubstr("no answer in time"));
  EXPECT_LT(Since(start), absl::Seconds(10));
}

TEST(RequestSender, WhatWasNotTakenOnIsSentAgainWhenTheServerSays) {
  for (const int code : {429, 503}) {
    ScriptedServer server([&](int, int number, const std::string&) {
      if (number < 2) return Reaction{ScriptedServer::Answer(code, Status(code, "Busy"), "Retry-After: 1\r\n")};
      return Reaction{ScriptedServer::Answer(201, "{}")};
    });
    RequestBudget budget({.max_pause = absl::Milliseconds(100)});
    EXPECT_EQ(New(server, &budget)->Send(Of(Verb::kCreate)).code, 201);
    EXPECT_THAT(server.requests(), SizeIs(3));
  }
}

TEST(RequestSender, OtherFailuresAreForWhoeverAsked) {
  for (const int code : {500, 503, 404, 422}) {
    ScriptedServer server(
        [&](int, int, const std::string&) { return Reaction{ScriptedServer::Answer(code, Status(code, "Broken"))}; });
    RequestBudget budget({.max_pause = absl::Milliseconds(100)});
    EXPECT_EQ(New(server, &budget)->Send(Of(Verb::kCreate)).code, code);
    EXPECT_THAT(server.requests(), SizeIs(1));
  }
}

TEST(RequestSender, ItEndsWithTheBudget) {
  ScriptedServer server([](int, int, const std::string&) { return Reaction{ScriptedServer::Answer(201, "{}")}; });
  RequestBudget budget({});
  budget.Stop();
  EXPECT_EQ(New(server, &budget)->Send(Of(Verb::kCreate)).code, 0);
  EXPECT_THAT(server.requests(), SizeIs(0));
}

}  // namespace
}  // namespace muster::kube
