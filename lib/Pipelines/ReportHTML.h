// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pieces of the report's page. Whatever comes from files goes through `escape`.
#ifndef QEFF_LIB_PIPELINES_REPORTHTML_H
#define QEFF_LIB_PIPELINES_REPORTHTML_H

#include "Report.h"

#include "llvm/Support/raw_ostream.h"

namespace qeff {

/// `text` as the content of an element or of a quoted attribute: valid UTF-8
/// without control characters.
std::string escape(StringRef text);

/// "1,234".
std::string printCount(int64_t count);
/// "1.23 GB", in powers of 1000.
std::string printBytes(int64_t bytes);
/// "1 op", "2 ops".
std::string printCount(int64_t count, StringRef one);

/// A part of a stacked bar.
struct BarPart {
  std::string name;
  int64_t value = 0;
};

/// Parts side by side in proportion, with a legend that has their names and
/// values in bytes. Parts from the eighth on become one.
void writeStackedBar(llvm::raw_ostream &os, StringRef label,
                     std::vector<BarPart> parts);

/// One bar of `share` (0 to 1) of the cell's width.
void writeBar(llvm::raw_ostream &os, double share);

// The sections of the page.
void writeModel(llvm::raw_ostream &os, const Report &report);
void writeWeights(llvm::raw_ostream &os, const Report &report);
void writeRemarks(llvm::raw_ostream &os, const Report &report);
void writePhases(llvm::raw_ostream &os, const Report &report);
void writeTimes(llvm::raw_ostream &os, const Report &report);

/// The ops of the model by name, repeated modules counted as often as they are
/// there.
std::map<std::string, int64_t> countModelOps(const ReportNode &root);
/// "linear" of "qeff.linear".
StringRef shortenOp(StringRef name);
/// Whether `name` is an op above ONNX's operators.
bool isTransformerOp(StringRef name);

} // namespace qeff

#endif // QEFF_LIB_PIPELINES_REPORTHTML_H
