// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The host target's kernels. A KernelLibrary adds kernel functions to a module,
// one per distinct operation, shape, element type and layout. A kernel is
//
//   func.func private @name(memref…, %begin: index, %end: index)
//       attributes {qeff_host.kernel}
//
// whose body is scf, vector and arith over static, row-major memrefs. It
// computes the tiles begin <= t < end; tiles are independent of each other and
// may run on any thread.
//
// Row invariance: for one target, the bits of an output row depend on that
// row's inputs alone, not on the number of rows, the row's index, the batch,
// the chunking, or how tiles are divided among threads.
#ifndef QEFF_TARGET_HOST_KERNELS_H
#define QEFF_TARGET_HOST_KERNELS_H

#include "qeff/Dialect/QEff/IR/QEffDialect.h"
#include "qeff/Dialect/QEffHost/IR/QEffHostDialect.h"
#include "qeff/Support/LLVM.h"

#include "llvm/ADT/StringMap.h"

#include <string>

namespace qeff::host {

/// What code may use of a CPU: an x86-64 level, from which the width of vectors
/// follows.
struct KernelTarget {
  enum class Level {
    Baseline, ///< x86-64: SSE2, 4 lanes, no fused multiply-add
    V3,       ///< x86-64-v3: AVX2, FMA, F16C, 8 lanes
    V4        ///< x86-64-v4: AVX-512 F, BW, CD, DQ, VL, 16 lanes
  };

  Level level = Level::Baseline;
  /// The CPU's LLVM name ("znver4"), which instruction scheduling is tuned to.
  std::string cpu = "x86-64";

  /// The target of an LLVM CPU name, or of this machine for "native" or "". On
  /// failure (an unknown name, a CPU that is not x86-64) emits an error at
  /// `loc`.
  static FailureOr<KernelTarget> get(Location loc, StringRef mcpu);

  static StringRef getTriple() { return "x86_64-unknown-linux-gnu"; }
  /// The level's name as an LLVM CPU ("x86-64-v3").
  StringRef getLevelName() const;
  /// The CPU features that the code needs, by LLVM's names, sorted. The runtime
  /// compares them with its CPU's.
  ArrayRef<StringRef> getFeatures() const;
  /// f32 lanes of one vector register.
  int64_t getLanes() const;
  bool hasFMA() const { return level != Level::Baseline; }
  /// Converts f16 to f32 in one instruction.
  bool hasF16C() const { return level != Level::Baseline; }
};

/// A kernel function and the number of tiles that one launch of it has.
struct Kernel {
  FlatSymbolRefAttr symbol;
  int64_t tiles = 1;
};

/// Layout of an embedding table.
enum class TableLayout {
  Rows,  ///< [V, C]
  Panels ///< [ceil(V / 32)][C][32], shared with a tied output projection
};

struct AttentionShape {
  int64_t batch = 1;
  int64_t seqLen = 1;
  int64_t heads = 1;
  int64_t groups = 1; ///< key/value heads; heads is a multiple of it
  int64_t headDim = 1;
  int64_t valueDim = 1;
  int64_t slots = 1; ///< keys, seen or not
};

struct AttentionOptions {
  double scale = 1;
  /// Keys and values are caches: slot j holds position j or nothing yet.
  bool cached = true;
  bool causal = true;
  int64_t window = 0; ///< positions that a query sees; 0: all
  double softcap = 0; ///< 0: none
  bool slopes = false;
  bool sinks = false;
  /// Sizes of the bias [biasBatch, biasHeads, seqLen, slots]; 0: none.
  int64_t biasBatch = 0;
  int64_t biasHeads = 0;
};

class KernelBuilder;

/// Builds kernels into a module. Each method returns the kernel for its
/// arguments and builds it at the first call. Operands, at multiples of
/// kAlignment bytes, are listed in order, all
/// f32 and row-major where nothing else is said; M = batch · seqLen rows,
/// ordered batch first. Sizes are at least 1. An output may not overlap an
/// input except where "in place" is said: then it may be the very same buffer.
class KernelLibrary {
public:
  KernelLibrary(ModuleOp module, const KernelTarget &target);

  const KernelTarget &getTarget() const { return target; }

  /// x [M, K], w panels of a [N, K] weight (f32, f16 or bf16), bias [N] if
  /// `bias`, out [M, N]. out = x·wᵀ + bias; each element is one chain of fused
  /// multiply-adds over ascending k, then the bias is added. Tiles: panels.
  Kernel linear(int64_t m, int64_t n, int64_t k, FloatType weightType,
                bool bias);

  /// x [M, K], a target's header, a [capacity, K], t [M, capacity]: t = x·aᵀ
  /// for the ranks that the header has; the others are neither read nor written.
  /// `capacity` is a multiple of kLoRARankStep. Tiles: kLoRARankStep for each 8
  /// rows.
  Kernel loraShrink(int64_t m, int64_t k, int64_t capacity);

  /// t [M, capacity], a target's header, b [ceil(N / 32)][rank][32] (of b
  /// [N, rank], with the header's rank: panel of rows, rank, row), then out
  /// [M, N] to add to where `inPlace`, else base [M, N] and out [M, N]. out =
  /// base + scaling·t·bᵀ over the ranks that the header has. Tiles: panels.
  Kernel loraExpand(int64_t m, int64_t n, int64_t capacity, bool inPlace);

  /// ids i64 [M], table of [V, C] in `layout` (f32, f16 or bf16), out [M, C].
  /// An id below 0 reads row 0, one above the last the last. Tiles: rows.
  Kernel embedding(int64_t m, int64_t vocab, int64_t c, FloatType tableType,
                   TableLayout layout);

  /// x [M, C], w [C], out [M, C]; in place. Tiles: rows.
  Kernel rmsNorm(int64_t m, int64_t c, double eps);

  /// x [M, C], w [C] if `weight`, b [C] if `bias`, out [M, C]; in place. Tiles:
  /// rows.
  Kernel layerNorm(int64_t m, int64_t c, double eps, bool weight, bool bias);

  /// x [M, H, D], pos i64 [M], table [P, rotaryDim] (rows of rotaryDim / 2
  /// cosines, then as many sines), out [M, H, D]; in place. Positions are
  /// clamped to [0, P − 1]. Tiles: rows.
  Kernel rope(int64_t m, int64_t heads, int64_t headDim, int64_t rotaryDim,
              int64_t positions, RopeStyle style);

  /// x [B, S, G, D], pos i64 [B, S], the cache. Writes x[b, s, g] at slot
  /// pos[b, s] of (b, g); positions outside [0, slots) are dropped, of equal
  /// positions the last wins. Tiles: (b, g).
  Kernel cacheWrite(int64_t batch, int64_t seqLen, int64_t groups,
                    int64_t slots, int64_t dim, StateLayout layout);

  /// x [B, S, G, D], out in SlotBlocks [B, G, S, D]: slot s holds x[b, s, g].
  /// What fills the last block is left as it is. Tiles: (b, g).
  Kernel packKeys(int64_t batch, int64_t seqLen, int64_t groups, int64_t dim);

  /// q [B, S, H, D], k in SlotBlocks [B, G, slots, D], v (cached: in RowMajor
  /// [B, G, slots, E], else [B, slots, G, E]), pos i64 [B, S], kvPos i64
  /// [B, slots] if not cached, slopes [H] if `slopes`, sinks [H] if `sinks`,
  /// the bias if there is one, out [B, S, H, E]. What is visible and what is
  /// added to the scores is `qeff.attention`'s, kvPos[b, j] being j where
  /// cached. Cached attention is causal; positions at or beyond `slots` see
  /// what slots − 1 sees. A row that sees nothing is 0.
  Kernel attention(const AttentionShape &shape,
                   const AttentionOptions &options);

  /// a [count], b [count], out [count]: a + b; in place. Tiles: spans of
  /// elements, as of all elementwise kernels.
  Kernel add(int64_t count);

  /// a [count], b [count], out [count]: a·b; in place.
  Kernel mul(int64_t count);

  /// x [count], out [count]: factor·x; in place.
  Kernel scale(int64_t count, double factor);

  /// x [count], out [count]: x + value; in place.
  Kernel offset(int64_t count, double value);

  /// x [count], out [count]: cap·tanh(x / cap); in place.
  Kernel softcap(int64_t count, double cap);

  /// x [count], out [count]; in place. The relative error is below 1e-6, in a
  /// tail x·e^−y below 1e-6 + 2e-7·y.
  Kernel activate(int64_t count, Activation kind);

  /// gate [count], up [count], out [count]: act(gate)·up; in place.
  Kernel gate(int64_t count, Activation kind);

  /// x [count], out [count]: min(max(x, low), high), NaN stays; in place.
  Kernel clip(int64_t count, double low, double high);

  /// out i64 [B, S]: out[b, s] = s, but −1 where mask[b, s] is 0, with the mask
  /// i64 [B, S] in front of it if `mask`. Tiles: batch rows.
  Kernel positions(int64_t batch, int64_t seqLen, bool mask);

  /// x [B, S, C], out [B, C]: the row s = 0. Tiles: batch rows.
  Kernel selectFirst(int64_t batch, int64_t seqLen, int64_t c);

  /// x [B, S, C], pos i64 [B, S] if `positions`, out [B, C]: the mean or the
  /// largest (`kind`) of the rows whose position is not negative; 0 where there
  /// is none. Tiles: batch rows.
  Kernel pool(int64_t batch, int64_t seqLen, int64_t c, Pool kind,
              bool positions);

  /// x [B, S, C], pos i64 [B, S], out [B, C]: the row of the first largest
  /// position. Tiles: batch rows.
  Kernel logitsSelect(int64_t batch, int64_t seqLen, int64_t c);

  /// x of `bytes` bytes to out, of any type. Tiles: one.
  Kernel copy(int64_t bytes);

  /// x [B, S, H, D], out [B, H, S, D]. Tiles: (b, h).
  Kernel swapHeads(int64_t batch, int64_t seqLen, int64_t heads, int64_t dim);

private:

  /// The kernel `name`, built by `body` if it does not exist. `operands` are
  /// its memref types; `inPlace` says that operands may be the same buffer.
  Kernel getOrBuild(const Twine &name, ArrayRef<Type> operands, int64_t tiles,
                    bool inPlace,
                    llvm::function_ref<void(KernelBuilder &)> body);

  ModuleOp module;
  KernelTarget target;
  llvm::StringMap<Kernel> kernels;
};

} // namespace qeff::host

#endif // QEFF_TARGET_HOST_KERNELS_H
