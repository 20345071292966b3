// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The custom operators of AI 100 as ONNX functions of standard operators, so
// that any runtime executes the same file.

#include "NodeBuilder.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Parser/Parser.h"

#include "llvm/ADT/StringSet.h"

using namespace qeff;
using namespace qeff::onnxir;

namespace {
struct CustomOp {
  StringRef domain;
  StringRef opType;
  StringRef body;
};
} // namespace

// out[b, h, position_ids[b, s], :] = updates[b, h, s, :]; all else from data.
static constexpr llvm::StringLiteral kCtxScatter = R"mlir(
!any = !onnxir.any
onnxir.function @"com.qualcomm.cloud::CtxScatter"
    inputs ["data", "position_ids", "updates"] outputs ["output"]
    attributes [] opsets [#onnxir.opset<"", 17>] {
^bb0(%data: !any, %position_ids: !any, %updates: !any):
  %zero = onnxir.node "Constant"() since 13 attrs {value_ints = array<i64: 0>} : () -> !any
  %one = onnxir.node "Constant"() since 13 attrs {value_ints = array<i64: 1>} : () -> !any
  %shape = onnxir.node "Shape"(%data) since 15 : (!any) -> !any
  %batch = onnxir.node "Gather"(%shape, %zero) since 13 : (!any, !any) -> !any
  %heads = onnxir.node "Gather"(%shape, %one) since 13 : (!any, !any) -> !any
  %pos_shape = onnxir.node "Shape"(%position_ids) since 15 : (!any) -> !any
  %length = onnxir.node "Gather"(%pos_shape, %one) since 13 : (!any, !any) -> !any
  %expanded = onnxir.node "Concat"(%batch, %heads, %length, %one) since 13 attrs {axis = 0 : i64} : (!any, !any, !any, !any) -> !any
  %batches = onnxir.node "Range"(%zero, %batch, %one) since 11 : (!any, !any, !any) -> !any
  %batch_axes = onnxir.node "Constant"() since 13 attrs {value_ints = array<i64: 1, 2, 3>} : () -> !any
  %batch_column = onnxir.node "Unsqueeze"(%batches, %batch_axes) since 13 : (!any, !any) -> !any
  %batch_index = onnxir.node "Expand"(%batch_column, %expanded) since 13 : (!any, !any) -> !any
  %head_range = onnxir.node "Range"(%zero, %heads, %one) since 11 : (!any, !any, !any) -> !any
  %head_axes = onnxir.node "Constant"() since 13 attrs {value_ints = array<i64: 0, 2, 3>} : () -> !any
  %head_column = onnxir.node "Unsqueeze"(%head_range, %head_axes) since 13 : (!any, !any) -> !any
  %head_index = onnxir.node "Expand"(%head_column, %expanded) since 13 : (!any, !any) -> !any
  %ctx_axes = onnxir.node "Constant"() since 13 attrs {value_ints = array<i64: 1, 3>} : () -> !any
  %ctx_column = onnxir.node "Unsqueeze"(%position_ids, %ctx_axes) since 13 : (!any, !any) -> !any
  %ctx_index = onnxir.node "Expand"(%ctx_column, %expanded) since 13 : (!any, !any) -> !any
  %indices = onnxir.node "Concat"(%batch_index, %head_index, %ctx_index) since 13 attrs {axis = 3 : i64} : (!any, !any, !any) -> !any
  %output = onnxir.node "ScatterND"(%data, %indices, %updates) since 16 : (!any, !any, !any) -> !any
  onnxir.return %output : !any
}
)mlir";

// out[b, h, g, :] = data[b, h, ctx_indices[b, h, g], :].
static constexpr llvm::StringLiteral kCtxGather = R"mlir(
!any = !onnxir.any
onnxir.function @"com.qualcomm.cloud::CtxGather"
    inputs ["data", "ctx_indices", "comp_ctx_len"] outputs ["output"]
    attributes [] opsets [#onnxir.opset<"", 17>] {
^bb0(%data: !any, %ctx_indices: !any, %comp_ctx_len: !any):
  %zero = onnxir.node "Constant"() since 13 attrs {value_ints = array<i64: 0>} : () -> !any
  %two = onnxir.node "Constant"() since 13 attrs {value_ints = array<i64: 2>} : () -> !any
  %one = onnxir.node "Constant"() since 13 attrs {value_ints = array<i64: 1>} : () -> !any
  %minus_one = onnxir.node "Constant"() since 13 attrs {value_ints = array<i64: -1>} : () -> !any
  %shape = onnxir.node "Shape"(%data) since 15 : (!any) -> !any
  %outer = onnxir.node "Slice"(%shape, %zero, %two, %zero) since 13 : (!any, !any, !any, !any) -> !any
  %length = onnxir.node "Reshape"(%comp_ctx_len, %one) since 14 : (!any, !any) -> !any
  %expanded = onnxir.node "Concat"(%outer, %length) since 13 attrs {axis = 0 : i64} : (!any, !any) -> !any
  %wide = onnxir.node "Expand"(%ctx_indices, %expanded) since 13 : (!any, !any) -> !any
  %indices = onnxir.node "Unsqueeze"(%wide, %minus_one) since 13 : (!any, !any) -> !any
  %output = onnxir.node "GatherND"(%data, %indices) since 13 attrs {batch_dims = 2 : i64} : (!any, !any) -> !any
  onnxir.return %output : !any
}
)mlir";

// weight·(x / √(mean(x²) + epsilon)).
static constexpr llvm::StringLiteral kCustomRMSNorm = R"mlir(
!any = !onnxir.any
onnxir.function @"com.qti.aisw.onnx::CustomRMSNorm"
    inputs ["hidden_states", "weight"] outputs ["output"]
    attributes ["epsilon"] opsets [#onnxir.opset<"", 17>] {
^bb0(%hidden_states: !any, %weight: !any):
  %wide = onnxir.node "Cast"(%weight) since 13 attrs {to = 1 : i64} : (!any) -> !any
  %two = onnxir.node "Constant"() since 13 attrs {value_float = 2.0 : f32} : () -> !any
  %squares = onnxir.node "Pow"(%hidden_states, %two) since 15 : (!any, !any) -> !any
  %variance = onnxir.node "ReduceMean"(%squares) since 13 attrs {axes = array<i64: -1>, keepdims = 1 : i64} : (!any) -> !any
  %epsilon = onnxir.node "Constant"() since 13 attrs {value_float = #onnxir.ref<"epsilon", float>} : () -> !any
  %shape = onnxir.node "Shape"(%variance) since 15 : (!any) -> !any
  %eps = onnxir.node "Expand"(%epsilon, %shape) since 13 : (!any, !any) -> !any
  %sum = onnxir.node "Add"(%variance, %eps) since 14 : (!any, !any) -> !any
  %root = onnxir.node "Sqrt"(%sum) since 13 : (!any) -> !any
  %inverse = onnxir.node "Reciprocal"(%root) since 13 : (!any) -> !any
  %normal = onnxir.node "Mul"(%hidden_states, %inverse) since 14 : (!any, !any) -> !any
  %output = onnxir.node "Mul"(%wide, %normal) since 14 : (!any, !any) -> !any
  onnxir.return %output : !any
}
)mlir";

static const CustomOp kCustomOps[] = {
    {kCloudDomain, "CtxScatter", kCtxScatter},
    {kCloudDomain, "CtxGather", kCtxGather},
    {kRuntimeDomain, "CustomRMSNorm", kCustomRMSNorm},
};

FailureOr<ArrayAttr> qeff::insertCustomOps(ModuleOp module, int64_t opset) {
  llvm::StringSet<> used;
  module.walk([&](NodeOp node) { used.insert(node.getQualifiedName()); });
  MLIRContext *context = module.getContext();
  auto importOpset = [&](StringRef domain, int64_t version) -> Attribute {
    return OpsetAttr::get(context, StringAttr::get(context, domain), version);
  };
  SmallVector<Attribute> imports = {importOpset("", opset)};
  for (const CustomOp &op : kCustomOps) {
    std::string name = (op.domain + "::" + op.opType).str();
    if (!used.contains(name)) {
      continue;
    }
    Attribute import = importOpset(op.domain, 1);
    if (!llvm::is_contained(imports, import)) {
      imports.push_back(import);
    }
    if (SymbolTable::lookupSymbolIn(module, name)) {
      continue;
    }
    Block block;
    if (failed(mlir::parseSourceString(op.body, &block,
                                       mlir::ParserConfig(context)))) {
      return module.emitError() << "cannot build the function '" << name << "'";
    }
    Operation *function = &block.front();
    function->moveBefore(module.getBody(), module.getBody()->end());
    function->setLoc(module.getLoc());
  }
  return ArrayAttr::get(context, imports);
}
