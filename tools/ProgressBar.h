// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Progress on a terminal, for the command lines.
#ifndef QEFF_TOOLS_PROGRESSBAR_H
#define QEFF_TOOLS_PROGRESSBAR_H

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <unistd.h>

/// Draws each stage's progress on a line of standard error, if that is a
/// terminal.
class ProgressBar {
public:
  ~ProgressBar() { close(); }

  void draw(std::string_view stage, int64_t done, int64_t total) {
    if (!isTerminal) {
      return;
    }
    auto now = std::chrono::steady_clock::now();
    if (stage != current) {
      close();
      current = stage;
    } else if (done < total && now - last < std::chrono::milliseconds(50)) {
      return;
    }
    last = now;
    double part = total > 0 ? double(done) / double(total) : 0;
    part = std::clamp(part, 0.0, 1.0);
    constexpr int kWidth = 40;
    int filled = static_cast<int>(part * kWidth);
    std::fprintf(stderr, "\r%-24.24s [%.*s%.*s] %3.0f%%\033[K", current.c_str(),
                 filled, "########################################",
                 kWidth - filled, "----------------------------------------",
                 part * 100);
  }

  /// Ends the current line.
  void close() { end("\n"); }
  /// Takes the current line away: its place is for other output.
  void erase() { end("\r\033[K"); }

private:
  void end(const char *text) {
    if (!current.empty()) {
      std::fputs(text, stderr);
      current.clear();
    }
  }

  bool isTerminal = ::isatty(STDERR_FILENO);
  std::string current;
  std::chrono::steady_clock::time_point last;
};

#endif // QEFF_TOOLS_PROGRESSBAR_H
