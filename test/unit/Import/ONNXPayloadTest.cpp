// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Payloads of ONNX files: found without being read, and put back.

#include "ONNXFiles.h"
#include "PayloadExpander.h"
#include "PayloadScanner.h"
#include "TestFiles.h"
#include "Wire.h"

#include <gtest/gtest.h>

using namespace qeff;
using namespace qeff::onnxir;
using namespace qeff::test;

#define EXPECT_HAS(text, part)                                                 \
  EXPECT_NE((text).find(part), std::string::npos) << (text)

static std::string scanMessage(llvm::StringRef bytes) {
  return getMessage(scanPayloads(makeFile(bytes)));
}

/// The stripped model with its payloads put back.
static std::string restore(const ScannedModel &scanned,
                           llvm::StringRef original) {
  qeff_onnx::ModelProto stripped;
  EXPECT_TRUE(stripped.ParseFromString(scanned.bytes));
  SmallVector<uint64_t> sizes;
  for (const Payload &payload : scanned.payloads) {
    sizes.push_back(payload.size);
  }
  ExpandedMessage expanded =
      expandPayloads(stripped.SerializeAsString(), sizes);
  EXPECT_EQ(expanded.gaps.size(), sizes.size());
  std::string bytes;
  uint64_t done = 0;
  for (const ExpandedMessage::Gap &gap : expanded.gaps) {
    const Payload &payload = scanned.payloads[gap.payload];
    bytes += expanded.bytes.substr(done, gap.position - done);
    bytes += original.substr(payload.offset, payload.size).str();
    done = gap.position;
  }
  return bytes + expanded.bytes.substr(done);
}

TEST(ONNXPayloads, ComeBackWhereverTheyAre) {
  // Around the size from which payloads are cut out, around the reader's
  // window, and around the sizes of lengths.
  for (size_t unit : {1, 1024, 1025, 16000, 16384, 21800, 21845, 65530, 65536,
                      131072, 2100000}) {
    qeff_onnx::ModelProto model = makeModel(unit);
    std::string bytes = model.SerializeAsString();
    llvm::Expected<ScannedModel> scanned = scanPayloads(makeFile(bytes));
    ASSERT_TRUE(bool(scanned)) << llvm::toString(scanned.takeError());
    if (unit > 1024) {
      EXPECT_EQ(scanned->payloads.size(), 5u);
      EXPECT_LT(scanned->bytes.size(), 700u);
    }
    for (const Payload &payload : scanned->payloads) {
      EXPECT_GT(payload.size, kMaxInlineBytes);
      EXPECT_EQ(payload.field, wire::kRawData);
    }
    qeff_onnx::ModelProto restored;
    ASSERT_TRUE(restored.ParseFromString(restore(*scanned, bytes)));
    EXPECT_EQ(restored.SerializeAsString(), bytes) << unit;
  }
}

TEST(ONNXPayloads, MayBeFloats) {
  qeff_onnx::TensorProto tensor;
  for (int i = 0; i < 1000; ++i) {
    tensor.add_float_data(i);
  }
  qeff_onnx::ModelProto model;
  *model.mutable_graph()->add_initializer() = tensor;
  std::string bytes = model.SerializeAsString();
  llvm::Expected<ScannedModel> scanned = scanPayloads(makeFile(bytes));
  ASSERT_TRUE(bool(scanned));
  ASSERT_EQ(scanned->payloads.size(), 1u);
  EXPECT_EQ(scanned->payloads[0].field, wire::kFloatData);
  EXPECT_EQ(scanned->payloads[0].size, 4000u);
  float last = 0;
  std::memcpy(&last, bytes.data() + scanned->payloads[0].offset + 3996, 4);
  EXPECT_EQ(last, 999);
}

TEST(ONNXPayloads, StayInTrainingInformationAndSparseTensors) {
  qeff_onnx::ModelProto model;
  setTensor(*model.add_training_info()->mutable_algorithm()->add_initializer(),
            "w", makeBytes(5000, 1));
  setTensor(*model.mutable_graph()
                 ->add_sparse_initializer()
                 ->mutable_values(),
            "s", makeBytes(5000, 2));
  std::string bytes = model.SerializeAsString();
  llvm::Expected<ScannedModel> scanned = scanPayloads(makeFile(bytes));
  ASSERT_TRUE(bool(scanned));
  EXPECT_TRUE(scanned->payloads.empty());
  qeff_onnx::ModelProto same;
  ASSERT_TRUE(same.ParseFromString(scanned->bytes));
  EXPECT_EQ(same.SerializeAsString(), bytes);
}

TEST(ONNXPayloads, OfNoBytesShrinkTheMessage) {
  // A mark is longer than what it stands for.
  qeff_onnx::ModelProto model;
  model.mutable_graph()->add_initializer()->add_external_data()
      ->ParseFromString(wire::makePayloadEntry(0));
  for (uint64_t size : {0, 1, 17, 18, 19, 20, 127, 128}) {
    ExpandedMessage expanded =
        expandPayloads(model.SerializeAsString(), {size});
    ASSERT_EQ(expanded.gaps.size(), 1u);
    std::string bytes = expanded.bytes;
    bytes.insert(expanded.gaps[0].position, makeBytes(size, 1));
    qeff_onnx::ModelProto parsed;
    ASSERT_TRUE(parsed.ParseFromString(bytes)) << size;
    EXPECT_EQ(parsed.graph().initializer(0).raw_data(), makeBytes(size, 1));
    EXPECT_EQ(parsed.graph().initializer(0).external_data_size(), 0);
  }
}

TEST(ONNXPayloads, LeaveMarksOfOthersAlone) {
  qeff_onnx::ModelProto model;
  model.mutable_graph()->add_initializer()->add_external_data()
      ->ParseFromString(wire::makePayloadEntry(3));
  std::string bytes = model.SerializeAsString();
  EXPECT_EQ(expandPayloads(bytes, {1, 2, 3}).bytes, bytes);
}

//===----------------------------------------------------------------------===//
// Hostile files
//===----------------------------------------------------------------------===//

TEST(ONNXScanner, RefusesWhatEndsTooEarly) {
  std::string bytes = makeModel(2000).SerializeAsString();
  int refused = 0;
  for (size_t size = 0; size < bytes.size(); ++size) {
    std::string message = scanMessage(llvm::StringRef(bytes).take_front(size));
    refused += !message.empty();
    EXPECT_TRUE(message.empty() || message.find("byte ") == 0) << message;
  }
  // The message ends in a few places only.
  EXPECT_GT(refused, static_cast<int>(bytes.size()) - 10);
}

TEST(ONNXScanner, RefusesWhatIsNoField) {
  EXPECT_HAS(scanMessage(llvm::StringRef("\0", 1)),
             "byte 0: expects a field's number, got 0");
  EXPECT_HAS(scanMessage("\x0b"), "expects a wire type of 0, 1, 2 or 5, got 3");
  EXPECT_HAS(scanMessage("\x08\x01\x0c"), "byte 2: expects a wire type");
  EXPECT_HAS(scanMessage("\x08"), "expects a number inside its message");
  EXPECT_HAS(scanMessage("\x3a\x05x"),
             "byte 0: expects field 7 inside its message, got 5 bytes where 1 "
             "are left");
  EXPECT_HAS(scanMessage("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
             "expects a number of at most 64 bits");
  EXPECT_HAS(scanMessage("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
             "expects field 7 inside its message");
  EXPECT_HAS(scanMessage("\x80\x80\x80\x80\x80\x01"),
             "expects a field's number");
}

TEST(ONNXScanner, RefusesAFieldThatLeavesItsMessage) {
  // The graph has 2 bytes, its first node says 3.
  EXPECT_HAS(scanMessage(llvm::StringRef("\x3a\x02\x0a\x03\0\0\0", 7)),
             "expects field 1 inside its message, got 3 bytes where 0 are "
             "left");
}
