// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Making, reading and printing symbolic expressions.

#include "SymbolicExprNode.h"

#include "mlir/IR/TypeUtilities.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace qeff;

//===----------------------------------------------------------------------===//
// Storage
//===----------------------------------------------------------------------===//

template <typename T>
static ArrayRef<T> copyInto(llvm::BumpPtrAllocator &allocator,
                            ArrayRef<T> values) {
  if (values.empty()) {
    return {};
  }
  T *data = allocator.Allocate<T>(values.size());
  std::uninitialized_copy(values.begin(), values.end(), data);
  return {data, values.size()};
}

const ExprNode *ExprTable::Storage::get(ExprKind kind, ExprType type,
                                        ArrayRef<Expr> operands,
                                        ArrayRef<int64_t> numbers,
                                        const void *payload, StringRef name) {
  ExprNode *&place = nodes.find({kind, type, operands, numbers, payload});
  if (place) {
    return place;
  }
  auto *node = new (allocator.Allocate<ExprNode>()) ExprNode();
  node->kind = kind;
  node->type = type;
  node->id = nextId++;
  node->operands = copyInto(allocator, operands);
  node->numbers = copyInto(allocator, numbers);
  node->payload = payload;
  node->name = name;
  return place = node;
}

ExprTable::ExprTable() : storage(std::make_unique<Storage>()) {}
ExprTable::~ExprTable() = default;

size_t ExprTable::size() const { return storage->nodes.size(); }

Expr ExprTable::make(ExprKind kind, ExprType type, ArrayRef<Expr> operands) {
  for (Expr operand : operands) {
    if (!operand) {
      return {};
    }
  }
  return storage->takeStep() ? Expr(storage->get(kind, type, operands))
                             : Expr();
}

//===----------------------------------------------------------------------===//
// Leaves
//===----------------------------------------------------------------------===//

Expr ExprTable::integer(int64_t value) {
  return Expr(storage->get(ExprKind::Constant, ExprType::Integer, {}, value));
}

Expr ExprTable::number(double value) {
  // One zero: the sign of zero changes nothing that is asked here.
  auto bits = llvm::bit_cast<int64_t>(value == 0 ? 0.0 : value);
  return Expr(storage->get(ExprKind::Constant, ExprType::Float, {}, bits));
}

Expr ExprTable::truth(bool value) {
  return Expr(storage->get(ExprKind::Constant, ExprType::Bool, {},
                           static_cast<int64_t>(value)));
}

Expr ExprTable::dim(StringRef name) {
  StringRef kept = storage->names.try_emplace(name).first->getKey();
  return Expr(storage->get(ExprKind::Dim, ExprType::Integer, {}, {},
                           kept.data(), kept));
}

Expr ExprTable::index(int64_t number, Expr extent) {
  ArrayRef<Expr> operands;
  if (extent) {
    operands = extent;
  }
  return Expr(
      storage->get(ExprKind::Index, ExprType::Integer, operands, number));
}

static ExprType getTypeOf(Value source) {
  Type type = mlir::getElementTypeOrSelf(source.getType());
  if (auto integer = dyn_cast<IntegerType>(type)) {
    return integer.getWidth() == 1 ? ExprType::Bool : ExprType::Integer;
  }
  return ExprType::Float;
}

Expr ExprTable::load(Value source, ArrayRef<Expr> indices) {
  if (llvm::any_of(indices, [](Expr index) { return !index; })) {
    return {};
  }
  return Expr(storage->get(ExprKind::Load, getTypeOf(source), indices, {},
                           source.getAsOpaquePointer()));
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

ExprKind Expr::getKind() const { return node->kind; }
ExprType Expr::getType() const { return node->type; }
ArrayRef<Expr> Expr::getOperands() const { return node->operands; }

std::optional<int64_t> Expr::getInteger() const {
  if (!is(ExprKind::Constant) || node->type == ExprType::Float) {
    return std::nullopt;
  }
  return node->numbers[0];
}

std::optional<double> Expr::getFloat() const {
  if (!is(ExprKind::Constant) || node->type != ExprType::Float) {
    return std::nullopt;
  }
  return llvm::bit_cast<double>(node->numbers[0]);
}

bool Expr::isTrue() const {
  return is(ExprKind::Constant) && node->type == ExprType::Bool &&
         node->numbers[0] == 1;
}

bool Expr::isFalse() const {
  return is(ExprKind::Constant) && node->type == ExprType::Bool &&
         node->numbers[0] == 0;
}

Value Expr::getSource() const {
  return Value::getFromOpaquePointer(node->payload);
}

int64_t Expr::getIndexNumber() const { return node->numbers[0]; }
StringRef Expr::getName() const { return node->name; }

SmallVector<ExprTerm> ExprTable::getTerms(Expr a) {
  if (std::optional<int64_t> value = a.getInteger()) {
    if (*value == 0) {
      return {};
    }
    return {{*value, {}}};
  }
  if (!a.is(ExprKind::Sum)) {
    return {{1, {a}}};
  }
  SmallVector<ExprTerm> terms;
  ArrayRef<Expr> atoms = a.getOperands();
  ArrayRef<int64_t> numbers = ExprNode::get(a)->numbers;
  for (; !numbers.empty(); numbers = numbers.drop_front(2)) {
    terms.push_back({numbers[0], llvm::to_vector<2>(
                                     atoms.take_front(numbers[1]))});
    atoms = atoms.drop_front(numbers[1]);
  }
  return terms;
}

bool Expr::any(llvm::function_ref<bool(Expr)> holds) const {
  llvm::DenseSet<const ExprNode *> seen{node};
  SmallVector<Expr> pending{*this};
  while (!pending.empty()) {
    Expr expr = pending.pop_back_val();
    if (holds(expr)) {
      return true;
    }
    if (expr.is(ExprKind::Index)) {
      continue;
    }
    for (Expr operand : expr.getOperands()) {
      if (seen.insert(operand.node).second) {
        pending.push_back(operand);
      }
    }
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Substitution
//===----------------------------------------------------------------------===//

/// The expression of a's kind on other operands, simplified again.
Expr ExprTable::rebuild(Expr a, ArrayRef<Expr> operands) {
  switch (a.getKind()) {
  case ExprKind::Constant:
  case ExprKind::Dim:
  case ExprKind::Index:
    return a;
  case ExprKind::Load:
    return load(a.getSource(), operands);
  case ExprKind::Sum: {
    Expr sum = integer(0);
    for (const ExprTerm &term : getTerms(a)) {
      Expr product = integer(term.coefficient);
      for (size_t i = 0; i < term.atoms.size(); ++i) {
        product = mul(product, operands[i]);
      }
      operands = operands.drop_front(term.atoms.size());
      sum = add(sum, product);
    }
    return sum;
  }
  case ExprKind::FloorDiv:
    return floorDiv(operands[0], operands[1]);
  case ExprKind::Mod:
    return mod(operands[0], operands[1]);
  case ExprKind::ToFloat:
    return cast(operands[0], ExprType::Float);
  case ExprKind::Add:
  case ExprKind::Mul: {
    bool isAdd = a.is(ExprKind::Add);
    Expr result = operands[0];
    for (Expr operand : operands.drop_front()) {
      result = isAdd ? add(result, operand) : mul(result, operand);
    }
    return result;
  }
  case ExprKind::Min:
    return min(operands[0], operands[1]);
  case ExprKind::Max:
    return max(operands[0], operands[1]);
  case ExprKind::Div:
  case ExprKind::Pow:
    return binary(a.getKind(), operands[0], operands[1]);
  case ExprKind::Sqrt:
  case ExprKind::Exp:
  case ExprKind::Log:
  case ExprKind::Tanh:
  case ExprKind::Sin:
  case ExprKind::Cos:
  case ExprKind::Erf:
    return unary(a.getKind(), operands[0]);
  case ExprKind::IsNonNegative:
    return lessEqual(integer(0), operands[0]);
  case ExprKind::IsZero:
    return equal(operands[0], integer(0));
  case ExprKind::Less:
    return less(operands[0], operands[1]);
  case ExprKind::Equal:
    return equal(operands[0], operands[1]);
  case ExprKind::Not:
    return logicalNot(operands[0]);
  case ExprKind::And:
  case ExprKind::Or: {
    Expr result = operands[0];
    for (Expr operand : operands.drop_front()) {
      result = a.is(ExprKind::And) ? logicalAnd(result, operand)
                                   : logicalOr(result, operand);
    }
    return result;
  }
  case ExprKind::Select:
    return select(operands[0], operands[1], operands[2]);
  }
  return {};
}

Expr ExprTable::substitute(Expr a, llvm::function_ref<Expr(Expr)> map) {
  llvm::DenseMap<const void *, Expr> done;
  // A function that calls itself: the depth is that of the expression.
  auto visit = [&](auto &self, Expr expr) -> Expr {
    if (!expr) {
      return {};
    }
    auto found = done.find(ExprNode::get(expr));
    if (found != done.end()) {
      return found->second;
    }
    Expr result = expr;
    bool isIndex = expr.is(ExprKind::Index);
    if (!expr.getOperands().empty() && !isIndex) {
      SmallVector<Expr> operands;
      for (Expr operand : expr.getOperands()) {
        operands.push_back(self(self, operand));
      }
      result = rebuild(expr, operands);
    }
    if (result.is(ExprKind::Load) || isIndex) {
      if (Expr mapped = map(result)) {
        result = mapped;
      }
    }
    return done[ExprNode::get(expr)] = result;
  };
  return visit(visit, a);
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

static StringRef getSpelling(ExprKind kind) {
  switch (kind) {
  case ExprKind::FloorDiv:      return "floordiv";
  case ExprKind::Mod:           return "mod";
  case ExprKind::ToFloat:       return "float";
  case ExprKind::Add:           return "add";
  case ExprKind::Mul:           return "mul";
  case ExprKind::Div:           return "div";
  case ExprKind::Pow:           return "pow";
  case ExprKind::Min:           return "min";
  case ExprKind::Max:           return "max";
  case ExprKind::Sqrt:          return "sqrt";
  case ExprKind::Exp:           return "exp";
  case ExprKind::Log:           return "log";
  case ExprKind::Tanh:          return "tanh";
  case ExprKind::Sin:           return "sin";
  case ExprKind::Cos:           return "cos";
  case ExprKind::Erf:           return "erf";
  case ExprKind::IsNonNegative: return "nonnegative";
  case ExprKind::IsZero:        return "zero";
  case ExprKind::Less:          return "less";
  case ExprKind::Equal:         return "equal";
  case ExprKind::Not:           return "not";
  case ExprKind::And:           return "and";
  case ExprKind::Or:            return "or";
  case ExprKind::Select:        return "select";
  default:                      return "";
  }
}

static void printSum(raw_ostream &os, Expr sum) {
  bool isFirst = true;
  for (const ExprTerm &term : ExprTable::getTerms(sum)) {
    int64_t factor = term.coefficient;
    os << (isFirst ? (factor < 0 ? "-" : "") : (factor < 0 ? " - " : " + "));
    isFirst = false;
    uint64_t size = factor < 0 ? -static_cast<uint64_t>(factor)
                               : static_cast<uint64_t>(factor);
    if (size != 1 || term.atoms.empty()) {
      os << size << (term.atoms.empty() ? "" : "*");
    }
    llvm::interleave(term.atoms, os, "*");
  }
}

void Expr::print(raw_ostream &os) const {
  if (!node) {
    os << "?";
    return;
  }
  switch (node->kind) {
  case ExprKind::Constant:
    if (node->type == ExprType::Float) {
      os << *getFloat();
    } else if (node->type == ExprType::Bool) {
      os << (node->numbers[0] ? "true" : "false");
    } else {
      os << node->numbers[0];
    }
    return;
  case ExprKind::Dim:
    os << node->name;
    return;
  case ExprKind::Index:
    os << "i" << node->numbers[0];
    return;
  case ExprKind::Load:
    if (auto argument = dyn_cast<BlockArgument>(getSource())) {
      os << "arg" << argument.getArgNumber();
    } else {
      os << getSource().getDefiningOp()->getName();
    }
    os << "[";
    llvm::interleaveComma(node->operands, os);
    os << "]";
    return;
  case ExprKind::Sum:
    printSum(os, *this);
    return;
  default:
    os << getSpelling(node->kind) << "(";
    llvm::interleaveComma(node->operands, os);
    os << ")";
  }
}

std::string Expr::str() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  print(os);
  return text;
}

raw_ostream &qeff::operator<<(raw_ostream &os, Expr expr) {
  expr.print(os);
  return os;
}
