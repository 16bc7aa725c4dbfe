#include "object_store/testing/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "base/thread.h"

namespace gigapi {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

bool SendAll(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<TcpProxy>> TcpProxy::Start(int server_port) {
  std::unique_ptr<TcpProxy> proxy(new TcpProxy(server_port));
  ARROW_RETURN_NOT_OK(proxy->Listen());
  proxy->thread_ = StartThread("test-proxy", [raw = proxy.get()] { raw->Run(); });
  return proxy;
}

TcpProxy::~TcpProxy() {
  stop_ = true;
  const uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof(one));
  thread_ = {};
  for (Link& link : links_) Close(&link);
  if (listener_ >= 0) ::close(listener_);
  if (wake_ >= 0) ::close(wake_);
}

Status TcpProxy::Listen() {
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 64) != 0) {
    return Status::IOError("the proxy cannot listen");
  }
  (void)::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  return Status::OK();
}

void TcpProxy::SetFaults(Decide decide) {
  const std::lock_guard lock(mutex_);
  decide_ = std::move(decide);
}

void TcpProxy::CutAtRandom(double probability, uint64_t seed) {
  SetFaults([random = std::mt19937_64(seed), probability](Direction, std::string_view) mutable {
    const double drawn = std::uniform_real_distribution<double>(0, 1)(random);
    if (drawn >= probability) return Fate::kPass;
    return drawn < probability / 2 ? Fate::kCut : Fate::kTruncate;
  });
}

void TcpProxy::CutAll() {
  refuse_ = true;
  cut_all_ = true;
  const uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof(one));
}

void TcpProxy::Run() {
  while (!stop_) {
    std::vector<pollfd> waits = {{.fd = wake_, .events = POLLIN, .revents = 0},
                                 {.fd = listener_, .events = POLLIN, .revents = 0}};
    std::vector<Link*> links;
    for (Link& link : links_) {
      waits.push_back({.fd = link.client, .events = POLLIN, .revents = 0});
      waits.push_back({.fd = link.server, .events = POLLIN, .revents = 0});
      links.push_back(&link);
    }
    (void)::poll(waits.data(), waits.size(), -1);
    if (waits[0].revents != 0) {
      uint64_t count = 0;
      (void)!::read(wake_, &count, sizeof(count));
    }
    if (waits[1].revents != 0) Accept();
    for (size_t i = 0; i < links.size(); ++i) {
      if (waits[2 + 2 * i].revents != 0) Move(links[i], Direction::kToServer);
      if (!links[i]->is_over && waits[3 + 2 * i].revents != 0) Move(links[i], Direction::kToClient);
    }
    const bool cut_all = cut_all_.exchange(false);
    for (auto link = links_.begin(); link != links_.end();) {
      if (!cut_all && !link->is_over) {
        ++link;
        continue;
      }
      Close(&*link);
      link = links_.erase(link);
    }
  }
}

void TcpProxy::Accept() {
  Link link{.client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)};
  if (link.client < 0) return;
  link.server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(server_port_);
  if (refuse_ || ::connect(link.server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    Close(&link);
    return;
  }
  links_.push_back(link);
}

void TcpProxy::Move(Link* link, Direction direction) {
  const bool to_server = direction == Direction::kToServer;
  char bytes[16 << 10];
  const ssize_t received = ::recv(to_server ? link->client : link->server, bytes, sizeof(bytes), 0);
  if (received <= 0) {
    link->is_over = true;
    return;
  }
  std::string_view piece(bytes, static_cast<size_t>(received));
  Fate fate = Fate::kPass;
  {
    const std::lock_guard lock(mutex_);
    if (decide_) fate = decide_(direction, piece);
  }
  if (fate == Fate::kSwallow) return;
  if (fate == Fate::kTruncate) piece = piece.substr(0, piece.size() / 2);
  if (fate != Fate::kCut && !SendAll(to_server ? link->server : link->client, piece)) link->is_over = true;
  if (fate != Fate::kPass) link->is_over = true;
}

void TcpProxy::Close(Link* link) {
  ::close(link->client);
  ::close(link->server);
}

}  // namespace gigapi
