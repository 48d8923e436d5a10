#include "manager/process/writers.h"

#include <utility>

#include "kube/client/waiting.h"

namespace muster::manager {

absl::StatusOr<std::unique_ptr<Writers>> Writers::Start(const kube::ApiEndpoint& endpoint, WriterOptions options,
                                                        kube::RequestBudget* budget, OnAnswer on_answer) {
  std::unique_ptr<Writers> writers(new Writers(options, budget, std::move(on_answer)));
  for (int i = 0; i < options.writers + options.event_writers; ++i) {
    auto sender = kube::RequestSender::New(endpoint, options.sending, budget);
    if (!sender.ok()) return sender.status();
    writers->senders_.push_back(*std::move(sender));
  }
  for (int i = 0; i < options.writers + options.event_writers; ++i) {
    Lane* lane = i < options.writers ? &writers->writes_ : &writers->events_;
    writers->threads_.emplace_back([self = writers.get(), sender = writers->senders_[static_cast<size_t>(i)].get(),
                                    lane] { self->Run(sender, lane); });
  }
  return writers;
}

Writers::~Writers() { Stop(absl::ZeroDuration()); }

void Writers::Push(Outgoing outgoing) {
  Lane& lane = outgoing.is_event ? events_ : writes_;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (outgoing.is_event && lane.waiting.size() >= options_.max_events) {
      ++events_dropped_;
      return;
    }
    lane.waiting.push_back(std::move(outgoing));
  }
  lane.more.notify_one();
}

WriterFigures Writers::figures() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {static_cast<int64_t>(writes_.waiting.size() + events_.waiting.size()), writes_.under_way + events_.under_way,
          events_dropped_};
}

void Writers::Run(kube::RequestSender* sender, Lane* lane) {
  for (;;) {
    Outgoing outgoing;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      lane->more.wait(lock, [&] { return stopping_ || !lane->waiting.empty(); });
      if (stopping_) return;
      outgoing = std::move(lane->waiting.front());
      lane->waiting.pop_front();
      ++lane->under_way;
    }
    const kube::SteadyTime start = kube::SteadyNow();
    kube::Response response = sender->Send(outgoing.request);
    on_answer_(outgoing, std::move(response), kube::Since(start));
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      --lane->under_way;
    }
    answered_.notify_all();
  }
}

bool Writers::Stop(absl::Duration patience) {
  bool done = false;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    stopping_ = true;
    writes_.more.notify_all();
    events_.more.notify_all();
    budget_.Stop();
    done = answered_.wait_until(lock, kube::After(patience),
                                [this] { return writes_.under_way == 0 && events_.under_way == 0; });
  }
  for (const auto& sender : senders_) sender->Stop();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
  return done;
}

}  // namespace muster::manager
