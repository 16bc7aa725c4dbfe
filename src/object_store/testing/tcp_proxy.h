// A proxy between a client and a server of the loopback address that harms connections on demand: for tests of what must
// survive that.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <random>
#include <string_view>
#include <thread>

#include "base/error.h"

namespace gigapi {

class TcpProxy {
 public:
  enum class Direction {
    kToServer,
    kToClient,
  };
  enum class Fate {
    kPass,
    kCut,       // the connection ends; of these bytes none is passed
    kTruncate,  // half of them are
    kSwallow,   // the bytes are lost, and the connection stays
  };
  /// Called for each piece that comes, by the proxy's thread.
  using Decide = std::function<Fate(Direction direction, std::string_view bytes)>;

  static Result<std::unique_ptr<TcpProxy>> Start(int server_port);
  ~TcpProxy();

  int port() const { return port_; }
  void SetFaults(Decide decide);
  /// Each piece is cut or truncated with this probability.
  void CutAtRandom(double probability, uint64_t seed);
  /// Ends all connections, and refuses new ones until told otherwise.
  void CutAll();
  void RefuseNew(bool refuse) { refuse_ = refuse; }

 private:
  struct Link {
    int client = -1;
    int server = -1;
    bool is_over = false;
  };

  explicit TcpProxy(int server_port) : server_port_(server_port) {}
  Status Listen();
  void Run();
  void Accept();
  void Move(Link* link, Direction direction);
  static void Close(Link* link);

  const int server_port_;
  int port_ = 0;
  int listener_ = -1;
  int wake_ = -1;  // an eventfd
  std::atomic<bool> stop_{false};
  std::atomic<bool> refuse_{false};
  std::atomic<bool> cut_all_{false};
  std::mutex mutex_;
  Decide decide_;          // guarded by mutex_
  std::list<Link> links_;  // of the thread
  std::jthread thread_;
};

}  // namespace gigapi
