#include "webhook/testing/attack/attacks.h"

#include <openssl/ssl.h>

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace muster::webhook {
namespace {

constexpr char kHost[] = "Host: a\r\nContent-Type: application/json\r\n";
constexpr int kPatience = 100;  // milliseconds a send may block

std::string Head(absl::string_view path, absl::string_view fields = "") {
  return absl::StrCat("POST ", path, " HTTP/1.1\r\n", kHost, fields, "\r\n");
}
std::string Sized(absl::string_view path, const std::string& body) {
  return absl::StrCat(Head(path, absl::StrCat("Content-Length: ", body.size(), "\r\n")), body);
}

std::string Repeat(absl::string_view piece, size_t bytes) {
  std::string text;
  text.reserve(bytes + piece.size());
  while (text.size() < bytes) absl::StrAppend(&text, piece);
  return text;
}

// Sends, while it is taken.
void SendWithoutEnd(Attacker& a, RawClient& client, absl::string_view first, const std::string& then) {
  if (!client.Send(first)) return;
  while (!a.stopped() && client.Send(then)) a.Pause(2);
}

// --- Connections -----------------------------------------------------------------------------------------------------

void HoldSilent(Attacker& a) {
  a.Hold(a.Connect(/*tls=*/false), 700);
  if (a.steps() > 700) a.Pause(2);
}
void HoldHalfHello(Attacker& a) {
  a.Hold(a.Connect(false), 400).Send(absl::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11));
  if (a.steps() > 400) a.Pause(5);
}
void SendGarbage(Attacker& a) {
  a.Hold(a.Connect(false), 50).Send(std::string(1000, '\x80'));
  a.Pause(1);
}
void ConnectAndGo(Attacker& a) {
  a.Connect();
  a.Pause(3);
}
void HoldAfterHandshake(Attacker& a) {
  a.Hold(a.Connect(), 300);
  a.Pause(a.steps() > 300 ? 10 : 2);
}
void UpdateKeys(Attacker& a) {
  auto client = a.Connect();
  client->SetPatience(kPatience);
  for (int i = 0; i < 200 && client->connected() && !a.stopped(); ++i) {
    SSL_key_update(client->ssl(), SSL_KEY_UPDATE_REQUESTED);
    if (!client->Send("G")) return;
  }
  a.Pause(5);
}

// --- Requests that do not get on -------------------------------------------------------------------------------------

void HoldHalfHead(Attacker& a) {
  a.Hold(a.Connect(), 300).Send("POST /mutate-batch-v1-job HTTP/1.1\r\nHos");
  a.Pause(a.steps() > 300 ? 10 : 2);
}
void DripHeads(Attacker& a) {
  if (a.held().size() < 60) a.Hold(a.Connect(), 60).Send("GET /x HTTP/1.1\r\nA: ");
  for (auto& client : a.held()) client->Send("b");
  a.Pause(20);
}
void AnnounceBodies(Attacker& a) {
  const char* const path = a.steps() % 2 == 0 ? "/x" : kGoodPath;
  a.Hold(a.Connect(), 60).Send(Head(path, "Content-Length: 7340032\r\n"));
  a.Pause(a.steps() > 60 ? 20 : 2);
}
void AnnounceSmallBodies(Attacker& a) {
  a.Hold(a.Connect(), 300).Send(Head(kGoodPath, "Content-Length: 100\r\n"));
  a.Pause(a.steps() > 300 ? 20 : 2);
}
void AnnounceChunks(Attacker& a) {
  a.Hold(a.Connect(), 60).Send(Head(kGoodPath, "Transfer-Encoding: chunked\r\n"));
  a.Pause(a.steps() > 60 ? 20 : 2);
}
void HoldLargeBodies(Attacker& a) {
  static const std::string& most = *new std::string(6'900'000, ' ');
  RawClient& client = a.Hold(a.Connect(), 20);
  client.SetPatience(kPatience);
  client.Send(Head(kGoodPath, "Content-Length: 7000000\r\n"));
  client.Send(most);
  a.Pause(20);
}
void DripBodies(Attacker& a) {
  if (a.held().size() < 60) a.Hold(a.Connect(), 60).Send(Head(kGoodPath, "Content-Length: 1000000\r\n"));
  for (auto& client : a.held()) client->Send(" ");
  a.Pause(20);
}

// --- Lines without end -----------------------------------------------------------------------------------------------

void ExtendChunks(Attacker& a) {
  auto client = a.Connect();
  client->SetPatience(kPatience);
  SendWithoutEnd(a, *client, Head(kGoodPath, "Transfer-Encoding: chunked\r\n") + "1;", std::string(16000, 'a'));
}
void ExtendManyChunks(Attacker& a) {
  auto client = a.Connect();
  client->SetPatience(kPatience);
  SendWithoutEnd(a, *client, Head(kGoodPath, "Transfer-Encoding: chunked\r\n"),
                 Repeat("1;a=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n \r\n", 16000));
}
void SendTinyChunks(Attacker& a) {
  auto client = a.Connect();
  client->SetPatience(kPatience);
  SendWithoutEnd(a, *client, Head(kGoodPath, "Transfer-Encoding: chunked\r\n"), Repeat("1\r\n \r\n", 16000));
}
void SendHeadersWithoutEnd(Attacker& a) {
  auto client = a.Connect();
  client->SetPatience(kPatience);
  SendWithoutEnd(a, *client, "GET /x HTTP/1.1\r\nHost: a\r\n", Repeat("A: b\r\n", 16000));
}
void SendTrailersWithoutEnd(Attacker& a) {
  auto client = a.Connect();
  client->SetPatience(kPatience);
  SendWithoutEnd(a, *client, Head(kGoodPath, "Transfer-Encoding: chunked\r\n") + "0\r\n", Repeat("A: b\r\n", 16000));
}
void SendTooMuch(Attacker& a) {
  auto client = a.Connect();
  client->SetPatience(kPatience);
  SendWithoutEnd(a, *client, Head(kGoodPath, "Content-Length: 99999999999\r\n"), std::string(16000, ' '));
}

// --- Framing ---------------------------------------------------------------------------------------------------------

void Smuggle(Attacker& a) {
  static const char* const kFields[] = {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                        "Content-Length: 5\r\nContent-Length: 6\r\n",
                                        "Content-Length: +5\r\n",
                                        "Transfer-Encoding : chunked\r\n",
                                        "Transfer-Encoding: chunked, identity\r\n",
                                        "Host: b\r\n",
                                        "A: b\r\n c\r\n",
                                        "A: b\n"};
  a.Hold(a.Connect(), 50)
      .Send(Head(kGoodPath, kFields[static_cast<size_t>(a.steps()) % std::size(kFields)]) +
            "0\r\n\r\nGET / HTTP/1.1\r\n\r\n");
  a.Pause(2);
}
void Pipeline(Attacker& a) {
  static const std::string& many = *new std::string(Repeat("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 64000));
  RawClient& client = a.Hold(a.Connect(), 20);
  client.SetPatience(20);
  client.Send(many);  // and never reads
  a.Pause(5);
}

// --- Answers ---------------------------------------------------------------------------------------------------------

void AskWithoutReading(Attacker& a) {
  static const std::string& many = *new std::string(Repeat(Sized(kGoodPath, GoodReview("u")), 200'000));
  RawClient& client = a.Hold(a.Connect(), 40);
  client.SetPatience(20);
  client.Send(many);
  a.Pause(5);
}

// A PyTorchJob with as many resources that are none: each is an error in the answer.
std::string ManyErrors(int resources) {
  std::string limits;
  for (int i = 0; i < resources; ++i) absl::StrAppend(&limits, i == 0 ? "" : ",", "\"!r", i, "\":\"?\"");
  return absl::StrCat(
      R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",)",
      R"("object":{"apiVersion":"kubeflow.org/v1","kind":"PyTorchJob","metadata":{"name":"p","namespace":"a","labels":)",
      R"({"kueue.x-k8s.io/queue-name":"q"}},"spec":{"pytorchReplicaSpecs":{"Master":{"template":{"spec":{"containers":)",
      R"([{"name":"c","resources":{"limits":{)", limits, "}}}]}}}}}}}}");
}
void AskForLargeAnswers(Attacker& a) {
  static const std::string& request =
      *new std::string(Sized("/validate-kubeflow-org-v1-pytorchjob", ManyErrors(20'000)));
  a.Hold(a.Connect(), 12).Send(request);  // and never reads
  a.Pause(20);
}
void AskForHugeAnswers(Attacker& a) {
  static const std::string& request =
      *new std::string(Sized("/validate-kubeflow-org-v1-pytorchjob", ManyErrors(230'000)));
  a.Hold(a.Connect(), 6).Send(request);
  a.Pause(50);
}

// --- Bodies that cost ------------------------------------------------------------------------------------------------

std::string Job(const std::string& spec) {
  return absl::StrCat(
      R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE",)",
      R"("object":{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j","namespace":"a"},"spec":)", spec, "}}}");
}
void SendDenseJson(Attacker& a) {
  static const std::string& request = *new std::string(Sized(kGoodPath, Job("[" + Repeat("[],", 7'000'000) + "[]]")));
  a.Hold(a.Connect(), 6).Send(request);
  a.Pause(50);
}
void SendSomewhatDenseJson(Attacker& a) {
  static const std::string& request = *new std::string(Sized(kGoodPath, Job("[" + Repeat("[],", 400'000) + "[]]")));
  a.Hold(a.Connect(), 20).Send(request);
  a.Pause(20);
}
void SendDeepJson(Attacker& a) {
  static const std::string& request = *new std::string(Sized(kGoodPath, std::string(7'000'000, '[')));
  a.Hold(a.Connect(), 6).Send(request);
  a.Pause(50);
}
void SendLongTexts(Attacker& a) {
  static const std::string& request =
      *new std::string(Sized(kGoodPath, Job("\"" + Repeat("\\u0001", 6'900'000) + "\"")));
  a.Hold(a.Connect(), 6).Send(request);
  a.Pause(50);
}
// ClusterQueues whose checks compare each with each.
void SendManyFlavors(Attacker& a) {
  static const std::string& request = *new std::string([] {
    std::string flavors;
    for (int i = 0; flavors.size() < 180'000; ++i) absl::StrAppend(&flavors, i == 0 ? "" : ",", "\"f", i, "\"");
    return Sized("/validate-kueue-x-k8s-io-v1beta2-clusterqueue",
                 absl::StrCat(R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u",)",
                              R"("operation":"CREATE","object":{"apiVersion":"kueue.x-k8s.io/v1beta2",)",
                              R"("kind":"ClusterQueue","metadata":{"name":"q"},"spec":{"admissionChecksStrategy":)",
                              R"({"admissionChecks":[{"name":"c","onFlavors":[)", flavors, "]}]}}}}}"));
  }());
  a.Hold(a.Connect(), 10).Send(request);
  a.Pause(50);
}

// --- Probes ----------------------------------------------------------------------------------------------------------

void HoldHalfProbes(Attacker& a) {
  a.Hold(a.ConnectToProbes(), 150).Send("GET /hea");
  a.Pause(a.steps() > 150 ? 10 : 1);
}
void ExtendChunksOfProbes(Attacker& a) {
  auto client = a.ConnectToProbes();
  client->SetPatience(kPatience);
  SendWithoutEnd(a, *client, Head("/metrics", "Transfer-Encoding: chunked\r\n") + "1;", std::string(16000, 'a'));
}
void AskForMetricsWithoutReading(Attacker& a) {
  RawClient& client = a.Hold(a.ConnectToProbes(), 30);
  client.SetPatience(20);
  client.Send(Repeat("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 16000));
  a.Pause(20);
}

}  // namespace

std::unique_ptr<RawClient> Attacker::ConnectTo(int port, bool tls) {
  return std::make_unique<RawClient>(port, tls, steps_ % 2 == 0 ? 0 : 10 + number_);
}

RawClient& Attacker::Hold(std::unique_ptr<RawClient> client, size_t most) {
  held_.push_back(std::move(client));
  if (held_.size() > most) held_.pop_front();
  return *held_.back();
}

void Attacker::Pause(int milliseconds) const {
  if (!stopped()) absl::SleepFor(absl::Milliseconds(milliseconds));
}

const std::vector<Attack>& Attacks() {
  static const auto& attacks = *new std::vector<Attack>{
      {"silent", "connections that never say anything", HoldSilent},
      {"half-hello", "handshakes that begin", HoldHalfHello},
      {"garbage", "bytes that are no TLS", SendGarbage},
      {"handshakes", "handshakes and nothing else", ConnectAndGo},
      {"after-handshake", "connections that never ask anything", HoldAfterHandshake},
      {"key-updates", "keys that change all the time", UpdateKeys},
      {"half-head", "requests that begin", HoldHalfHead},
      {"drip-head", "headers byte by byte", DripHeads},
      {"announce", "large bodies that never come, also to paths that are none", AnnounceBodies},
      {"announce-small", "small bodies that never come", AnnounceSmallBodies},
      {"announce-chunks", "chunks that never come", AnnounceChunks},
      {"large-bodies", "large bodies but for their ends", HoldLargeBodies},
      {"drip-body", "bodies byte by byte", DripBodies},
      {"chunk-extension", "a chunk line without end", ExtendChunks},
      {"chunk-extensions", "chunks that are mostly extensions", ExtendManyChunks},
      {"tiny-chunks", "chunks of a byte", SendTinyChunks},
      {"headers", "headers without end", SendHeadersWithoutEnd},
      {"trailers", "trailers without end", SendTrailersWithoutEnd},
      {"too-much", "a body over the limit, without end", SendTooMuch},
      {"smuggling", "requests that can be read in two ways", Smuggle},
      {"pipeline", "requests without number whose answers are not read", Pipeline},
      {"unread", "reviews whose answers are not read", AskWithoutReading},
      {"unread-large", "reviews with large answers that are not read", AskForLargeAnswers},
      {"huge-answers", "reviews with huge answers", AskForHugeAnswers},
      {"dense-json", "7 MB of empty lists", SendDenseJson},
      {"denser-json", "400 kB of empty lists, many times", SendSomewhatDenseJson},
      {"deep-json", "7 MB of brackets", SendDeepJson},
      {"escapes", "7 MB of escaped characters", SendLongTexts},
      {"flavors", "objects whose checks take long", SendManyFlavors},
      {"half-probe", "probes that begin", HoldHalfProbes},
      {"probe-extension", "a chunk line without end where probes are", ExtendChunksOfProbes},
      {"probe-unread", "metrics that are not read", AskForMetricsWithoutReading},
  };
  return attacks;
}

std::string GoodReview(const std::string& uid) {
  return absl::StrCat(
      R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":")", uid,
      R"(","kind":{"group":"batch","version":"v1","kind":"Job"},"resource":{"group":"batch","version":"v1",)",
      R"("resource":"jobs"},"name":"j","namespace":"a","operation":"CREATE","object":{"apiVersion":"batch/v1",)",
      R"("kind":"Job","metadata":{"name":"j","namespace":"a","labels":{"kueue.x-k8s.io/queue-name":"q"}},)",
      R"("spec":{"template":{"spec":{"containers":[{"name":"c","image":"i","resources":{"requests":{"cpu":"1"}}}],)",
      R"("restartPolicy":"Never"}}}}}})");
}

}  // namespace muster::webhook
