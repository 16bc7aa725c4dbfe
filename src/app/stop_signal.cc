#include "app/stop_signal.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

namespace gigapi {
namespace {

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

WakeUp::WakeUp() : event_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

WakeUp::~WakeUp() { ::close(event_fd_); }

void WakeUp::Wake() {
  const uint64_t one = 1;
  (void)!::write(event_fd_, &one, sizeof(one));
}

bool WaitForStopSignalOr(WakeUp* wake) {
  const sigset_t signals = StopSignals();
  const int signal_fd = ::signalfd(-1, &signals, SFD_CLOEXEC);
  pollfd awaited[] = {{signal_fd, POLLIN, 0}, {wake->event_fd_, POLLIN, 0}};
  while (::poll(awaited, 2, -1) < 0 && errno == EINTR) continue;
  ::close(signal_fd);
  if (awaited[0].revents != 0) return true;
  uint64_t count = 0;
  (void)!::read(wake->event_fd_, &count, sizeof(count));
  return false;
}

void WaitForStopSignal() {
  const sigset_t signals = StopSignals();
  int received = 0;
  sigwait(&signals, &received);
  // Threads keep the signals blocked; this one takes the next and dies of it.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

bool StopSignalPending() {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

}  // namespace gigapi
