// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory and execution of one session.

#include "Session.h"

#include "Error.h"

#include <algorithm>
#include <cstring>

using namespace qeff::runtime;

Session::Session(std::shared_ptr<const Model> sessionModel)
    : model(std::move(sessionModel)) {
  const Manifest &manifest = model->getManifest();
  uint64_t arenaBytes = 0;
  for (const FunctionDesc &desc : manifest.functions) {
    arenaBytes = std::max(arenaBytes, desc.arenaBytes);
  }
  // Functions run one at a time and leave nothing in the arena.
  arena = Mapping(arenaBytes, "the arena");
  state = Mapping(manifest.stateBytes, "the retained state");
  functions.reserve(manifest.functions.size());
  for (const FunctionDesc &desc : manifest.functions) {
    addFunction(desc);
  }
}

void Session::addFunction(const FunctionDesc &desc) {
  Function function;
  function.desc = &desc;
  function.code = model->getProgram().find(desc.name.c_str());
  function.io = Mapping(desc.ioBytes, "inputs and outputs");
  auto addSlots = [&](const std::vector<TensorDesc> &tensors, bool isInput) {
    for (const TensorDesc &tensor : tensors) {
      auto check = Slot::Check::None;
      if (isInput && tensor.dtype == "bool") {
        check = Slot::Check::Boolean;
      }
      bool isDecoder = model->getManifest().vocabSize != 0;
      if (isInput && isDecoder && tensor.dtype == "i64") {
        check = tensor.name == "input_ids"      ? Slot::Check::Token
                : tensor.name == "position_ids" ? Slot::Check::Position
                                                : Slot::Check::None;
      }
      function.slots.push_back(
          {&tensor, function.io.data() + tensor.offset, check});
    }
  };
  addSlots(desc.inputs, /*isInput=*/true);
  addSlots(desc.outputs, /*isInput=*/false);

  size_t numOperands = 0;
  for (uint64_t i = 0; i < function.code->num_launches; ++i) {
    numOperands += function.code->launches[i].num_operands;
  }
  function.pointers.resize(numOperands);
  void *const *operands = function.pointers.data();
  for (uint64_t i = 0; i < function.code->num_launches; ++i) {
    const qeff_launch &launch = function.code->launches[i];
    function.steps.push_back({launch.kernel, operands, launch.tiles});
    for (uint32_t j = 0; j < launch.num_operands; ++j) {
      const qeff_operand &operand = launch.operands[j];
      if (operand.segment == QEFF_SEGMENT_ADAPTER) {
        size_t index = operands + j - function.pointers.data();
        function.adapterOperands.push_back({index, operand.offset});
      }
    }
    operands += launch.num_operands;
  }
  resolve(function);
  functions.push_back(std::move(function));
}

void Session::resolve(Function &function) {
  std::byte *bases[5] = {arena.data(), model->getWeights(), state.data(),
                         function.io.data(), getAdapterBase()};
  auto getAddress = [&](const qeff_operand &operand) {
    if (operand.segment == QEFF_SEGMENT_IO) {
      for (const Slot &slot : function.slots) {
        uint64_t offset = operand.offset - slot.tensor->offset;
        if (operand.offset >= slot.tensor->offset &&
            offset < slot.tensor->size) {
          return slot.data + offset;
        }
      }
    }
    return bases[operand.segment] + operand.offset;
  };
  size_t next = 0;
  for (uint64_t i = 0; i < function.code->num_launches; ++i) {
    const qeff_launch &launch = function.code->launches[i];
    for (uint32_t j = 0; j < launch.num_operands; ++j) {
      function.pointers[next++] = getAddress(launch.operands[j]);
    }
  }
}

Session::Function &Session::find(std::string_view name) {
  for (Function &function : functions) {
    if (function.desc->name == name) {
      return function;
    }
  }
  std::string names;
  for (const Function &function : functions) {
    names += (names.empty() ? "'" : ", '") + function.desc->name + "'";
  }
  fail("expects a function of the package (", names, "), got '", name, "'");
}

const Session::Function &Session::find(std::string_view name) const {
  return const_cast<Session *>(this)->find(name);
}

Buffer Session::getTensor(std::string_view function,
                          std::string_view name) const {
  for (const Slot &slot : find(function).slots) {
    if (slot.tensor->name == name) {
      return {slot.data, slot.tensor->size};
    }
  }
  fail("expects an input or output of '", function, "', got '", name, "'");
}

Buffer Session::getState(std::string_view name) const {
  for (const TensorDesc &tensor : model->getManifest().states) {
    if (tensor.name == name) {
      return {state.data() + tensor.offset, tensor.size};
    }
  }
  fail("expects a state of the package, got '", name, "'");
}

void Session::bind(std::string_view functionName, std::string_view name,
                   void *data, uint64_t bytes) {
  Function &function = find(functionName);
  Buffer buffer = getTensor(functionName, name);
  if (data && bytes != buffer.bytes) {
    fail("expects ", buffer.bytes, " bytes for '", name, "', got ", bytes);
  }
  if (reinterpret_cast<uintptr_t>(data) % 64 != 0) {
    fail("expects 64-byte aligned memory for '", name, "'");
  }
  for (Slot &slot : function.slots) {
    if (slot.tensor->name == name) {
      slot.data = data ? static_cast<std::byte *>(data)
                       : function.io.data() + slot.tensor->offset;
    }
  }
  resolve(function);
}

void Session::setAdapter(std::shared_ptr<const Adapter> newAdapter) {
  if (newAdapter && &newAdapter->getDesc() != &model->getManifest().adapter) {
    fail("expects an adapter that was loaded for this session's model, got '",
         newAdapter->getName(), "' of another one");
  }
  adapter = std::move(newAdapter);
  std::byte *base = getAdapterBase();
  for (Function &function : functions) {
    for (const Function::AdapterOperand &operand : function.adapterOperands) {
      function.pointers[operand.index] = base + operand.offset;
    }
  }
}

/// Code takes a boolean's byte for 0 or 1.
void Session::checkBooleans(const Function &function, const Slot &slot) {
  for (uint64_t i = 0; i < slot.tensor->size; ++i) {
    int value = std::to_integer<int>(slot.data[i]);
    if (value > 1) {
      fail(slot.tensor->name, "[", i, "] of '", function.desc->name,
           "': expects the byte 0 or 1 as a boolean, got ", value);
    }
  }
}

void Session::checkInputs(const Function &function) const {
  const Manifest &manifest = model->getManifest();
  int64_t ctxLen = function.desc->getDim("ctx_len");
  for (const Slot &slot : function.slots) {
    if (slot.check == Slot::Check::None) {
      continue;
    }
    if (slot.check == Slot::Check::Boolean) {
      checkBooleans(function, slot);
      continue;
    }
    bool isToken = slot.check == Slot::Check::Token;
    int64_t min = isToken ? 0 : -1;
    int64_t end = isToken        ? manifest.vocabSize
                  : ctxLen != -1 ? ctxLen
                                 : manifest.maxPosition;
    for (uint64_t i = 0, e = slot.tensor->size / 8; i < e; ++i) {
      int64_t value;
      std::memcpy(&value, slot.data + 8 * i, 8);
      if (value < min || value >= end) {
        fail(slot.tensor->name, "[", i, "] of '", function.desc->name,
             "': expects a value in [", min, ", ", end, "), got ", value);
      }
    }
  }
}

void Session::run(std::string_view name) {
  Function &function = find(name);
  checkInputs(function);
  model->getPool().run(function.steps,
                       tracing ? function.seconds.data() : nullptr);
  function.calls += tracing;
}

void Session::setTrace(bool enabled) {
  tracing = enabled;
  if (!enabled) {
    return;
  }
  for (Function &function : functions) {
    function.calls = 0;
    function.seconds.assign(function.steps.size(), 0);
  }
}

size_t Session::getNumTraceEntries() const {
  size_t count = 0;
  for (const Function &function : functions) {
    count += function.seconds.size();
  }
  return count;
}

Session::TraceEntry Session::getTraceEntry(size_t index) const {
  for (const Function &function : functions) {
    if (index < function.seconds.size()) {
      return {function.code, &function.code->launches[index], function.calls,
              function.seconds[index]};
    }
    index -= function.seconds.size();
  }
  fail("trace entry out of range");
}
