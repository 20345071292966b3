// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rotary angles that an exporter stored as their cosines and sines.
#ifndef QEFF_LIB_RAISE_STOREDWAVES_H
#define QEFF_LIB_RAISE_STOREDWAVES_H

#include "qeff/Analysis/Elements.h"

namespace qeff {

/// Elements of a stored table at all positions, factor·cos or factor·sin of
/// position·frequency.
struct StoredWave {
  bool isSine = false;
  /// The position that is read.
  Expr position;
  SmallVector<double> values;
};

/// What `load` reads where that is a constant table of floats at one index that
/// is an expression, or nothing.
std::optional<StoredWave> getStoredWave(Elements &elements, Expr load);

struct WaveFit {
  double frequency = 0;
  double factor = 1;
};

/// The frequency and the factor that both waves have, or nothing. What is stored
/// may be as far from it as float products of position and frequency are.
std::optional<WaveFit> fitWaves(const StoredWave &cosine,
                                const StoredWave &sine);

} // namespace qeff

#endif // QEFF_LIB_RAISE_STOREDWAVES_H
