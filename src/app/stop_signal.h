// SIGTERM and SIGINT as something to wait for.
#pragma once

namespace gigapi {

/// Holds SIGTERM and SIGINT back from all threads, and ignores SIGPIPE. Called once, before any thread is started.
void BlockStopSignals();

/// Waits for SIGTERM or SIGINT. From then on another one ends the process at once.
void WaitForStopSignal();

/// Whether such a signal has come and nobody waits; does not take it.
bool StopSignalPending();

}  // namespace gigapi
