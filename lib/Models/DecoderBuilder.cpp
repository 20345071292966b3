// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one decoder builder: a family's description and a checkpoint become a
// module of phase canonical.

#include "WeightTable.h"

#include "qeff/Dialect/QEff/IR/QEffOps.h"
#include "qeff/Models/Decoder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"

using namespace qeff;

namespace func = mlir::func;

static constexpr StringRef kBatchDim = "batch_size";
static constexpr StringRef kSeqDim = "seq_len";
static constexpr StringRef kProducer = "qeff 0.1.0";
static constexpr StringRef kHead = "lm_head";

namespace {
class DecoderBuilder {
public:
  DecoderBuilder(MLIRContext *context, const DecoderDesc &desc,
                 const Checkpoint &checkpoint)
      : desc(desc), checkpoint(checkpoint), builder(context) {}

  FailureOr<OwningOpRef<ModuleOp>>
  build(const ModuleInfo &info, llvm::function_ref<bool(StringRef)> isIgnored,
        const ProgressFn &progress);

private:
  func::FuncOp createFunction(const ModuleInfo &info);
  DictionaryAttr describeValue(StringRef name, int64_t lastSize);

  Value buildEmbedding();
  Value buildAttention(Value x, int64_t layer);
  Value buildMLP(Value x, const std::string &layer);
  Value buildNorm(Value x, const NormDesc &norm, const std::string &prefix);
  Value buildHead(Value x);

  /// One of q, k, v: `size` outputs, at `offset` of the fused matrix if there
  /// is one.
  Value buildProjection(Value x, const std::string &module, StringRef part,
                        int64_t heads, int64_t offset);
  Value buildRope(Value x, const std::string &scope);
  Value buildLinear(Value x, Value weight, Value bias, StringRef scope,
                    ModuleAttr module);
  Value buildAdd(Value a, Value b, StringRef scope);
  Value getSlopes();

  RankedTensorType getHidden(int64_t size) {
    return RankedTensorType::get(
        {ShapedType::kDynamic, ShapedType::kDynamic, size},
        builder.getF32Type());
  }
  RankedTensorType getHeads(int64_t heads) {
    return RankedTensorType::get(
        {ShapedType::kDynamic, heads, ShapedType::kDynamic, desc.headDim},
        builder.getF32Type());
  }
  StringAttr str(StringRef text) const {
    return StringAttr::get(builder.getContext(), text);
  }
  Location at(StringRef scope) { return mlir::NameLoc::get(str(scope)); }
  std::string layerName(int64_t layer) const {
    return desc.layers + "." + std::to_string(layer);
  }
  /// The module `scope` of the base model, as adapters name it; from output
  /// `row` on where the op is a part of it.
  ModuleAttr describeModule(StringRef scope,
                            LinearLayout layout = LinearLayout::OutIn,
                            int64_t row = 0) const {
    return ModuleAttr::get(builder.getContext(),
                           str((desc.base + scope).str()), row,
                           layout == LinearLayout::InOut);
  }
  /// The tensor of the module `scope`.
  std::string tensor(StringRef scope, StringRef suffix) const {
    return desc.base + scope.str() + "." + suffix.str();
  }

  const DecoderDesc &desc;
  const Checkpoint &checkpoint;
  OpBuilder builder;
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<WeightTable> weights;
  Value ids, positions, slopes;
};
} // namespace

DictionaryAttr DecoderBuilder::describeValue(StringRef name,
                                             int64_t lastSize) {
  SmallVector<Attribute> dims = {
      FlatSymbolRefAttr::get(builder.getContext(), kBatchDim),
      FlatSymbolRefAttr::get(builder.getContext(), kSeqDim)};
  if (lastSize != 0) {
    dims.push_back(builder.getI64IntegerAttr(lastSize));
  }
  return builder.getDictionaryAttr(
      {builder.getNamedAttr(kNameAttr, str(name)),
       builder.getNamedAttr(kDimsAttr, builder.getArrayAttr(dims))});
}

func::FuncOp DecoderBuilder::createFunction(const ModuleInfo &info) {
  Location unknown = builder.getUnknownLoc();
  module = ModuleOp::create(unknown);
  setPhase(*module, Phase::Canonical);
  (*module)->setAttr(kProducerAttr, str(kProducer));
  (*module)->setAttr(kArchitectureAttr, str(info.architecture));
  (*module)->setAttr(kMaxPositionAttr,
                     builder.getI64IntegerAttr(desc.maxPosition));
  (*module)->setAttr(kEosTokenIdsAttr,
                     builder.getDenseI64ArrayAttr(info.eosTokenIds));

  builder.setInsertionPointToEnd(module->getBody());
  IntegerAttr one = builder.getI64IntegerAttr(1);
  DimOp::create(builder, unknown, str(kBatchDim), StringAttr(), one,
                IntegerAttr());
  DimOp::create(builder, unknown, str(kSeqDim), StringAttr(), one,
                builder.getI64IntegerAttr(desc.maxPosition));

  auto indexType = RankedTensorType::get(
      {ShapedType::kDynamic, ShapedType::kDynamic}, builder.getI64Type());
  auto type = builder.getFunctionType({indexType, indexType},
                                      {getHidden(desc.vocabSize)});
  auto function = func::FuncOp::create(builder, unknown, "main", type);
  function.setArgAttrs(0, describeValue("input_ids", 0));
  function.setArgAttrs(1, describeValue("position_ids", 0));
  function.setResultAttrs(0, describeValue("logits", desc.vocabSize));
  Block *body = function.addEntryBlock();
  ids = body->getArgument(0);
  positions = body->getArgument(1);
  builder.setInsertionPointToEnd(body);
  return function;
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

Value DecoderBuilder::buildLinear(Value x, Value weight, Value bias,
                                  StringRef scope, ModuleAttr module) {
  int64_t out = cast<RankedTensorType>(weight.getType()).getDimSize(0);
  return LinearOp::create(builder, at(scope), getHidden(out), x, weight, bias,
                          module, str(scope));
}

Value DecoderBuilder::buildAdd(Value a, Value b, StringRef scope) {
  return AddOp::create(builder, at(scope), a.getType(), a, b, str(scope));
}

Value DecoderBuilder::buildNorm(Value x, const NormDesc &norm,
                                const std::string &prefix) {
  std::string scope = prefix + norm.name;
  Value weight =
      weights->getVector(tensor(scope, "weight"), desc.hiddenSize);
  FloatAttr eps = builder.getF64FloatAttr(norm.eps);
  if (norm.kind == NormDesc::Kind::RMS) {
    return RMSNormOp::create(builder, at(scope), x.getType(), x, weight, eps,
                             describeModule(scope), str(scope));
  }
  Value bias;
  if (norm.bias) {
    bias = weights->getVector(tensor(scope, "bias"), desc.hiddenSize);
  }
  return LayerNormOp::create(builder, at(scope), x.getType(), x, weight, bias,
                             eps, describeModule(scope), str(scope));
}

Value DecoderBuilder::buildEmbedding() {
  StringRef scope = desc.tokenEmbedding;
  std::string name = tensor(scope, "weight");
  std::string head = (kHead + ".weight").str();
  // A tied table may be stored under the head's name only.
  if (desc.tied && !weights->has(name) && weights->has(head)) {
    name = head;
  }
  Value table = weights->getTable(name, desc.vocabSize, desc.hiddenSize);
  Value x = EmbeddingOp::create(builder, at(scope), getHidden(desc.hiddenSize),
                                ids, table, describeModule(scope), str(scope));
  if (desc.positionEmbedding.empty()) {
    return x;
  }
  scope = desc.positionEmbedding;
  table = weights->getTable(tensor(scope, "weight"), desc.maxPosition,
                            desc.hiddenSize);
  Value learned =
      EmbeddingOp::create(builder, at(scope), getHidden(desc.hiddenSize),
                          positions, table, describeModule(scope), str(scope));
  return buildAdd(x, learned, scope);
}

Value DecoderBuilder::buildProjection(Value x, const std::string &module,
                                      StringRef part, int64_t heads,
                                      int64_t offset) {
  const AttentionDesc &attention = desc.attention;
  int64_t size = heads * desc.headDim;
  int64_t total = (desc.numHeads + 2 * desc.numKVHeads) * desc.headDim;
  bool fused = !attention.fused.empty();
  StringRef suffix = fused ? StringRef(attention.fused) : part;
  std::string source = module + "." + suffix.str();
  std::string scope = fused ? source + "." + part.str() : source;

  Value weight = weights->getMatrixPart(
      tensor(source, "weight"), fused ? total : size, desc.hiddenSize,
      attention.layout, fused ? offset : 0, size);
  Value bias;
  if (attention.bias) {
    bias = weights->getVectorPart(tensor(source, "bias"), fused ? total : size,
                                  fused ? offset : 0, size);
  }
  ModuleAttr target =
      describeModule(source, attention.layout, fused ? offset : 0);
  Value y = buildLinear(x, weight, bias, scope, target);
  if (attention.clip) {
    y = ClipOp::create(builder, at(scope), y.getType(), y,
                       builder.getF64FloatAttr(-*attention.clip),
                       builder.getF64FloatAttr(*attention.clip), UnitAttr(),
                       str(scope));
  }
  return SplitHeadsOp::create(builder, at(scope), getHeads(heads), y,
                              str(scope));
}

Value DecoderBuilder::buildRope(Value x, const std::string &scope) {
  const RopeDesc &rope = *desc.attention.rope;
  return RopeOp::create(
      builder, at(scope), x.getType(), x, positions,
      RopeStyleAttr::get(builder.getContext(), RopeStyle::Half),
      builder.getI64IntegerAttr(desc.headDim),
      builder.getF64FloatAttr(rope.theta),
      builder.getI64IntegerAttr(desc.maxPosition), rope.scaling, str(scope));
}

Value DecoderBuilder::getSlopes() {
  ArrayRef<float> values = desc.attention.slopes;
  if (!values.empty() && !slopes) {
    auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                      builder.getF32Type());
    slopes = mlir::arith::ConstantOp::create(
        builder, at("alibi"), DenseElementsAttr::get(type, values));
  }
  return slopes;
}

Value DecoderBuilder::buildAttention(Value x, int64_t layer) {
  const AttentionDesc &attention = desc.attention;
  std::string scope = layerName(layer) + "." + attention.module;
  int64_t qSize = desc.numHeads * desc.headDim;
  int64_t kvSize = desc.numKVHeads * desc.headDim;
  bool fused = !attention.fused.empty();
  Value q = buildProjection(x, scope, fused ? "q" : attention.q,
                            desc.numHeads, 0);
  Value k = buildProjection(x, scope, fused ? "k" : attention.k,
                            desc.numKVHeads, qSize);
  Value v = buildProjection(x, scope, fused ? "v" : attention.v,
                            desc.numKVHeads, qSize + kvSize);
  if (attention.rope) {
    q = buildRope(q, scope + ".q_rope");
    k = buildRope(k, scope + ".k_rope");
  }
  double scale = attention.scale;
  if (attention.scaleByInverseLayer) {
    scale /= static_cast<double>(layer + 1);
  }
  Value mixed = AttentionOp::create(
      builder, at(scope), getHeads(desc.numHeads), q, k, v, positions,
      positions, getSlopes(), /*sinks=*/Value(), /*bias=*/Value(),
      builder.getF64FloatAttr(scale), builder.getUnitAttr(),
      /*window=*/IntegerAttr(), /*softcap=*/FloatAttr(), str(scope));
  Value merged = MergeHeadsOp::create(builder, at(scope), getHidden(qSize),
                                      mixed, str(scope));
  std::string out = scope + "." + attention.out;
  Value weight = weights->getMatrix(tensor(out, "weight"), desc.hiddenSize,
                                    qSize, attention.layout);
  Value bias;
  if (attention.outBias) {
    bias = weights->getVector(tensor(out, "bias"), desc.hiddenSize);
  }
  return buildLinear(merged, weight, bias, out,
                     describeModule(out, attention.layout));
}

Value DecoderBuilder::buildMLP(Value x, const std::string &layer) {
  const MLPDesc &mlp = desc.mlp;
  std::string scope = layer + "." + mlp.module;
  auto linear = [&](Value input, const std::string &name, int64_t out,
                    int64_t in) {
    std::string module = scope + "." + name;
    Value weight =
        weights->getMatrix(tensor(module, "weight"), out, in, mlp.layout);
    Value bias;
    if (mlp.bias) {
      bias = weights->getVector(tensor(module, "bias"), out);
    }
    return buildLinear(input, weight, bias, module,
                       describeModule(module, mlp.layout));
  };
  auto kind = ActivationAttr::get(builder.getContext(), mlp.activation);
  Value inner;
  if (mlp.gate.empty()) {
    Value up = linear(x, mlp.up, desc.innerSize, desc.hiddenSize);
    inner = ActivateOp::create(builder, at(scope), up.getType(), up, kind,
                               str(scope));
  } else {
    Value gate = linear(x, mlp.gate, desc.innerSize, desc.hiddenSize);
    Value up = linear(x, mlp.up, desc.innerSize, desc.hiddenSize);
    inner = GateOp::create(builder, at(scope), up.getType(), gate, up, kind,
                           str(scope));
  }
  return linear(inner, mlp.down, desc.hiddenSize, desc.innerSize);
}

Value DecoderBuilder::buildHead(Value x) {
  // Where a tied checkpoint has a head all the same, the head is what was
  // trained last; transformers ties only equal tensors.
  std::string name = (kHead + ".weight").str();
  if (desc.tied && !weights->has(name)) {
    name = tensor(desc.tokenEmbedding, "weight");
  }
  Value weight = weights->getTable(name, desc.vocabSize, desc.hiddenSize);
  return buildLinear(x, weight, Value(), kHead,
                     ModuleAttr::get(builder.getContext(), str(kHead), 0,
                                     /*transposed=*/false));
}

//===----------------------------------------------------------------------===//
// The module
//===----------------------------------------------------------------------===//

static void warnUnused(MLIRContext *context, StringRef path,
                       ArrayRef<StringRef> names,
                       llvm::function_ref<bool(StringRef)> isIgnored) {
  constexpr size_t kShown = 3;
  SmallVector<StringRef> unexpected;
  llvm::copy_if(names, std::back_inserter(unexpected),
                [&](StringRef name) { return !isIgnored(name); });
  if (unexpected.empty()) {
    return;
  }
  InFlightDiagnostic warning =
      mlir::emitWarning(getFileLocation(context, path))
      << unexpected.size() << " tensors are not part of the model: ";
  llvm::interleaveComma(
      ArrayRef<StringRef>(unexpected).take_front(kShown), warning);
  if (unexpected.size() > kShown) {
    warning << ", ...";
  }
}

FailureOr<OwningOpRef<ModuleOp>>
DecoderBuilder::build(const ModuleInfo &info,
                      llvm::function_ref<bool(StringRef)> isIgnored,
                      const ProgressFn &progress) {
  func::FuncOp function = createFunction(info);
  weights = std::make_unique<WeightTable>(checkpoint, desc.base, builder,
                                          function);
  Value x = buildEmbedding();
  for (int64_t layer = 0; layer < desc.numLayers; ++layer) {
    if (weights->hasFailed()) {
      return failure();
    }
    if (progress) {
      progress("import", layer, desc.numLayers);
    }
    std::string prefix = layerName(layer);
    Value normed = buildNorm(x, desc.attentionNorm, prefix + ".");
    x = buildAdd(x, buildAttention(normed, layer), prefix);
    normed = buildNorm(x, desc.mlpNorm, prefix + ".");
    x = buildAdd(x, buildMLP(normed, prefix), prefix);
  }
  x = buildNorm(x, desc.finalNorm, "");
  Value logits = buildHead(x);
  func::ReturnOp::create(builder, builder.getUnknownLoc(), logits);
  if (weights->hasFailed()) {
    return failure();
  }
  if (progress) {
    progress("import", desc.numLayers, desc.numLayers);
  }
  warnUnused(builder.getContext(), checkpoint.directory,
             weights->getUnused(), isIgnored);
  return std::move(module);
}

FailureOr<OwningOpRef<ModuleOp>>
qeff::buildDecoder(MLIRContext *context, const DecoderDesc &desc,
                   const Checkpoint &checkpoint, const ModuleInfo &info,
                   llvm::function_ref<bool(StringRef)> isIgnored,
                   const ProgressFn &progress) {
  DecoderBuilder builder(context, desc, checkpoint);
  return builder.build(info, isIgnored, progress);
}
