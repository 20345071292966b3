// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How long work reports its progress.
#ifndef QEFF_SUPPORT_PROGRESS_H
#define QEFF_SUPPORT_PROGRESS_H

#include <cstdint>
#include <functional>
#include <string_view>

namespace qeff {

/// Called as work proceeds: what is being done, how much of it is done, and how
/// much there is (bytes, or items). May be called from any thread, never from
/// two at once; an empty function is never called.
using ProgressFn =
    std::function<void(std::string_view stage, int64_t done, int64_t total)>;

} // namespace qeff

#endif // QEFF_SUPPORT_PROGRESS_H
