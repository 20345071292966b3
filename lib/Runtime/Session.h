// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A session: retained state, inputs and outputs, scratch memory, and the
// launch tables with addresses filled in.

#ifndef QEFF_LIB_RUNTIME_SESSION_H
#define QEFF_LIB_RUNTIME_SESSION_H

#include "Adapter.h"
#include "Model.h"

#include <memory>
#include <string_view>
#include <vector>

namespace qeff::runtime {

/// A tensor's place in memory.
struct Buffer {
  std::byte *data;
  uint64_t bytes;
};

class Session {
public:
  explicit Session(std::shared_ptr<const Model> model);

  const Model &getModel() const { return *model; }
  void reset() { state.clear(); }
  Buffer getTensor(std::string_view function, std::string_view name) const;
  Buffer getState(std::string_view name) const;
  void bind(std::string_view function, std::string_view name, void *data,
            uint64_t bytes);
  /// Makes the next call use `newAdapter`, one that was made for this model;
  /// null: none. Nothing is copied.
  void setAdapter(std::shared_ptr<const Adapter> newAdapter);
  const Adapter *getAdapter() const { return adapter.get(); }
  void run(std::string_view function);

  struct TraceEntry {
    const qeff_function *function;
    const qeff_launch *launch;
    uint64_t calls;
    double seconds;
  };
  void setTrace(bool enabled);
  size_t getNumTraceEntries() const;
  TraceEntry getTraceEntry(size_t index) const;

private:
  /// An input or output, with its operands among the function's pointers.
  struct Slot {
    const TensorDesc *tensor;
    std::byte *data;
    enum class Check { None, Token, Position, Boolean } check;
  };
  struct Function {
    const FunctionDesc *desc;
    const qeff_function *code;
    Mapping io;
    std::vector<Slot> slots;
    std::vector<void *> pointers;
    /// Those of `pointers` that are in the adapter segment, and where there.
    struct AdapterOperand {
      size_t index;
      uint64_t offset;
    };
    std::vector<AdapterOperand> adapterOperands;
    std::vector<Step> steps;
    uint64_t calls = 0;
    std::vector<double> seconds;
  };

  void addFunction(const FunctionDesc &desc);
  /// Writes the addresses of all operands of `function`.
  void resolve(Function &function);
  std::byte *getAdapterBase() const {
    return adapter ? adapter->data() : model->getNoAdapter();
  }
  void checkInputs(const Function &function) const;
  static void checkBooleans(const Function &function, const Slot &slot);
  Function &find(std::string_view name);
  const Function &find(std::string_view name) const;

  std::shared_ptr<const Model> model;
  Mapping arena;
  Mapping state;
  std::shared_ptr<const Adapter> adapter;
  std::vector<Function> functions;
  bool tracing = false;
};

} // namespace qeff::runtime

#endif // QEFF_LIB_RUNTIME_SESSION_H
