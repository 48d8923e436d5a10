// One file, because all cases share the server and the rude client.
#include "webhook/serving/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <optional>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "webhook/serving/identified_client.h"
#include "webhook/serving/raw_client.h"
#include "webhook/tls/openssl_ptr.h"
#include "webhook/tls/tls.h"

namespace muster::webhook {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::shared_ptr<const ServingCertificate> TestCertificate() {
  static const auto certificate = [] {
    absl::StatusOr<KeyPair> pair = MakeSelfSigned({"localhost"}, absl::Now(), absl::Hours(1));
    absl::StatusOr<ServingCertificate> made = MakeServingCertificate(*pair, absl::Now());
    return std::make_shared<const ServingCertificate>(*made);
  }();
  return certificate;
}

HttpServerOptions Options() {
  HttpServerOptions options;
  options.address = "127.0.0.1";
  options.certificate = TestCertificate;
  options.handshake_timeout = options.header_timeout = options.request_timeout = absl::Seconds(1);
  return options;
}

// Says what it was asked.
HttpResponse Echo(const HttpRequest& request) {
  HttpResponse response;
  response.body = absl::StrCat(request.method, " ", request.path, " [", request.content_type, "] ",
                               request.body_too_large ? "too large" : request.body, "\n");
  return response;
}

std::unique_ptr<HttpServer> Serve(HttpServerOptions options, HttpServer::Handler handler = Echo) {
  absl::StatusOr<std::unique_ptr<HttpServer>> server = HttpServer::Start(std::move(options), std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

TEST(HttpServerTest, AnswersManyRequestsOnOneConnection) {
  auto server = Serve(Options());
  RawClient client(server->port());
  for (int i = 0; i < 100; ++i) {
    const std::string answer = client.Ask("POST", "/a?timeout=10s", absl::StrCat("body ", i));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
    EXPECT_THAT(answer, HasSubstr(absl::StrCat("\r\n\r\nPOST /a [application/json] body ", i, "\n")));
  }
  EXPECT_EQ(server->stats().accepted, 1);
}

struct Exchange {
  const char* about;
  std::string request;
  std::string status;
  std::string body;   // part of it
  bool ends = false;  // the connection
};

// What is read as a request at all is RequestReader's business.
TEST(HttpServerTest, AnswersUnusualRequests) {
  HttpServerOptions options = Options();
  options.framing = {.max_header_bytes = 2000, .max_body_bytes = 1000};
  auto server = Serve(options);
  const std::string get = "GET /x HTTP/1.1\r\nHost: a\r\n";
  const std::string post = "POST /x HTTP/1.1\r\nHost: a\r\n";
  const Exchange cases[] = {
      {"no content", get + "\r\n", "200", "GET /x [] \n"},
      {"PUT", "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi", "200", "PUT /x [] hi\n"},
      {"GET with content", get + "Content-Length: 3\r\n\r\nabc", "200", "GET /x [] abc\n"},
      {"chunks", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "200", "] abcde\n"},
      {"chunks over the limit of a body",
       post + "Transfer-Encoding: chunked\r\n\r\n600\r\n" + std::string(0x600, 'x') + "\r\n0\r\n\r\n", "200",
       "too large\n", true},
      {"a body over the limit", post + "Content-Length: 1001\r\n\r\n" + std::string(1001, 'x'), "200", "too large\n",
       true},
      {"a body of the limit", post + "Content-Length: 1000\r\n\r\n" + std::string(1000, 'x'), "200", "xxx\n"},
      {"a body that is said to be huge", post + "Content-Length: 999999999999\r\n\r\nabc", "200", "too large\n", true},
      {"a form is just a body", post + "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 2\r\n\r\nhi",
       "200", "[multipart/form-data; boundary=b] hi\n"},
      {"a compressed body is not unpacked", post + "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nhi", "200",
       "] hi\n"},
      {"ranges are not served", get + "Range: bytes=0-1\r\n\r\n", "200", "GET /x [] \n"},
      {"the client wants the end", get + "Connection: close\r\n\r\n", "200", "GET /x [] \n", true},
      {"HTTP/1.0", "GET /x HTTP/1.0\r\n\r\n", "200", "GET /x [] \n", true},
      {"large headers", get + "A: " + std::string(1500, 'x') + "\r\nB: " + std::string(1500, 'x') + "\r\n\r\n", "431",
       "too large", true},
      {"half a request line", "GET ", "408", "took too long", true},
      {"no HTTP at all", "hello world\r\n\r\n", "400", "no HTTP request", true},
      {"both lengths", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400",
       "bad Transfer-Encoding", true},
      {"chunks that are none", post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400", "no HTTP request", true},
      {"headers that never end", get + "A: b\r\n", "408", "took too long", true},
      {"a body that never ends", post + "Content-Length: 10\r\n\r\nabc", "408", "took too long", true},
  };
  for (const Exchange& c : cases) {
    SCOPED_TRACE(c.about);
    RawClient client(server->port());
    ASSERT_TRUE(client.connected());
    ASSERT_TRUE(client.Send(c.request));
    const std::string answer = client.ReadAnswer();
    EXPECT_THAT(answer, StartsWith(absl::StrCat("HTTP/1.1 ", c.status, " ")));
    EXPECT_THAT(answer, HasSubstr(c.body));
    if (c.ends) {
      EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
      EXPECT_TRUE(client.AwaitEnd());
    } else {
      EXPECT_THAT(answer, Not(HasSubstr("Connection: close")));
      EXPECT_THAT(client.Ask("POST", "/next", "body"), HasSubstr("POST /next [application/json] body\n"));
    }
  }
}

TEST(HttpServerTest, AnswersToHeadHaveNoBody) {
  auto server = Serve(Options());
  RawClient client(server->port());
  client.Send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\nGET /y HTTP/1.1\r\nHost: a\r\n\r\n");
  std::string both = client.ReadAnswer();  // takes the second answer for the body
  EXPECT_THAT(both, HasSubstr("Content-Length: 12\r\n"));
  EXPECT_THAT(both, HasSubstr("\r\n\r\nHTTP/1.1 20"));
}

// The head alone is enough for an answer: nothing of the body is waited for.
TEST(HttpServerTest, LooksAtTheHeadFirst) {
  HttpServerOptions options = Options();
  options.at_head = [](const HttpRequest& request) -> std::optional<HttpResponse> {
    if (request.path == "/x") return std::nullopt;
    HttpResponse response;
    response.status = 404;
    return response;
  };
  auto server = Serve(options);
  RawClient client(server->port());
  EXPECT_THAT(client.Ask("GET", "/y"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(client.Ask("POST", "/x", "body"), StartsWith("HTTP/1.1 200 "));
  client.Send("POST /y HTTP/1.1\r\nHost: a\r\nContent-Length: 7000000\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 404 "));
  EXPECT_TRUE(client.AwaitEnd());
}

TEST(HttpServerTest, TellsClientsThatAskToGoOn) {
  auto server = Serve(Options());
  RawClient client(server->port());
  client.Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 100 "));
  client.Send("hi");
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("POST /x [] hi\n"));
}

TEST(HttpServerTest, AnswersRequestsThatArriveTogether) {
  auto server = Serve(Options());
  RawClient client(server->port());
  client.Send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /3 "
      "HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("GET /1 "));
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("POST /2 [] hi"));
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("GET /3 "));
}

// Each of these holds a connection without ever completing a request.
TEST(HttpServerTest, StaysQuickBesideClientsThatAreNot) {
  auto server = Serve(Options());
  std::vector<std::unique_ptr<RawClient>> bad;
  for (int i = 0; i < 20; ++i) {
    bad.push_back(std::make_unique<RawClient>(server->port(), /*tls=*/false));  // never says hello
    bad.push_back(std::make_unique<RawClient>(server->port(), /*tls=*/false));  // is no TLS
    bad.back()->Send("GET / HTTP/1.1\r\n\r\n");
    bad.push_back(std::make_unique<RawClient>(server->port(), /*tls=*/false));  // starts a hello
    bad.back()->Send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
    bad.push_back(std::make_unique<RawClient>(server->port()));  // starts a request
    bad.back()->Send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
    bad.push_back(std::make_unique<RawClient>(server->port()));  // is gone without a word in the middle of one
    bad.back()->Send("POST /x HTTP/1.1\r\nContent-Le");
    bad.back()->Reset();
  }
  const absl::Time start = absl::Now();
  RawClient good(server->port());
  EXPECT_THAT(good.Ask("POST", "/x", "body"), StartsWith("HTTP/1.1 200 "));
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  // And all of them are let go of.
  for (auto& client : bad) {
    EXPECT_TRUE(client->fd() < 0 || client->AwaitEnd());
  }
  // Most of those that never finished theirs were seen to fail; some made room before.
  for (int i = 0; i < 100 && server->stats().failed_handshakes < 30; ++i) absl::SleepFor(absl::Milliseconds(50));
  EXPECT_GE(server->stats().failed_handshakes, 30);
}

TEST(HttpServerTest, DripFedRequestsEndInTime) {
  auto server = Serve(Options());
  RawClient client(server->port());
  const absl::Time start = absl::Now();
  ASSERT_TRUE(client.Send("POST /x HTTP/1.1\r\nA: "));
  while (client.Send("b")) {  // never idle, never done
    absl::SleepFor(absl::Milliseconds(50));
    ASSERT_LT(absl::Now() - start, absl::Seconds(5));
  }
}

TEST(HttpServerTest, NewConnectionsTakeThePlaceOfIdleOnes) {
  HttpServerOptions options = Options();
  options.max_connections = 3;
  auto server = Serve(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<RawClient>(server->port()));
    EXPECT_THAT(clients.back()->Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
  }
  absl::SleepFor(absl::Milliseconds(1100));
  RawClient late(server->port());
  EXPECT_THAT(late.Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(clients[0]->AwaitEnd());  // the oldest
  EXPECT_THAT(clients[1]->Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server->stats().evicted_connections, 1);
}

TEST(HttpServerTest, SaysThatThereAreTooManyConnections) {
  HttpServerOptions options = Options();
  options.max_connections = 2;
  absl::Notification go_on;
  auto server = Serve(options, [&](const HttpRequest& request) {
    go_on.WaitForNotification();
    return Echo(request);
  });
  RawClient first(server->port()), second(server->port());
  first.Send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  second.Send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
  while (server->stats().in_flight < 2) absl::SleepFor(absl::Milliseconds(1));
  RawClient third(server->port());
  const std::string answer = third.Ask("POST", "/x", "body");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After: 1\r\n"));
  EXPECT_THAT(answer, HasSubstr("limits are 2 connections"));
  EXPECT_TRUE(third.AwaitEnd());
  go_on.Notify();
  EXPECT_THAT(first.ReadAnswer(), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServerTest, SaysThatThereAreTooManyRequests) {
  HttpServerOptions options = Options();
  options.max_in_flight = 1;
  absl::Notification go_on;
  auto server = Serve(options, [&](const HttpRequest& request) {
    go_on.WaitForNotification();
    return Echo(request);
  });
  RawClient first(server->port());
  first.Send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
  while (server->stats().in_flight < 1) absl::SleepFor(absl::Milliseconds(1));
  RawClient second(server->port());
  EXPECT_THAT(second.Ask("POST", "/x", "body"), StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(second.Ask("GET", "/x"), StartsWith("HTTP/1.1 429 "));  // the connection lives on
  go_on.Notify();
  EXPECT_THAT(first.ReadAnswer(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(second.Ask("POST", "/x", "body"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server->stats().overloaded, 2);
}

// An address takes the places of its own connections once it has its share, and nobody else's.
TEST(HttpServerTest, AnAddressHasItsShareOfTheConnections) {
  HttpServerOptions options = Options();
  options.max_connections = 8;
  options.max_connections_per_address = 4;
  auto server = Serve(options);
  RawClient good(server->port());
  EXPECT_THAT(good.Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
  absl::SleepFor(absl::Milliseconds(1100));
  std::vector<std::unique_ptr<RawClient>> greedy;
  for (int i = 0; i < 20; ++i) greedy.push_back(std::make_unique<RawClient>(server->port(), true, /*from=*/9));
  EXPECT_THAT(greedy.back()->Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(good.Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(server->stats().evicted_connections, 16);
}

// Those who only connect make room for those who ask.
TEST(HttpServerTest, HalfOpenConnectionsMakeRoom) {
  HttpServerOptions options = Options();
  options.max_connections = 4;
  options.max_connections_per_address = 4;
  auto server = Serve(options);
  RawClient good(server->port());
  EXPECT_THAT(good.Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
  absl::SleepFor(absl::Milliseconds(1100));
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 50; ++i) silent.push_back(std::make_unique<RawClient>(server->port(), /*tls=*/false));
  RawClient late(server->port());
  EXPECT_THAT(late.Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(good.Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
}

// What was announced and does not come takes no place; what came does, and the oldest goes first.
TEST(HttpServerTest, BodiesCountAsTheyArrive) {
  HttpServerOptions options = Options();
  options.request_timeout = absl::Seconds(20);
  options.max_held_bytes = options.max_held_bytes_per_address = 1 << 20;
  auto server = Serve(options);
  const std::string announced = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 7000000\r\n\r\n";
  std::vector<std::unique_ptr<RawClient>> empty;
  for (int i = 0; i < 30; ++i) {
    empty.push_back(std::make_unique<RawClient>(server->port()));
    empty.back()->Send(announced);
  }
  RawClient good(server->port());
  EXPECT_THAT(good.Ask("POST", "/x", std::string(100'000, 'x')), StartsWith("HTTP/1.1 200 "));
  RawClient first(server->port()), second(server->port());
  first.Send(announced + std::string(500'000, 'x'));
  while (server->stats().held_bytes < 500'000) absl::SleepFor(absl::Milliseconds(1));
  absl::SleepFor(absl::Milliseconds(300));
  second.Send(announced + std::string(500'000, 'x'));
  EXPECT_THAT(first.ReadAnswer(), StartsWith("HTTP/1.1 429 "));
  EXPECT_THAT(good.Ask("POST", "/x", std::string(100'000, 'x')), StartsWith("HTTP/1.1 200 "));
  EXPECT_LE(server->stats().held_bytes, 1 << 20);
}

// Their answers count until they are sent, and those who do not take them are let go of.
TEST(HttpServerTest, AnswersCountUntilTheyAreSent) {
  HttpServerOptions options = Options();
  options.max_held_bytes = options.max_held_bytes_per_address = 10 << 20;
  auto server = Serve(options, [](const HttpRequest&) {
    HttpResponse response;
    response.body = std::string(4 << 20, 'x');
    return response;
  });
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(std::make_unique<RawClient>(server->port()));
    slow.back()->Send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    absl::SleepFor(absl::Milliseconds(300));
    EXPECT_LE(server->stats().held_bytes, 10 << 20);
  }
  EXPECT_GT(server->stats().evicted_connections, 4);
  RawClient good(server->port());
  EXPECT_GT(good.Ask("GET", "/x").size(), 4u << 20);
}

TEST(HttpServerTest, TheCostOfAnswersIsBounded) {
  HttpServerOptions options = Options();
  options.max_cost = 100 << 20;
  options.cost = [](const HttpRequest& request) { return request.body.size() << 20; };
  std::atomic<size_t> now{0}, most{0};
  auto server = Serve(options, [&](const HttpRequest& request) {
    now += request.body.size();
    if (now > most) most = now.load();
    absl::SleepFor(absl::Milliseconds(20));
    now -= request.body.size();
    HttpResponse response = Echo(request);
    if (request.too_costly) response.body = "too costly";
    return response;
  });
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      RawClient client(server->port());
      for (int n = 0; n < 5; ++n) EXPECT_THAT(client.Ask("POST", "/x", std::string(60, 'x')), HasSubstr("xxx\n"));
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(most, 60u);
  EXPECT_THAT(RawClient(server->port()).Ask("POST", "/x", std::string(101, 'x')), HasSubstr("too costly"));
}

// Small requests are answered where they are read, unless that declines, throws, or takes too long: then by the handler.
TEST(HttpServerTest, SmallRequestsAreAnsweredAtOnce) {
  HttpServerOptions options = Options();
  std::atomic<int> asked{0};
  options.at_once = [&](const HttpRequest& request) -> std::optional<HttpResponse> {
    ++asked;
    if (request.path == "/throws") throw std::bad_alloc();
    if (request.path == "/slow") absl::SleepFor(absl::Milliseconds(20));
    if (request.path == "/not") return std::nullopt;
    HttpResponse response;
    response.body = "at once";
    response.close = request.path == "/close";
    return response;
  };
  auto server = Serve(options);
  RawClient client(server->port());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(client.Ask("POST", "/x", "body"), HasSubstr("at once"));
    EXPECT_THAT(client.Ask("POST", "/not", "body"), HasSubstr("POST /not [application/json] body"));
    EXPECT_THAT(client.Ask("POST", "/throws", "body"), HasSubstr("POST /throws"));
    EXPECT_THAT(client.Ask("GET", "/slow"), HasSubstr("at once"));
  }
  EXPECT_EQ(asked, 12);
  EXPECT_THAT(client.Ask("POST", "/x", std::string(17'000, 'x')), HasSubstr("POST /x")) << "it is not small";
  EXPECT_EQ(asked, 12);
  // Of those that arrive together, one that is slow is the last that is answered at once.
  std::string both;
  for (int i = 0; i < 2; ++i) both += "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
  client.Send(both);
  EXPECT_THAT(client.ReadAnswer(), HasSubstr("at once"));
  client.ReadAnswer();
  EXPECT_THAT(client.Ask("GET", "/close"), HasSubstr("Connection: close"));
  EXPECT_TRUE(client.AwaitEnd());
}

// A handler that hangs costs its client the answer and nobody else anything.
TEST(HttpServerTest, AnswersThatTakeTooLongAreGivenUp) {
  HttpServerOptions options = Options();
  options.answer_timeout = absl::Milliseconds(300);
  absl::Notification go_on;
  auto server = Serve(options, [&](const HttpRequest& request) {
    if (request.path == "/hang") go_on.WaitForNotification();
    return Echo(request);
  });
  std::vector<std::unique_ptr<RawClient>> hanging;
  for (int i = 0; i < 10; ++i) {
    hanging.push_back(std::make_unique<RawClient>(server->port()));
    hanging.back()->Send("GET /hang HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  RawClient good(server->port());
  EXPECT_THAT(good.Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
  for (auto& client : hanging) EXPECT_THAT(client->ReadAnswer(), StartsWith("HTTP/1.1 503 "));
  // Figures are told at the end of a round, answers within it.
  for (int i = 0; i < 1000 && server->stats().late < 10; ++i) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_EQ(server->stats().late, 10);
  const absl::Time start = absl::Now();
  EXPECT_FALSE(server->Stop(absl::Milliseconds(100))) << "they still run";
  EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  go_on.Notify();
}

TEST(HttpServerTest, NoMemoryIsAnAnswer) {
  auto server = Serve(Options(), [](const HttpRequest& request) -> HttpResponse {
    if (request.path == "/x") throw std::bad_alloc();
    return Echo(request);
  });
  RawClient client(server->port());
  EXPECT_THAT(client.Ask("GET", "/x"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(client.Ask("GET", "/y"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServerTest, StopsAfterTheRequestsThatAreBeingAnswered) {
  absl::Notification go_on;
  auto server = Serve(Options(), [&](const HttpRequest& request) {
    if (request.path == "/slow") go_on.WaitForNotification();
    return Echo(request);
  });
  RawClient busy(server->port()), idle(server->port());
  EXPECT_THAT(idle.Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
  busy.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  while (server->stats().in_flight < 1) absl::SleepFor(absl::Milliseconds(1));
  const int port = server->port();
  std::thread stopper([&] { server->Stop(absl::Seconds(5)); });
  EXPECT_TRUE(idle.AwaitEnd());
  go_on.Notify();
  EXPECT_THAT(busy.ReadAnswer(), HasSubstr("GET /slow"));
  EXPECT_TRUE(busy.AwaitEnd());
  stopper.join();
  EXPECT_FALSE(RawClient(port).connected());
}

TEST(HttpServerTest, WhoCameRightBeforeTheEndIsStillAnswered) {
  auto server = Serve(Options());
  RawClient client(server->port());
  std::thread stopper([&] { server->Stop(absl::Seconds(5)); });
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_THAT(client.Ask("GET", "/x"), HasSubstr("Connection: close\r\n"));
  stopper.join();
}

TEST(HttpServerTest, EndsConnectionsSoftly) {
  auto server = Serve(Options());
  RawClient client(server->port());
  EXPECT_THAT(client.Ask("GET", "/x"), Not(HasSubstr("Connection: close")));
  server->CloseConnectionsSoftly();
  EXPECT_THAT(client.Ask("GET", "/x"), HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(client.AwaitEnd());
  RawClient other(server->port());  // still served
  EXPECT_THAT(other.Ask("GET", "/x"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServerTest, ServesPlainTextToo) {
  HttpServerOptions options = Options();
  options.certificate = nullptr;
  auto server = Serve(options);
  RawClient client(server->port(), /*tls=*/false);
  EXPECT_THAT(client.Ask("GET", "/healthz"), HasSubstr("GET /healthz"));
}

TEST(HttpServerTest, SaysWhyItCannotListen) {
  auto server = Serve(Options());
  HttpServerOptions options = Options();
  options.port = server->port();
  const auto second = HttpServer::Start(options, Echo);
  EXPECT_THAT(second.status().ToString(),
              HasSubstr(absl::StrCat("cannot listen on 127.0.0.1:", server->port(), ": bind: Address already in use")));
  options.address = "nowhere";
  EXPECT_THAT(HttpServer::Start(options, Echo).status().ToString(), HasSubstr("nowhere: is no IP address"));
}

TEST(HttpServerTest, AnswersOnlyClientsItKnows) {
  const KeyPair known = *MakeClientIdentity("kube-apiserver", absl::Now(), absl::Hours(1));
  const KeyPair stranger = *MakeClientIdentity("kube-apiserver", absl::Now(), absl::Hours(1));
  const KeyPair expired = *MakeClientIdentity("kube-apiserver", absl::Now() - absl::Hours(2), absl::Hours(1));
  const KeyPair server_pair = *MakeSelfSigned({"localhost"}, absl::Now(), absl::Hours(1));
  const struct {
    const char* about;
    ClientCheck clients;
    const KeyPair* identity;
    bool answered;
  } cases[] = {
      {"anyone may ask", {"", {}}, nullptr, true},
      {"one of the CA", {known.ca, {}}, &known, true},
      {"one of the CA with the name", {known.ca, {"other", "kube-apiserver"}}, &known, true},
      {"one of the CA with another name", {known.ca, {"other"}}, &known, false},
      {"nobody", {known.ca, {}}, nullptr, false},
      {"one of another CA", {known.ca, {}}, &stranger, false},
      {"one of two CAs", {stranger.ca + known.ca, {}}, &known, true},
      {"one who is no longer", {expired.ca, {}}, &expired, false},
      {"a server", {server_pair.ca, {}}, &server_pair, false},
  };
  for (const auto& c : cases) {
    HttpServerOptions options = Options();
    const auto certificate =
        std::make_shared<const ServingCertificate>(*MakeServingCertificate(server_pair, absl::Now(), c.clients));
    options.certificate = [certificate] { return certificate; };
    auto server = Serve(options);
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(AskAs(c.identity, server->port()).substr(0, 13), c.answered ? "HTTP/1.1 200 " : "") << c.about;
    }
  }
}

TEST(HttpServerTest, OldVersionsOfTlsAreRefused) {
  auto server = Serve(Options());
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, 0);
  SSL_CTX_set_security_level(context, 0);
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX_set_max_proto_version(context, version);
    RawClient tcp(server->port(), /*tls=*/false);
    SslPtr ssl(SSL_new(context));
    SSL_set_fd(ssl.get(), tcp.fd());
    EXPECT_EQ(SSL_connect(ssl.get()) == 1, version >= TLS1_2_VERSION) << version;
  }
  SSL_CTX_free(context);
}

}  // namespace
}  // namespace muster::webhook
