// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The evaluator against whole-tensor references: random chains of ops over
// random shapes, every stored format, small budgets, one and many threads.

#include "EvaluatorFixture.h"

#include "qeff/Dialect/QEff/IR/BlockFormat.h"

#include "mlir/IR/Verifier.h"

#include <random>

using namespace qeff;
using namespace qeff::test;

namespace {
/// A chain of ops and what it should give.
struct Chain {
  Value value;
  ReferenceTensor reference;
  std::string text;
};

class ChainBuilder {
public:
  ChainBuilder(unsigned seed, ImplicitLocOpBuilder &builder)
      : random(seed), builder(builder) {}

  int64_t draw(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % (high - low + 1));
  }

  ReferenceTensor makeTensor(const Index &shape, FloatKind kind) {
    return ReferenceTensor::build(shape, kind, [&](const Index &) {
      // Mostly ordinary numbers, some of any bits.
      if (draw(0, 9) == 0) {
        uint32_t bits = random();
        return kind == FloatKind::F32 ? bits : bits & 0xffff;
      }
      auto number = static_cast<float>(draw(-100000, 100000)) / 64.0f;
      return ReferenceTensor::fromFloat(kind, number);
    });
  }

  RankedTensorType withShape(Value value, const Index &shape) {
    return cast<RankedTensorType>(value.getType()).clone(shape);
  }

  Chain transpose(Chain chain) {
    Index permutation(chain.reference.shape.size());
    for (size_t k = 0; k < permutation.size(); ++k) {
      permutation[k] = static_cast<int64_t>(k);
    }
    std::shuffle(permutation.begin(), permutation.end(), random);
    ReferenceTensor result = chain.reference.transpose(permutation);
    Value value = TransposeOp::create(
        builder, withShape(chain.value, result.shape), chain.value,
        permutation);
    return {value, result, chain.text + " transpose"};
  }

  Chain slice(Chain chain) {
    Index offsets;
    Index sizes;
    for (int64_t size : chain.reference.shape) {
      offsets.push_back(draw(0, std::min<int64_t>(size - 1, 9)));
      sizes.push_back(size - offsets.back() -
                      draw(0, std::min<int64_t>(size - offsets.back() - 1, 3)));
    }
    Value value = SliceOp::create(builder, withShape(chain.value, sizes),
                                  chain.value, offsets);
    return {value, chain.reference.slice(offsets, sizes),
            chain.text + " slice"};
  }

  Chain permuteRows(Chain chain) {
    int64_t rows = chain.reference.shape[0];
    if (rows % 2 != 0) {
      return chain;
    }
    int64_t heads = rows % 8 == 0 ? 4 : rows % 6 == 0 ? 3 : 1;
    bool back = draw(0, 1) == 1;
    Value value = PermuteRowsOp::create(
        builder, chain.value.getType(), chain.value, heads,
        back ? RowOrder::Interleave : RowOrder::Deinterleave);
    return {value,
            back ? chain.reference.interleave(heads)
                 : chain.reference.deinterleave(heads),
            chain.text + " permute_rows"};
  }

  Chain reshape(Chain chain) {
    int64_t count = chain.reference.count();
    Index shape;
    for (int64_t rest = count; rest > 1 || shape.empty();) {
      int64_t size = std::min(draw(2, 40), rest);
      while (rest % size != 0) {
        --size;
      }
      size = size == 1 || shape.size() == 3 ? rest : size;
      shape.insert(draw(0, 1) ? shape.begin() : shape.end(), size);
      rest /= size;
    }
    ReferenceTensor result = chain.reference;
    result.shape = shape;
    Value value = ReshapeOp::create(builder, withShape(chain.value, shape),
                                    chain.value);
    return {value, result, chain.text + " reshape"};
  }

  Chain concat(Chain chain) {
    auto axis = draw(0, static_cast<int64_t>(chain.reference.shape.size()) - 1);
    if (chain.reference.count() > 20000) {
      return chain;
    }
    Chain other = slice(chain);
    Index sizes = chain.reference.shape;
    sizes[axis] = other.reference.shape[axis];
    Index offsets(sizes.size(), 0);
    offsets[axis] = chain.reference.shape[axis] - sizes[axis];
    other.reference = chain.reference.slice(offsets, sizes);
    other.value = SliceOp::create(builder, withShape(chain.value, sizes),
                                  chain.value, offsets);
    ReferenceTensor result = ReferenceTensor::concat(
        {other.reference, chain.reference, other.reference}, axis);
    Value value = ConcatOp::create(
        builder, withShape(chain.value, result.shape),
        ValueRange{other.value, chain.value, other.value}, axis);
    return {value, result, chain.text + " concat"};
  }

  Chain castTo(Chain chain, FloatKind kind, Type type) {
    auto result =
        RankedTensorType::get(chain.reference.shape, type);
    Value value = CastOp::create(builder, result, chain.value);
    return {value, chain.reference.cast(kind), chain.text + " cast"};
  }

  Chain clip(Chain chain) {
    Value value = ClipOp::create(builder, chain.value.getType(), chain.value,
                                 llvm::APFloat(-512.0), llvm::APFloat(96.0),
                                 false, StringAttr());
    return {value, chain.reference.clip(-512, 96), chain.text + " clip"};
  }

  std::mt19937 random;
  ImplicitLocOpBuilder &builder;
};

TEST_F(EvaluatorTest, RandomChainsMatchReference) {
  const FloatKind kinds[] = {FloatKind::F32, FloatKind::F16, FloatKind::BF16};
  for (unsigned seed = 0; seed < 60; ++seed) {
    ChainBuilder build(seed, *values);
    FloatKind kind = kinds[seed % 3];
    Index shape;
    for (int64_t k = build.draw(1, 3); k > 0; --k) {
      shape.push_back(build.draw(1, k == 1 ? 150 : 40));
    }
    ReferenceTensor tensor = build.makeTensor(shape, kind);
    Chain chain = {addWeight(tensor), tensor, "seed " + std::to_string(seed)};
    for (int64_t ops = build.draw(0, 7); ops > 0; --ops) {
      FloatKind to = kinds[build.draw(0, 2)];
      switch (build.draw(0, 6)) {
      case 0:
        chain = build.transpose(chain);
        break;
      case 1:
        chain = build.slice(chain);
        break;
      case 2:
        chain = build.permuteRows(chain);
        break;
      case 3:
        chain = build.reshape(chain);
        break;
      case 4:
        chain = build.concat(chain);
        break;
      case 5:
        chain = build.castTo(chain, to, getType(to));
        break;
      default:
        chain = build.clip(chain);
        break;
      }
    }
    check(chain.value, chain.reference.toBytes(), chain.text);
  }
  EXPECT_TRUE(succeeded(mlir::verify(*module)));
}

TEST_F(EvaluatorTest, WeightChainsOfModels) {
  ChainBuilder build(7, *values);
  // Fused qkv of a GGUF-like file: rows out of the middle, permuted, narrowed,
  // transposed.
  ReferenceTensor qkv = build.makeTensor({3 * 96, 130}, FloatKind::BF16);
  Value value = addWeight(qkv);
  value = SliceOp::create(*values, build.withShape(value, {96, 130}), value,
                          ArrayRef<int64_t>{96, 0});
  value = PermuteRowsOp::create(*values, value.getType(), value, 4,
                                RowOrder::Deinterleave);
  value = CastOp::create(
      *values, RankedTensorType::get({96, 130}, getType(FloatKind::F16)),
      value);
  value = TransposeOp::create(*values, build.withShape(value, {130, 96}),
                              value, ArrayRef<int64_t>{1, 0});
  ReferenceTensor expected = qkv.slice({96, 0}, {96, 130})
                                 .deinterleave(4)
                                 .cast(FloatKind::F16)
                                 .transpose({1, 0});
  check(value, expected.toBytes(), "qkv");
}

TEST_F(EvaluatorTest, BlocksDecode) {
  std::mt19937 random(3);
  for (BlockEncoding encoding :
       {BlockEncoding::Q8_0, BlockEncoding::Q4_0, BlockEncoding::Q4_1}) {
    int64_t rows = 11;
    int64_t blocksPerRow = 3;
    int64_t blocks = rows * blocksPerRow;
    std::vector<char> bytes(blocks * getBlockBytes(encoding));
    for (char &byte : bytes) {
      byte = static_cast<char>(random());
    }
    std::vector<float> decoded(blocks * kBlockLength);
    decodeBlocks(encoding, bytes.data(), decoded.data(), blocks);
    for (FloatKind kind :
         {FloatKind::F32, FloatKind::F16, FloatKind::BF16}) {
      ReferenceTensor tensor{{rows, blocksPerRow * kBlockLength}, kind, {}};
      for (float number : decoded) {
        tensor.bits.push_back(ReferenceTensor::fromFloat(kind, number));
      }
      Value value = addWeight(bytes, getType(tensor),
                              BlockEncodingAttr::get(&context, encoding));
      check(value, tensor.toBytes(), "blocks");
      // Not at block boundaries, and rows that are whole in blocks only.
      ChainBuilder build(5, *values);
      for (auto [offset, size] :
           {std::pair<int64_t, int64_t>{5, 50}, {3, 90}, {32, 64}, {40, 1}}) {
        Value part = SliceOp::create(*values,
                                     build.withShape(value, {rows, size}),
                                     value, ArrayRef<int64_t>{0, offset});
        check(part, tensor.slice({0, offset}, {rows, size}).toBytes(),
              "part of blocks");
      }
    }
  }
}

TEST_F(EvaluatorTest, ConstantsAndManyPlacements) {
  ChainBuilder build(9, *values);
  auto type = RankedTensorType::get({3, 2}, getType(FloatKind::F32));
  auto dense = DenseElementsAttr::get(
      type, ArrayRef<float>{1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f});
  auto splat = DenseElementsAttr::get(type, 7.0f);
  Value a = mlir::arith::ConstantOp::create(*values, dense);
  Value b = mlir::arith::ConstantOp::create(*values, splat);
  Value t = TransposeOp::create(*values, type.clone({2, 3}), a,
                                ArrayRef<int64_t>{1, 0});
  ReferenceTensor weight = build.makeTensor({5, 7}, FloatKind::F16);
  Value w = addWeight(weight);
  std::vector<char> got = write(
      {WeightPlacement(t, 0), WeightPlacement(b, 24),
       WeightPlacement(w, 48),
       WeightPlacement(FlatSymbolRefAttr::get(&context, "w0"), 118)},
      2, 1 << 20, 188);
  const float head[] = {1, 3, 5, 2, 4, 6, 7, 7, 7, 7, 7, 7};
  EXPECT_EQ(0, std::memcmp(got.data(), head, sizeof(head)));
  EXPECT_EQ(0, std::memcmp(got.data() + 48, weight.toBytes().data(), 70));
  EXPECT_EQ(0, std::memcmp(got.data() + 118, weight.toBytes().data(), 70));
}

TEST_F(EvaluatorTest, ProgressReachesTotal) {
  ChainBuilder build(1, *values);
  Value w = addWeight(build.makeTensor({64, 64}, FloatKind::F32));
  int fd = ::open((folder.path + "/out").c_str(), O_CREAT | O_RDWR, 0644);
  int64_t last = -1;
  ASSERT_TRUE(succeeded(writeWeights(
      *module, WeightPlacement(w, 0), fd, options,
      [&](std::string_view stage, int64_t done, int64_t total) {
        EXPECT_EQ(stage, "weights");
        EXPECT_EQ(total, 64 * 64 * 4);
        EXPECT_GE(done, last);
        last = done;
      })));
  EXPECT_EQ(last, 64 * 64 * 4);
  ::close(fd);
}

TEST_F(EvaluatorTest, ContentKeysFollowContent) {
  ChainBuilder build(1, *values);
  ReferenceTensor tensor = build.makeTensor({4, 6}, FloatKind::F32);
  Value a = addWeight(tensor);
  Value b = addWeight(tensor);
  auto transposed = build.withShape(a, {6, 4});
  ArrayRef<int64_t> swap = {1, 0};
  Value t1 = TransposeOp::create(*values, transposed, a, swap);
  Value t2 = TransposeOp::create(*values, transposed, a, swap);
  Value t3 = TransposeOp::create(*values, transposed, b, swap);
  EXPECT_EQ(*getContentKey(t1), *getContentKey(t2));
  EXPECT_NE(*getContentKey(t1), *getContentKey(t3));
  EXPECT_NE(*getContentKey(t1), *getContentKey(a));
  EXPECT_EQ(getContentKey(a)->size(), 64u);
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

TEST_F(EvaluatorTest, ReportsBadFiles) {
  ChainBuilder build(1, *values);
  Value w = addWeight(build.makeTensor({4, 6}, FloatKind::F32));
  auto file = *module->getOps<FileOp>().begin();
  auto expectError = [&](StringRef text) {
    diagnostics.clear();
    EXPECT_TRUE(failed(writeWeights(*module, WeightPlacement(w, 0), -1,
                                    options)));
    ASSERT_EQ(diagnostics.size(), 1u);
    EXPECT_TRUE(StringRef(diagnostics.front()).contains(text))
        << diagnostics.front();
  };
  // The descriptor -1 cannot be written.
  expectError("cannot write 'the output file'");
  file.setHeaderSha256(StringRef("00"));
  expectError("to have SHA-256 00, got ");
  file.removeHeaderSha256Attr();
  file.setSize(121);
  expectError("expects 121 bytes in");
  file.setPath("../w0");
  expectError("expects a path inside root 'model'");
  file.setPath("/w0");
  expectError("expects a path inside root 'model'");
  file.setPath("missing");
  expectError("No such file");
  file.setRoot("adapter");
  expectError("expects a folder for root 'adapter'");
}

TEST_F(EvaluatorTest, ReportsFullDisk) {
  int fd = ::open("/dev/full", O_WRONLY);
  ASSERT_GE(fd, 0);
  ChainBuilder build(1, *values);
  Value w = addWeight(build.makeTensor({400, 60}, FloatKind::F32));
  Value t = TransposeOp::create(*values, build.withShape(w, {60, 400}), w,
                                ArrayRef<int64_t>{1, 0});
  options.threads = 4;
  options.outputName = "weights.bin";
  EXPECT_TRUE(failed(writeWeights(
      *module, {WeightPlacement(t, 0), WeightPlacement(w, 1 << 20)}, fd,
      options)));
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics.front(),
            "cannot write 'weights.bin': No space left on device");
  ::close(fd);
}

TEST_F(EvaluatorTest, RefusesWhatCannotBeStreamed) {
  auto type = RankedTensorType::get({2, 2}, getType(FloatKind::F32));
  function.insertArgument(0, type, {}, module->getLoc());
  Value argument = function.getArgument(0);
  EXPECT_TRUE(failed(
      writeWeights(*module, WeightPlacement(argument, 0), -1, options)));
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics.front(),
            "expects a weight expression, got an argument");
  diagnostics.clear();
  EXPECT_TRUE(failed(writeWeights(
      *module, WeightPlacement(FlatSymbolRefAttr::get(&context, "none"), 0),
      -1, options)));
  EXPECT_EQ(diagnostics.size(), 1u);
}
} // namespace
