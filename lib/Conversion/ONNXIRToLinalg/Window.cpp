// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Windows of convolutions and pooling.

#include "Window.h"

using namespace qeff;
using namespace qeff::onnxir;

/// More than any window has; products of such numbers fit 64 bits.
static constexpr int64_t kMaxEntry = int64_t(1) << 30;

int64_t Window::getOutputSize(size_t axis, int64_t size) const {
  int64_t extent = dilations[axis] * (kernel[axis] - 1) + 1;
  int64_t room = size + padsBegin[axis] + padsEnd[axis] - extent;
  if (room < 0) {
    return 0;
  }
  int64_t steps = room / strides[axis];
  bool rest = room % strides[axis] != 0;
  // A window that would start in the padding behind does not count.
  if (ceilMode && rest &&
      (steps + 1) * strides[axis] < size + padsBegin[axis]) {
    ++steps;
  }
  return steps + 1;
}

static FailureOr<SmallVector<int64_t>> getEntries(Lowering &l, StringRef name,
                                                  size_t count,
                                                  int64_t otherwise,
                                                  int64_t low) {
  auto entries = l.op.getInts(name).value_or(
      SmallVector<int64_t>(count, otherwise));
  bool fits = entries.size() == count &&
              llvm::all_of(entries, [&](int64_t entry) {
                return entry >= low && entry <= kMaxEntry;
              });
  if (!fits) {
    return l.fail("expects " + Twine(count) + " entries of at least " +
                  Twine(low) + " in '" + name + "'");
  }
  return entries;
}

/// Pads such that the output has ceil(size / stride) elements.
static void padSame(Window &window, ArrayRef<int64_t> spatial, bool upper) {
  for (size_t axis = 0; axis < window.getRank(); ++axis) {
    int64_t stride = window.strides[axis];
    int64_t count = (spatial[axis] + stride - 1) / stride;
    int64_t extent = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
    int64_t total = std::max<int64_t>(
        (count - 1) * stride + extent - spatial[axis], 0);
    window.padsBegin[axis] = upper ? total / 2 : (total + 1) / 2;
    window.padsEnd[axis] = total - window.padsBegin[axis];
  }
}

FailureOr<Window> Window::get(Lowering &l, ArrayRef<int64_t> input,
                              ArrayRef<int64_t> kernel) {
  size_t rank = kernel.size();
  bool fits = rank > 0 && input.size() == rank + 2 &&
              llvm::all_of(kernel, [](int64_t size) {
                return size >= 1 && size <= kMaxEntry;
              });
  if (!fits) {
    return l.fail("expects [N, C, spatial axes] and a kernel size for each of "
                  "these");
  }
  auto strides = getEntries(l, "strides", rank, 1, 1);
  auto dilations = getEntries(l, "dilations", rank, 1, 1);
  auto pads = getEntries(l, "pads", 2 * rank, 0, 0);
  if (failed(strides) || failed(dilations) || failed(pads)) {
    return failure();
  }
  Window window;
  window.kernel.assign(kernel.begin(), kernel.end());
  window.strides = *strides;
  window.dilations = *dilations;
  window.padsBegin.assign(pads->begin(), pads->begin() + rank);
  window.padsEnd.assign(pads->begin() + rank, pads->end());
  window.ceilMode = l.op.getInt("ceil_mode", 0) != 0;
  StringRef mode = l.op.getString("auto_pad", "NOTSET");
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
    padSame(window, input.drop_front(2), mode == "SAME_UPPER");
  } else if (mode == "VALID") {
    window.padsBegin.assign(rank, 0);
    window.padsEnd.assign(rank, 0);
  } else if (mode != "NOTSET" && !mode.empty()) {
    return l.fail("expects a known auto_pad, got '" + mode + "'");
  }
  return window;
}

SmallVector<Value> onnxir::getPlace(Lowering &l, const Window &window,
                                    ValueRange out, ValueRange k,
                                    ArrayRef<int64_t> input, Value &isInside) {
  SmallVector<Value> place;
  for (size_t axis = 0; axis < window.getRank(); ++axis) {
    Value start = l.s.mulIndex(out[axis], window.strides[axis]);
    Value offset = l.s.mulIndex(k[axis], window.dilations[axis]);
    Value at = l.s.addIndex(l.s.addIndex(start, offset),
                            -window.padsBegin[axis]);
    isInside = l.s.logicalAnd(isInside, l.s.inBounds(at, input[axis]));
    place.push_back(
        l.s.clamp(at, 0, std::max<int64_t>(input[axis] - 1, 0)));
  }
  return place;
}
