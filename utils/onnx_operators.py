#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Generates the typed operators of the dialect `onnxir` from the schemas of the
pinned onnx package: the op definitions (ONNXIROperators.td) and the table that
tells the forms of every operator apart (OperatorTable.inc).

With --check only compares, and fails where a file is out of date."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from onnx import defs

ROOT = Path(__file__).resolve().parent.parent
DEFINITIONS = ROOT / "include/qeff/Dialect/ONNXIR/IR/ONNXIROperators.td"
TABLE = ROOT / "lib/Dialect/ONNXIR/IR/OperatorTable.inc"

# The operators of the default domain that have a typed op.
OPERATORS = """
Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool
BatchNormalization BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast
CastLike Ceil Celu Clip Compress Concat ConstantOfShape Conv ConvInteger
ConvTranspose Cos Cosh CumSum DepthToSpace DequantizeLinear Div
DynamicQuantizeLinear Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor
Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater
GreaterOrEqual GroupNormalization HardSigmoid HardSwish Hardmax Identity
InstanceNormalization IsInf IsNaN LayerNormalization LeakyRelu Less LessOrEqual
Log LogSoftmax MatMul MatMulInteger Max MaxPool Mean Min Mish Mod Mul Neg
NonZero Not OneHot Or PRelu Pad Pow QLinearMatMul QuantizeLinear RMSNormalization Range
Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean
ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape RotaryEmbedding
Round ScatterElements ScatterND Selu Shape Sigmoid Sign Sin Sinh Size Slice Softmax
Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish Tan Tanh
TensorScatter ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Where Xor
""".split()

# Swapping the operands does not change the result.
COMMUTATIVE = {"Add", "And", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "Equal",
               "Max", "Mean", "Min", "Mul", "Or", "Sum", "Xor"}

# Versions from which on a form means something else although it looks the same.
MEANING_CHANGED = {
    "GroupNormalization": [21], "LogSoftmax": [13], "Softmax": [13],
    "Hardmax": [13], "BatchNormalization": [9], "Loop": [11], "Scan": [9],
}

KINDS = {"FLOAT": "Float", "INT": "Int", "STRING": "String", "TENSOR": "Tensor",
         "FLOATS": "Floats", "INTS": "Ints", "STRINGS": "Strings",
         "GRAPH": "Graph"}
CONSTRAINTS = {"Float": "ONNXIR_FloatAttr", "Int": "ONNXIR_IntAttr",
               "String": "StrAttr", "Tensor": "ONNXIR_AnyTensorAttr",
               "Floats": "DenseF32ArrayAttr", "Ints": "DenseI64ArrayAttr",
               "Strings": "StrArrayAttr"}


@dataclass
class Value:
    """An operand or a result; `option` is single, optional or variadic."""

    name: str
    option: str = "single"


@dataclass
class Attr:
    name: str
    kind: str
    default: object = None
    required: bool = False
    since: int = 1  # the version that added it to the form


@dataclass
class Operator:
    domain: str
    name: str
    since: int
    form: int
    inputs: list[Value]
    outputs: list[Value]
    attrs: list[Attr] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        return "microsoft." if self.domain == "com.microsoft" else ""

    @property
    def mnemonic(self) -> str:
        return self.prefix + self.name

    @property
    def class_name(self) -> str:
        return ("Microsoft" if self.prefix else "") + self.name + "Op"


# ---------------------------------------------------------------------------
# Operators of ONNX Runtime
# ---------------------------------------------------------------------------

def parse_values(text: str) -> list[Value]:
    """`a b? c*`: single, optional and variadic values."""
    options = {"?": "optional", "*": "variadic"}
    return [
        Value(name.rstrip("?*"), options.get(name[-1], "single"))
        for name in text.split()
    ]


def parse_attrs(text: str) -> list[Attr]:
    """`kind name!` is required, `kind name=value` has a default."""
    found = []
    for part in text.split(","):
        kind, name = part.split()
        name, _, default = name.partition("=")
        convert = {"Float": float, "Int": int}.get(kind, str)
        found.append(Attr(name.rstrip("!"), kind,
                          convert(default) if default else None,
                          name.endswith("!")))
    return sorted(found, key=lambda attr: attr.name)


def runtime(name: str, inputs: str, outputs: str, attrs: str = "",
            domain: str = "com.microsoft") -> Operator:
    return Operator(domain, name, 1, 1, parse_values(inputs),
                    parse_values(outputs), parse_attrs(attrs) if attrs else [])


RUNTIME_OPERATORS = [
    runtime("SimplifiedLayerNormalization", "X scale", "Y inv_std_var?",
            "Int axis=-1,Float epsilon=1e-05,Int stash_type=1", domain=""),
    runtime("Attention",
            "input weights bias? mask_index? past? attention_bias? "
            "past_sequence_length?",
            "output present?",
            "Int do_rotary,Float mask_filter_value,Int num_heads!,"
            "Int past_present_share_buffer,Ints qkv_hidden_sizes,"
            "Int rotary_embedding_dim,Float scale,Int unidirectional=0"),
    runtime("BiasGelu", "A B", "C"),
    runtime("EmbedLayerNormalization",
            "input_ids segment_ids? word_embedding position_embedding "
            "segment_embedding? gamma beta mask? position_ids?",
            "output mask_index? embedding_sum?",
            "Float epsilon=1e-12,Int mask_index_type"),
    runtime("FastGelu", "X bias?", "Y"),
    runtime("FusedMatMul", "A B", "Y",
            "Float alpha=1.0,Int transA=0,Int transB=0,Int transBatchA=0,"
            "Int transBatchB=0"),
    runtime("Gelu", "X", "Y"),
    runtime("GroupQueryAttention",
            "query key? value? past_key? past_value? seqlens_k "
            "total_sequence_length cos_cache? sin_cache? position_ids? "
            "attention_bias? head_sink? k_scale? v_scale? q_norm_weight? "
            "k_norm_weight? query_seqlens?",
            "output present_key? present_value? output_qk?",
            "Int causal=1,Int do_rotary,Float k_norm_epsilon,"
            "String k_quant_type=NONE,Int kv_cache_bit_width,"
            "Int kv_num_heads!,Int local_window_size=-1,Int num_heads!,"
            "Float q_norm_epsilon,Float qk_norm_epsilon=1e-06,Int qk_output=0,"
            "Int rotary_interleaved,Float scale,Int sliding_window_cache=0,"
            "Int smooth_softmax=-1,Float softcap,String v_quant_type=NONE"),
    runtime("MatMulNBits", "A B scales zero_points? g_idx? bias?", "Y",
            "Int K!,Int N!,Int accuracy_level=0,Int bits=4,Int block_size!,"
            "Int weight_prepacked=0"),
    runtime("MultiHeadAttention",
            "query key? value? bias? key_padding_mask? attention_bias? "
            "past_key? past_value? past_sequence_length? cache_indirection?",
            "output present_key? present_value? qk?",
            "Float mask_filter_value,Int num_heads!,Float scale,"
            "Int unidirectional=0"),
    runtime("QuickGelu", "X", "Y", "Float alpha=1.702"),
    runtime("RotaryEmbedding", "input position_ids cos_cache sin_cache",
            "output",
            "Int interleaved,Int is_packed_batching,Int num_heads,"
            "Int rotary_embedding_dim,Float scale"),
    runtime("SkipLayerNormalization", "input skip gamma beta? bias?",
            "output mean? inv_std_var? input_skip_bias_sum?",
            "Float epsilon=1e-12"),
    runtime("SkipSimplifiedLayerNormalization", "input skip gamma bias?",
            "output mean? inv_std_var? input_skip_bias_sum?",
            "Float epsilon=1e-12"),
]


# ---------------------------------------------------------------------------
# Schemas of ONNX
# ---------------------------------------------------------------------------

def read_values(values) -> list[Value]:
    return [Value(value.name, value.option.name.lower()) for value in values]


def read_default(attr):
    value = attr.default_value
    kind = attr.type.name
    if not value.name and not value.type:
        return None
    if kind == "FLOAT":
        return value.f
    if kind == "INT":
        return value.i
    if kind == "STRING":
        return value.s.decode()
    if kind == "INTS":
        return list(value.ints)
    return None


def read_attrs(schema) -> list[Attr]:
    return [
        Attr(name, KINDS.get(attr.type.name, attr.type.name),
             read_default(attr), attr.required)
        for name, attr in sorted(schema.attributes.items())
    ]


def read_history() -> dict[str, list]:
    """The schemas of the default domain's operators, oldest first."""
    found: dict[str, list] = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            found.setdefault(schema.name, []).append(schema)
    for schemas in found.values():
        schemas.sort(key=lambda schema: schema.since_version)
    return found


def is_prefix(old: list[Value], new: list[Value]) -> bool:
    """Whether values of the old form may stand in the new one."""
    if len(old) > len(new):
        return False
    for before, after in zip(old, new):
        if before.option != after.option and after.option == "single":
            return False
        if "variadic" in (before.option, after.option) and (
                before.option != after.option):
            return False
    return all(value.option != "single" for value in new[len(old):])


def fits(old, new) -> bool:
    """Whether every node of the old form is one of the new form."""
    if not is_prefix(read_values(old.inputs), read_values(new.inputs)):
        return False
    if not is_prefix(read_values(old.outputs), read_values(new.outputs)):
        return False
    before = {attr.name: attr for attr in read_attrs(old)}
    after = {attr.name: attr for attr in read_attrs(new)}
    for name, attr in before.items():
        if name not in after or attr.kind != after[name].kind:
            return False
        if not attr.required and attr.default != after[name].default:
            return False
    return all(
        not attr.required or (name in before and before[name].required)
        for name, attr in after.items()
    )


def read_breaks(name: str, schemas: list) -> list[int]:
    """The versions since which older forms are not of the same kind."""
    breaks = set(MEANING_CHANGED.get(name, []))
    for old, new in zip(schemas, schemas[1:]):
        if new.deprecated or not fits(old, new):
            breaks.add(new.since_version)
    return sorted(breaks)


def read_operator(name: str, schemas: list) -> Operator:
    schema = schemas[-1]
    breaks = read_breaks(name, schemas)
    form = breaks[-1] if breaks else schemas[0].since_version
    attrs = read_attrs(schema)
    for attr in attrs:
        attr.since = min(old.since_version for old in schemas
                         if old.since_version >= form
                         and attr.name in old.attributes)
    return Operator("", name, schema.since_version, form,
                    read_values(schema.inputs), read_values(schema.outputs),
                    attrs)


# ---------------------------------------------------------------------------
# Definitions
# ---------------------------------------------------------------------------

def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def print_default(attr: Attr) -> str:
    if attr.kind == "Float":
        text = str(np.float32(attr.default))
        return text + "f"
    if attr.kind == "Ints":
        return "{" + ", ".join(map(str, attr.default)) + "}"
    return str(attr.default)


def print_attr(attr: Attr) -> str:
    constraint = CONSTRAINTS[attr.kind]
    if attr.default is not None:
        if attr.kind == "String":
            return f"DefaultValuedStrAttr<{constraint}, {quote(attr.default)}>"
        return f"DefaultValuedAttr<{constraint}, {quote(print_default(attr))}>"
    return constraint if attr.required else f"OptionalAttr<{constraint}>"


def print_value(value: Value) -> str:
    return {"single": "ONNXIR_Value", "optional": "ONNXIR_OptionalValue",
            "variadic": "Variadic<ONNXIR_OptionalValue>"}[value.option]


def print_list(name: str, marker: str, entries: list[tuple[str, str]]) -> str:
    if not entries:
        return ""
    lines = [f"    {constraint}:${label}" for constraint, label in entries]
    return f"  let {name} = ({marker}\n" + ",\n".join(lines) + ");\n"


def print_definition(operator: Operator) -> str:
    taken = {attr.name for attr in operator.attrs} | {"name", "scope"}
    inputs = [(print_value(value), value.name) for value in operator.inputs]
    attrs = [(print_attr(attr), attr.name) for attr in operator.attrs]
    taken |= {label for _, label in inputs}
    outputs = [
        (print_value(value),
         value.name + "_result" if value.name in taken else value.name)
        for value in operator.outputs
    ]
    extra = [("OptionalAttr<StrAttr>", "name"),
             ("OptionalAttr<StrAttr>", "scope")]
    commutative = int(operator.domain == "" and operator.name in COMMUTATIVE)
    return (
        f"def ONNXIR_{operator.class_name} : ONNXIR_Operator<\n"
        f"    {quote(operator.mnemonic)},\n"
        f"    {quote(operator.domain)}, {quote(operator.name)}, "
        f"{operator.since}, {operator.form}, {commutative}> {{\n"
        + print_list("arguments", "ins", inputs + attrs + extra)
        + print_list("results", "outs", outputs)
        + "}\n"
    )


def print_definitions(operators: list[Operator]) -> str:
    head = """\
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The typed operators of `onnxir`. utils/onnx_operators.py makes this file.
#ifndef QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORS_TD
#define QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORS_TD

include "qeff/Dialect/ONNXIR/IR/ONNXIROperatorBase.td"

"""
    body = "\n".join(map(print_definition, operators))
    tail = "\n#endif // QEFF_DIALECT_ONNXIR_IR_ONNXIROPERATORS_TD\n"
    return head + body + tail


# ---------------------------------------------------------------------------
# Table
# ---------------------------------------------------------------------------

def print_values(values: list[Value]) -> str:
    letters = {"single": "1", "optional": "?", "variadic": "*"}
    return quote("".join(letters[value.option] for value in values))


def print_row(operator: Operator) -> str:
    attrs = ", ".join(
        f"{{{quote(attr.name)}, AttrKind::{attr.kind}, "
        f"{'true' if attr.required else 'false'}, {attr.since}}}"
        for attr in operator.attrs
    )
    return (
        f"    {{{quote(operator.domain)}, {quote(operator.name)},\n"
        f"     {quote('onnxir.' + operator.mnemonic)}, {operator.since}, "
        f"{operator.form},\n"
        f"     {print_values(operator.inputs)}, "
        f"{print_values(operator.outputs)},\n     {{{attrs}}}}},\n"
    )


def print_table(operators: list[Operator], history: dict[str, list]) -> str:
    text = """\
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Included by OperatorTable.cpp. utils/onnx_operators.py makes this file.

// Domain, operator, op, newest version, oldest version of that form, operands
// and results (1, ? or *), attributes.
static const OperatorInfo kOperators[] = {
"""
    text += "".join(map(print_row, operators)) + "};\n\n"
    text += (
        "// Operators of the default domain and the versions at which older\n"
        "// forms stopped being forms of the operator.\n"
        "static const OperatorBreaks kBreaks[] = {\n"
    )
    for name, schemas in sorted(history.items()):
        breaks = ", ".join(map(str, read_breaks(name, schemas)))
        text += f"    {{{quote(name)}, {{{breaks}}}}},\n"
    newest = max(schemas[-1].since_version for schemas in history.values())
    text += f"}};\n\nstatic constexpr int64_t kNewestOpset = {newest};\n"
    return re.sub(r"[^\n]{81,}", wrap, text)


def wrap(match: re.Match) -> str:
    """Breaks a long line between the entries of its list."""
    line, lines = match.group(0), []
    while len(line) > 80:
        at = line.rindex("}, ", 0, 80) + 2
        lines.append(line[:at])
        line = "      " + line[at + 1:]
    return "\n".join(lines + [line])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    history = read_history()
    operators = [read_operator(name, history[name]) for name in OPERATORS]
    operators += RUNTIME_OPERATORS
    texts = {DEFINITIONS: print_definitions(operators),
             TABLE: print_table(operators, history)}
    for path, text in texts.items():
        if not check:
            path.write_text(text, encoding="utf-8")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"out of date: {path.relative_to(ROOT)}; run "
                     "utils/onnx_operators.py")


if __name__ == "__main__":
    main()
