// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// qeff-insert-kv-cache: canonical to stateful.

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Transforms/Passes.h"

namespace qeff {
#define GEN_PASS_DEF_INSERTKVCACHEPASS
#include "qeff/Transforms/Passes.h.inc"
} // namespace qeff

using namespace qeff;

namespace {
struct InsertKVCachePass
    : public qeff::impl::InsertKVCachePassBase<InsertKVCachePass> {
  void runOnOperation() override {}
};
} // namespace
