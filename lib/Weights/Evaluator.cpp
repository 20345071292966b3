// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes values tile by tile from a pool of threads. Every tile goes to a place
// of its own in the file, so the order in which threads take tiles shows
// nowhere in the result.

#include "qeff/Weights/Evaluator.h"

#include "TileChoice.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <unistd.h>

using namespace qeff;

namespace {
/// Bytes between two reports of progress.
constexpr int64_t kProgressBytes = int64_t(4) << 20;
/// The smallest share of the budget that a thread works with.
constexpr int64_t kMinThreadBudget = int64_t(4) << 10;

/// The tiles of one value, numbered row-major.
struct TileGrid {
  const ExpressionNode *node;
  int64_t offset;
  SmallVector<int64_t, 4> sizes;
  /// Number of this grid's first tile among all grids'.
  int64_t firstTile = 0;
  int64_t numTiles = 1;

  Tile getTile(int64_t number) const {
    ArrayRef<int64_t> shape = node->getShape();
    int64_t rank = node->type.getRank();
    Tile tile;
    tile.offsets.assign(rank, 0);
    tile.sizes.assign(rank, 0);
    for (int64_t axis = rank - 1; axis >= 0; --axis) {
      int64_t count = llvm::divideCeil(shape[axis], sizes[axis]);
      tile.offsets[axis] = number % count * sizes[axis];
      tile.sizes[axis] =
          std::min(sizes[axis], shape[axis] - tile.offsets[axis]);
      number /= count;
    }
    return tile;
  }
};

TileGrid makeGrid(const ExpressionNode *node, int64_t offset,
                  SmallVector<int64_t, 4> sizes) {
  TileGrid grid{node, offset, std::move(sizes)};
  for (auto [size, tileSize] : llvm::zip(node->getShape(), grid.sizes)) {
    grid.numTiles *= size == 0 ? 0 : llvm::divideCeil(size, tileSize);
  }
  return grid;
}

/// Splits a tile in two along its longest axis.
std::pair<Tile, Tile> splitTile(const Tile &tile) {
  auto axis = std::max_element(tile.sizes.begin(), tile.sizes.end()) -
              tile.sizes.begin();
  Tile first = tile;
  Tile second = tile;
  first.sizes[axis] = tile.sizes[axis] / 2;
  second.offsets[axis] += first.sizes[axis];
  second.sizes[axis] -= first.sizes[axis];
  return {std::move(first), std::move(second)};
}

/// One call of writeWeights.
class Writer {
public:
  Writer(int fd, const EvaluatorOptions &options, const ProgressFn &progress,
         int64_t threadBudget)
      : fd(fd), options(options), progress(progress),
        threadBudget(threadBudget) {}

  void add(TileGrid grid) {
    grid.firstTile = numTiles;
    numTiles += grid.numTiles;
    totalBytes +=
        grid.node->type.getNumElements() * grid.node->elementBytes;
    grids.push_back(std::move(grid));
  }

  LogicalResult run(unsigned threads, Location loc);

private:
  void work();
  LogicalResult writeTile(const TileGrid &grid, const Tile &tile,
                          ScratchStack &scratch, std::string &error);
  LogicalResult writeBuffer(const TileGrid &grid, const Tile &tile,
                            const char *buffer, std::string &error);
  bool copyInKernel(const TileGrid &grid, const Tile &tile);
  void report(int64_t bytes);

  const int fd;
  const EvaluatorOptions &options;
  const ProgressFn &progress;
  const int64_t threadBudget;
  std::vector<TileGrid> grids;
  int64_t numTiles = 0;
  int64_t totalBytes = 0;

  /// Who writes. The kernel lets one thread at a time write to a file anyhow,
  /// one run after the other; taking turns by tiles lets the others compute.
  std::mutex fileMutex;
  std::atomic<int64_t> nextTile{0};
  std::atomic<bool> stopped{false};
  std::mutex mutex;
  // Under the mutex.
  int64_t doneBytes = 0;
  int64_t reportedBytes = 0;
  std::string firstError;
};
} // namespace

void Writer::report(int64_t bytes) {
  std::lock_guard<std::mutex> lock(mutex);
  doneBytes += bytes;
  if (progress && (doneBytes == totalBytes ||
                   doneBytes - reportedBytes >= kProgressBytes)) {
    reportedBytes = doneBytes;
    progress("weights", doneBytes, totalBytes);
  }
}

/// Copies a tile that is stored as it is without a buffer, where the kernel
/// can; false where it cannot.
bool Writer::copyInKernel(const TileGrid &grid, const Tile &tile) {
  auto [node, stored] = resolveForwarded(grid.node, tile);
  if (node->kind != ExpressionNode::Kind::Stored || node->encoding ||
      countRuns(node->getShape(), stored) != 1 ||
      countRuns(grid.node->getShape(), tile) != 1) {
    return false;
  }
  off_t from = node->offset;
  off_t to = grid.offset;
  (void)forEachRun(node->getShape(), stored,
                   [&](int64_t first, int64_t, int64_t) {
                     from += first * node->elementBytes;
                     return success();
                   });
  (void)forEachRun(grid.node->getShape(), tile,
                   [&](int64_t first, int64_t, int64_t) {
                     to += first * node->elementBytes;
                     return success();
                   });
  int64_t left = node->getTileBytes(stored);
  while (left > 0) {
    ssize_t count = ::copy_file_range(node->file->fd, &from, fd, &to, left, 0);
    if (count <= 0) {
      return false;
    }
    left -= count;
  }
  return true;
}

LogicalResult Writer::writeBuffer(const TileGrid &grid, const Tile &tile,
                                  const char *buffer, std::string &error) {
  int64_t bytes = grid.node->elementBytes;
  return forEachRun(
      grid.node->getShape(), tile,
      [&](int64_t first, int64_t position, int64_t count) {
        return writeExactly(fd, options.outputName, buffer + position * bytes,
                            count * bytes, grid.offset + first * bytes, error);
      });
}

LogicalResult Writer::writeTile(const TileGrid &grid, const Tile &tile,
                                ScratchStack &scratch, std::string &error) {
  if (std::unique_lock lock(fileMutex); copyInKernel(grid, tile)) {
    return success();
  }
  // A tile may take more than the one at the origin that its size was chosen
  // by.
  if (tile.numElements() > 1 &&
      getTileMemory(grid.node, tile) >
          getTileLimit(grid.node, tile, threadBudget)) {
    auto [first, second] = splitTile(tile);
    return failure(failed(writeTile(grid, first, scratch, error)) ||
                   failed(writeTile(grid, second, scratch, error)));
  }
  int64_t bytes = grid.node->getTileBytes(tile);
  auto *buffer = static_cast<char *>(scratch.push(bytes));
  if (!buffer) {
    error = "cannot allocate " + std::to_string(bytes) + " bytes";
    return failure();
  }
  LogicalResult result =
      computeTile(grid.node, tile, buffer, scratch, error);
  if (succeeded(result)) {
    std::unique_lock lock(fileMutex);
    result = writeBuffer(grid, tile, buffer, error);
  }
  scratch.pop();
  return result;
}

void Writer::work() {
  ScratchStack scratch(threadBudget);
  int64_t pending = 0;
  while (!stopped) {
    int64_t number = nextTile.fetch_add(1);
    if (number >= numTiles) {
      break;
    }
    auto next = std::upper_bound(
        grids.begin(), grids.end(), number,
        [](int64_t value, const TileGrid &grid) {
          return value < grid.firstTile;
        });
    const TileGrid &grid = *std::prev(next);
    Tile tile = grid.getTile(number - grid.firstTile);
    std::string error;
    if (failed(writeTile(grid, tile, scratch, error))) {
      std::lock_guard<std::mutex> lock(mutex);
      if (!stopped.exchange(true)) {
        firstError = error;
      }
      return;
    }
    pending += grid.node->getTileBytes(tile);
    if (pending >= kProgressBytes / 4) {
      report(pending);
      pending = 0;
    }
  }
  if (pending > 0) {
    report(pending);
  }
}

LogicalResult Writer::run(unsigned threads, Location loc) {
  // Empty grids would hide their successors in the search by number.
  llvm::erase_if(grids, [](const TileGrid &grid) { return !grid.numTiles; });
  if (progress) {
    progress("weights", 0, totalBytes);
  }
  std::vector<std::thread> pool;
  for (unsigned i = 1; i < threads && static_cast<int64_t>(i) < numTiles; ++i) {
    try {
      pool.emplace_back([this] { work(); });
    } catch (const std::system_error &) {
      // No more threads to be had: those that run do the work.
      break;
    }
  }
  work();
  for (std::thread &thread : pool) {
    thread.join();
  }
  if (stopped) {
    return mlir::emitError(loc) << firstError;
  }
  return success();
}

LogicalResult qeff::writeWeights(ModuleOp module,
                                 ArrayRef<WeightPlacement> placements, int fd,
                                 const EvaluatorOptions &options,
                                 const ProgressFn &progress) {
  unsigned threads = options.threads ? options.threads
                                     : std::thread::hardware_concurrency();
  threads = std::max(threads, 1u);
  int64_t threadBudget =
      std::max(options.budgetBytes / threads, kMinThreadBudget);

  FileSet files(options);
  ExpressionBuilder builder(module, files);
  TileChooser chooser(threadBudget);
  Writer writer(fd, options, progress, threadBudget);
  for (const WeightPlacement &placement : placements) {
    FailureOr<const ExpressionNode *> node =
        placement.value ? builder.build(placement.value)
                        : builder.build(placement.symbol);
    if (failed(node)) {
      return failure();
    }
    writer.add(makeGrid(*node, placement.offset, chooser.choose(*node)));
  }
  return writer.run(threads, module.getLoc());
}

LogicalResult qeff::visitTiles(ModuleOp module, Value value,
                               const EvaluatorOptions &options,
                               TileVisitor visitor) {
  return visitTiles(module, WeightPlacement(value, 0), options, visitor);
}

LogicalResult qeff::visitTiles(ModuleOp module, const WeightPlacement &weight,
                               const EvaluatorOptions &options,
                               TileVisitor visitor) {
  int64_t budget = std::max(options.budgetBytes, kMinThreadBudget);
  FileSet files(options);
  ExpressionBuilder builder(module, files);
  FailureOr<const ExpressionNode *> node =
      weight.value ? builder.build(weight.value) : builder.build(weight.symbol);
  if (failed(node)) {
    return failure();
  }
  constexpr int64_t kSequentialBytes = int64_t(4) << 20;
  TileChooser chooser(std::min(budget, kSequentialBytes));
  TileGrid grid = makeGrid(*node, 0, chooser.chooseSequential(*node));
  ScratchStack scratch(budget);
  Location loc = weight.value ? weight.value.getLoc() : module.getLoc();
  std::string error;
  for (int64_t number = 0; number < grid.numTiles; ++number) {
    Tile tile = grid.getTile(number);
    void *buffer = scratch.push(grid.node->getTileBytes(tile));
    if (!buffer) {
      return mlir::emitError(loc) << "cannot allocate a tile";
    }
    if (failed(computeTile(grid.node, tile, buffer, scratch, error))) {
      return mlir::emitError(loc) << error;
    }
    if (failed(visitor({tile, grid.node->type.getElementType(), buffer}))) {
      return failure();
    }
    scratch.pop();
  }
  return success();
}

FailureOr<std::vector<char>> qeff::readValue(ModuleOp module, Value value,
                                             const EvaluatorOptions &options,
                                             int64_t maxBytes) {
  FailureOr<int64_t> bytes = getTensorBytes(value.getType());
  if (failed(bytes) || *bytes > maxBytes) {
    return mlir::emitError(value.getLoc())
           << "expects a tensor of at most " << maxBytes << " bytes, got "
           << value.getType();
  }
  std::vector<char> data;
  data.reserve(*bytes);
  LogicalResult result = visitTiles(
      module, value, options, [&](const ConstTileBuffer &tile) {
        const auto *begin = static_cast<const char *>(tile.data);
        data.insert(data.end(), begin,
                    begin + tile.tile.numElements() *
                                tile.elementType.getIntOrFloatBitWidth() / 8);
        return success();
      });
  if (failed(result)) {
    return failure();
  }
  return data;
}
