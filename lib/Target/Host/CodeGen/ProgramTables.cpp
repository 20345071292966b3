// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The constant tables of qeff/Runtime/ProgramABI.h, as LLVM constants, and the
// entry point of each kernel.

#include "Internal.h"

#include "qeff/Dialect/QEffHost/IR/QEffHostOps.h"
#include "qeff/Runtime/ProgramABI.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

using namespace qeff;
using namespace qeff::host;

namespace {
class TableBuilder {
public:
  explicit TableBuilder(llvm::Module &program)
      : program(program), context(program.getContext()),
        pointer(llvm::PointerType::getUnqual(context)),
        i32(llvm::Type::getInt32Ty(context)),
        i64(llvm::Type::getInt64Ty(context)),
        operandType(llvm::StructType::get(context, {i32, i32, i64})),
        launchType(llvm::StructType::get(
            context,
            {pointer, pointer, i32, i32, i64, i64, pointer, pointer})),
        functionType(llvm::StructType::get(
            context, {pointer, pointer, i64, i64, i64})),
        programType(llvm::StructType::get(context,
                                          {i32, i32, pointer, i64, i64,
                                           i64})) {}

  LogicalResult build(ModuleOp module);

private:
  llvm::Constant *getI32(uint64_t value) {
    return llvm::ConstantInt::get(i32, value);
  }
  llvm::Constant *getI64(uint64_t value) {
    return llvm::ConstantInt::get(i64, value);
  }
  llvm::Constant *addConstant(llvm::Constant *value, const Twine &name);
  llvm::Constant *addArray(llvm::StructType *type,
                           ArrayRef<llvm::Constant *> elements,
                           const Twine &name);
  llvm::Constant *getString(StringRef text);
  /// The kernel behind the calling convention of `qeff_kernel`.
  llvm::Function *getEntry(StringRef kernel);
  llvm::Constant *buildLaunch(LaunchOp launch);
  llvm::Constant *buildFunction(FunctionOp function);

  llvm::Module &program;
  llvm::LLVMContext &context;
  llvm::Type *pointer, *i32, *i64;
  llvm::StructType *operandType, *launchType, *functionType, *programType;
  llvm::StringMap<llvm::Constant *> strings;
  llvm::StringMap<llvm::Function *> entries;
};
} // namespace

llvm::Constant *TableBuilder::addConstant(llvm::Constant *value,
                                          const Twine &name) {
  auto *global = new llvm::GlobalVariable(
      program, value->getType(), /*isConstant=*/true,
      llvm::GlobalValue::PrivateLinkage, value, name);
  global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  return global;
}

llvm::Constant *TableBuilder::addArray(llvm::StructType *type,
                                       ArrayRef<llvm::Constant *> elements,
                                       const Twine &name) {
  if (elements.empty()) {
    return llvm::ConstantPointerNull::get(cast<llvm::PointerType>(pointer));
  }
  return addConstant(
      llvm::ConstantArray::get(
          llvm::ArrayType::get(type, elements.size()), elements),
      name);
}

llvm::Constant *TableBuilder::getString(StringRef text) {
  llvm::Constant *&entry = strings[text];
  if (!entry) {
    entry = addConstant(llvm::ConstantDataArray::getString(context, text),
                        "string");
  }
  return entry;
}

llvm::Function *TableBuilder::getEntry(StringRef kernel) {
  llvm::Function *&entry = entries[kernel];
  if (entry) {
    return entry;
  }
  llvm::Function *callee = program.getFunction(kernel);
  if (!callee) {
    return nullptr;
  }
  entry = llvm::Function::Create(
      llvm::FunctionType::get(llvm::Type::getVoidTy(context),
                              {pointer, i64, i64}, /*isVarArg=*/false),
      llvm::GlobalValue::InternalLinkage, kernel + ".entry", program);
  llvm::IRBuilder<> builder(llvm::BasicBlock::Create(context, "", entry));
  SmallVector<llvm::Value *> arguments;
  for (unsigned i = 0, e = callee->arg_size() - 2; i != e; ++i) {
    llvm::Value *address =
        builder.CreateConstInBoundsGEP1_64(pointer, entry->getArg(0), i);
    arguments.push_back(builder.CreateLoad(pointer, address));
  }
  arguments.push_back(entry->getArg(1));
  arguments.push_back(entry->getArg(2));
  builder.CreateCall(callee, arguments)->setTailCall();
  builder.CreateRetVoid();
  return entry;
}

llvm::Constant *TableBuilder::buildLaunch(LaunchOp launch) {
  llvm::Function *entry = getEntry(launch.getKernel());
  if (!entry) {
    launch.emitOpError("expects a kernel, got an unknown symbol ")
        << launch.getKernelAttr();
    return nullptr;
  }
  SmallVector<llvm::Constant *> operands;
  for (auto address : launch.getAddresses().getAsRange<AddressAttr>()) {
    operands.push_back(llvm::ConstantStruct::get(
        operandType,
        {getI32(static_cast<uint32_t>(address.getSegment())), getI32(0),
         getI64(address.getOffset())}));
  }
  llvm::Constant *table = addArray(operandType, operands, "operands");
  return llvm::ConstantStruct::get(
      launchType, {entry, table, getI32(operands.size()), getI32(0),
                   getI64(launch.getTiles()), getI64(launch.getBytes()),
                   getString(launch.getKernel()),
                   getString(launch.getScope().value_or(""))});
}

llvm::Constant *TableBuilder::buildFunction(FunctionOp function) {
  SmallVector<llvm::Constant *> launches;
  for (auto launch : function.getBody().getOps<LaunchOp>()) {
    llvm::Constant *entry = buildLaunch(launch);
    if (!entry) {
      return nullptr;
    }
    launches.push_back(entry);
  }
  return llvm::ConstantStruct::get(
      functionType,
      {getString(function.getSymName()),
       addArray(launchType, launches, "launches"), getI64(launches.size()),
       getI64(function.getArenaBytes()), getI64(function.getIoBytes())});
}

LogicalResult TableBuilder::build(ModuleOp module) {
  // `qeff_program` is the program's, whatever a kernel is called.
  for (llvm::Function &function : program) {
    if (!function.isDeclaration()) {
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
      function.addFnAttr(llvm::Attribute::NoInline);
    }
    if (function.getName() == QEFF_PROGRAM_SYMBOL) {
      function.setName("kernel." QEFF_PROGRAM_SYMBOL);
    }
  }
  SmallVector<llvm::Constant *> functions;
  for (auto function : module.getOps<FunctionOp>()) {
    llvm::Constant *entry = buildFunction(function);
    if (!entry) {
      return failure();
    }
    functions.push_back(entry);
  }
  llvm::Constant *table = llvm::ConstantStruct::get(
      programType, {getI32(QEFF_PROGRAM_ABI_VERSION), getI32(functions.size()),
                    addArray(functionType, functions, "functions"),
                    getI64(getWeightsBytes(module)),
                    getI64(getStateBytes(module)),
                    getI64(getAdapterBytes(module))});
  new llvm::GlobalVariable(program, programType, /*isConstant=*/true,
                           llvm::GlobalValue::ExternalLinkage, table,
                           QEFF_PROGRAM_SYMBOL);
  for (llvm::Function &function : program) {
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
  return success();
}

LogicalResult qeff::host::addProgramTables(ModuleOp module,
                                           llvm::Module &program) {
  return TableBuilder(program).build(module);
}
