// SIGTERM and SIGINT as something to wait for.
#pragma once

namespace gigapi {

/// Holds SIGTERM and SIGINT back from all threads, and ignores SIGPIPE. Called once, before any thread is started.
void BlockStopSignals();

/// What wakes the thread that waits for a stop signal. Thread-safe.
class WakeUp {
 public:
  WakeUp();
  ~WakeUp();
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;
  /// May come before the wait.
  void Wake();

 private:
  friend bool WaitForStopSignalOr(WakeUp* wake);
  const int event_fd_;
};

/// Waits for SIGTERM or SIGINT. From then on another one ends the process at once.
void WaitForStopSignal();

/// Waits for SIGTERM or SIGINT, which it leaves for WaitForStopSignal, and answers true; or for a Wake, and answers false.
bool WaitForStopSignalOr(WakeUp* wake);

/// Whether such a signal has come and nobody waits; does not take it.
bool StopSignalPending();

}  // namespace gigapi
