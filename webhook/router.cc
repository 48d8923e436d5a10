#include "webhook/router.h"

#include <utility>

namespace muster::webhook {

class Router::Impl {
 public:
  Impl(WebhookConfig config, const ClusterState* state) : config_(std::move(config)), state_(state) {}
  const std::vector<Route>& routes() const { return routes_; }

 private:
  WebhookConfig config_;
  const ClusterState* state_;
  std::vector<Route> routes_;
};

Router::Router(WebhookConfig config, const ClusterState* state)
    : impl_(std::make_unique<Impl>(std::move(config), state)) {}
Router::~Router() = default;

const std::vector<Route>& Router::Routes() const { return impl_->routes(); }

HttpAnswer Router::TooLarge() { return {}; }

HttpAnswer Router::Answer(absl::string_view path, absl::string_view content_type, absl::string_view body) const {
  (void)path;
  (void)content_type;
  (void)body;
  return {.status = 404, .content_type = "text/plain; charset=utf-8", .body = "404 page not found\n", .code = 404};
}

}  // namespace muster::webhook
