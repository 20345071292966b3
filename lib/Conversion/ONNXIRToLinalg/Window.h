// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A window that moves over the spatial axes of [N, C, spatial…].
#ifndef QEFF_LIB_CONVERSION_ONNXIRTOLINALG_WINDOW_H
#define QEFF_LIB_CONVERSION_ONNXIRTOLINALG_WINDOW_H

#include "Lowering.h"

namespace qeff::onnxir {

/// kernel_shape, strides, dilations and pads of an operator, one entry for each
/// spatial axis.
struct Window {
  SmallVector<int64_t> kernel, strides, dilations, padsBegin, padsEnd;
  bool ceilMode = false;

  size_t getRank() const { return kernel.size(); }
  /// The size that a spatial axis of `size` gets.
  int64_t getOutputSize(size_t axis, int64_t size) const;

  /// Reads the attributes for a kernel of shape `kernel` over `input`, auto_pad
  /// included.
  static FailureOr<Window> get(Lowering &l, ArrayRef<int64_t> input,
                               ArrayRef<int64_t> kernel);
};

/// The spatial index that the window at `out` reads with its element `k`, for
/// each axis; `isInside` becomes whether all are inside `input`.
SmallVector<Value> getPlace(Lowering &l, const Window &window, ValueRange out,
                            ValueRange k, ArrayRef<int64_t> input,
                            Value &isInside);

} // namespace qeff::onnxir

#endif // QEFF_LIB_CONVERSION_ONNXIRTOLINALG_WINDOW_H
