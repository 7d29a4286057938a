// SPDX-License-Identifier: Apache-2.0
#include "app/interrupt.h"

#include <atomic>
#include <csignal>

namespace nodedb::app {

namespace {

std::atomic<bool> interrupt_seen = false;

void note(int signal) {
  interrupt_seen = true;
  std::signal(signal, SIG_DFL);
}

}  // namespace

Interrupt::Interrupt() {
  interrupt_seen = false;
  std::signal(SIGINT, note);
  std::signal(SIGTERM, note);
}

Interrupt::~Interrupt() {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
}

bool Interrupt::came() {
  return interrupt_seen;
}

}  // namespace nodedb::app
