// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fuzzes the reader of GGUF files, the mapping of names, and the module that
// results. An input is 8 bytes that say how much (sparse) tensor data follows,
// then the header. The mutator takes a well-formed header apart, changes a pair
// or a tensor, and puts it together again.

#include "../unit/Import/TestFiles.h"
#include "FuzzSupport.h"
#include "SparseFile.h"

#include "qeff/Import/GGUF.h"
#include "qeff/Import/GGUFMetadata.h"

#include "llvm/Support/Endian.h"

#include <cstdlib>

using namespace qeff;
using test::append;
using test::GGUFWriter;

static constexpr uint64_t kMaxData = 1ull << 40;
static constexpr uint64_t kSeedData = 1 << 20;

namespace {
/// A header in pieces.
struct Parts {
  uint32_t version = 3;
  std::vector<std::string> pairs;   ///< key, type, value
  std::vector<std::string> tensors; ///< name, sizes, type, offset

  std::string join(std::mt19937 &random) const {
    GGUFWriter writer;
    writer.version = version;
    for (const std::string &pair : pairs) {
      writer.metadata += pair;
    }
    for (const std::string &tensor : tensors) {
      writer.tensors += tensor;
    }
    writer.metadataCount = pairs.size() + (random() % 64 == 0);
    writer.tensorCount = tensors.size() + (random() % 64 == 0);
    return writer.write();
  }
};
} // namespace

/// A small model of each family.
static Parts makeSeed(std::mt19937 &random) {
  static const char *const families[] = {"llama", "gpt2", "mpt"};
  std::string family = families[random() % 3];
  Parts parts;
  auto pair = [&](auto fill) {
    GGUFWriter writer;
    fill(writer);
    parts.pairs.push_back(writer.metadata);
  };
  auto number = [&](const std::string &key, uint32_t value) {
    pair([&](GGUFWriter &w) { w.add<uint32_t>(key, test::U32, value); });
  };
  auto real = [&](const std::string &key, float value) {
    pair([&](GGUFWriter &w) { w.add<float>(key, test::F32, value); });
  };
  pair([&](GGUFWriter &w) { w.addString("general.architecture", family); });
  number(family + ".block_count", 1);
  number(family + ".embedding_length", 32);
  number(family + ".feed_forward_length", family == "llama" ? 64 : 128);
  number(family + ".attention.head_count", 4);
  number(family + ".context_length", 16);
  number("tokenizer.ggml.eos_token_id", 2);
  pair([&](GGUFWriter &w) {
    w.addArray("tokenizer.ggml.tokens", test::String, 2,
               GGUFWriter::text("a") + GGUFWriter::text("b"));
  });
  if (family == "llama") {
    number("llama.attention.head_count_kv", 2);
    real("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    static const char *const scalings[] = {"none", "linear", "yarn",
                                           "longrope"};
    const char *scaling = scalings[random() % 4];
    pair([&](GGUFWriter &w) {
      w.addString("llama.rope.scaling.type", scaling);
    });
    real("llama.rope.scaling.factor", 2);
    number("llama.rope.scaling.original_context_length", 8);
  } else {
    real(family + ".attention.layer_norm_epsilon", 1e-5f);
  }
  if (family == "mpt") {
    real("mpt.attention.max_alibi_bias", 8);
    real("mpt.attention.clamp_kqv", 6);
  }

  uint64_t offset = 0;
  auto tensor = [&](const char *name, uint64_t in, uint64_t out) {
    // Plain or blocks of 32; F32 is the largest.
    static const uint32_t types[] = {0, 1, 2, 3, 8, 30};
    uint32_t type = out == 0 ? 0 : types[random() % std::size(types)];
    GGUFWriter writer;
    if (out == 0) {
      writer.addTensor(name, {in}, type, offset);
    } else {
      writer.addTensor(name, {in, out}, type, offset);
    }
    parts.tensors.push_back(writer.tensors);
    offset += in * std::max<uint64_t>(out, 1) * 4;
  };
  bool llama = family == "llama";
  bool bias = family == "gpt2";
  tensor("token_embd.weight", 32, 64);
  if (bias) {
    tensor("position_embd.weight", 32, 16);
    tensor("output_norm.bias", 32, 0);
    tensor("blk.0.attn_norm.bias", 32, 0);
    tensor("blk.0.ffn_norm.bias", 32, 0);
    tensor("blk.0.attn_qkv.bias", 96, 0);
    tensor("blk.0.attn_output.bias", 32, 0);
    tensor("blk.0.ffn_up.bias", 128, 0);
    tensor("blk.0.ffn_down.bias", 32, 0);
  }
  tensor("output_norm.weight", 32, 0);
  tensor("blk.0.attn_norm.weight", 32, 0);
  tensor("blk.0.ffn_norm.weight", 32, 0);
  tensor("blk.0.attn_output.weight", 32, 32);
  tensor("blk.0.ffn_up.weight", 32, llama ? 64 : 128);
  tensor("blk.0.ffn_down.weight", llama ? 64 : 128, 32);
  if (llama) {
    tensor("blk.0.ffn_gate.weight", 32, 64);
    tensor("blk.0.attn_q.weight", 32, 32);
    tensor("blk.0.attn_k.weight", 32, 16);
    tensor("blk.0.attn_v.weight", 32, 16);
    if (random() % 2 == 0) {
      tensor("rope_freqs.weight", 4, 0);
    }
  } else {
    tensor("blk.0.attn_qkv.weight", 32, 96);
  }
  return parts;
}

/// Bytes of the value of `type` that a well-formed `bytes` begins with.
static uint64_t measureValue(llvm::StringRef bytes, uint32_t type) {
  using llvm::support::endian::read32le;
  using llvm::support::endian::read64le;
  switch (type) {
  case test::U8:
  case test::I8:
  case test::Bool:
    return 1;
  case test::U16:
  case test::I16:
    return 2;
  case test::String:
    return 8 + read64le(bytes.data());
  case test::Array: {
    uint32_t elementType = read32le(bytes.data());
    uint64_t size = 12;
    for (uint64_t i = 0, e = read64le(bytes.data() + 4); i < e; ++i) {
      size += measureValue(bytes.drop_front(size), elementType);
    }
    return size;
  }
  case test::U64:
  case test::I64:
  case test::F64:
    return 8;
  default:
    return 4;
  }
}

/// Takes the header in `bytes` apart; whether it was well-formed.
static bool takeApart(llvm::StringRef bytes, Parts &parts) {
  GGUFHeader header;
  InputFile file = fuzz::makeSparseFile(bytes, kMaxData);
  if (llvm::Expected<GGUFHeader> read = readGGUFHeader(file)) {
    header = std::move(*read);
  } else {
    llvm::consumeError(read.takeError());
    return false;
  }
  if (header.size > bytes.size()) {
    return false; // it goes on into the zeros
  }
  parts.version = header.version;
  llvm::StringRef rest = bytes.drop_front(header.metadataBegin);
  for (uint64_t i = 0; i < header.metadataCount; ++i) {
    uint64_t size = 8 + llvm::support::endian::read64le(rest.data()) + 4;
    uint32_t type = llvm::support::endian::read32le(rest.data() + size - 4);
    size += measureValue(rest.drop_front(size), type);
    parts.pairs.push_back(rest.take_front(size).str());
    rest = rest.drop_front(size);
  }
  for (size_t i = 0; i < header.tensors.size(); ++i) {
    uint64_t name = llvm::support::endian::read64le(rest.data());
    uint32_t axes = llvm::support::endian::read32le(rest.data() + 8 + name);
    uint64_t size = 8 + name + 4 + 8 * axes + 4 + 8;
    parts.tensors.push_back(rest.take_front(size).str());
    rest = rest.drop_front(size);
  }
  return true;
}

/// Changes a byte or a number of `piece`, or its place in the list.
static void mutatePiece(std::vector<std::string> &pieces,
                        std::mt19937 &random) {
  if (pieces.empty()) {
    return;
  }
  size_t index = random() % pieces.size();
  std::string &piece = pieces[index]; // never empty: it has a name's length
  switch (random() % 6) {
  case 0:
    std::swap(piece, pieces[random() % pieces.size()]);
    return;
  case 1:
    pieces.erase(pieces.begin() + index);
    return;
  case 2:
    pieces.insert(pieces.begin() + index, std::string(piece));
    return;
  case 3:
    piece[random() % piece.size()] = static_cast<char>(random());
    return;
  default: {
    // Numbers are at the end: values, types, offsets, sizes.
    static const uint64_t numbers[] = {0,  1,  2,  3,       8,         12, 16,
                                       31, 32, 64, 1 << 20, 1ull << 33, ~0ull,
                                       1ull << 63};
    size_t back = std::min<size_t>(piece.size(), 4 * (1 + random() % 6));
    uint64_t number = numbers[random() % std::size(numbers)];
    std::memcpy(piece.data() + piece.size() - back, &number,
                std::min<size_t>(back, random() % 2 == 0 ? 4 : 8));
  }
  }
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size,
                                          size_t max, unsigned seed) {
  std::mt19937 random(seed);
  unsigned choice = random() % 8;
  if (choice == 0) {
    return LLVMFuzzerMutate(data, size, max);
  }
  Parts parts;
  uint64_t dataBytes = kSeedData;
  if (choice < 4 && size > 8 &&
      takeApart(llvm::StringRef(reinterpret_cast<const char *>(data) + 8,
                                size - 8),
                parts)) {
    dataBytes = llvm::support::endian::read64le(data);
  } else {
    parts = makeSeed(random);
  }
  if (choice != 7) {
    for (unsigned i = 0, e = 1 + random() % 2; i < e; ++i) {
      mutatePiece(random() % 2 == 0 ? parts.pairs : parts.tensors, random);
    }
  }
  std::string out;
  append<uint64_t>(out, random() % 16 == 0 ? dataBytes / 2 : dataBytes);
  size_t copied = fuzz::copyBack(out + parts.join(random), data, max);
  return copied != 0 ? copied : LLVMFuzzerMutate(data, size, max);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ++fuzz::stats.executions;
  if (size < 8) {
    return 0;
  }
  uint64_t dataBytes = llvm::support::endian::read64le(data) % kMaxData;
  llvm::StringRef bytes(reinterpret_cast<const char *>(data) + 8, size - 8);
  InputFile file = fuzz::makeSparseFile(bytes, dataBytes);
  llvm::Expected<GGUFHeader> header = readGGUFHeader(file);
  if (!header) {
    llvm::consumeError(header.takeError());
    return 0;
  }
  ++fuzz::stats.pastParser;
  // What holds of every header that is accepted.
  for (const auto &entry : header->tensors) {
    if (entry.second.offset < header->size ||
        entry.second.offset > file.getSize()) {
      std::abort();
    }
  }
  llvm::cantFail(writeGGUFMetadata(file, *header, "/dev/null"));
  if (llvm::Expected<GGUFMetadata> metadata = readGGUFMetadata(file)) {
    // Everything that the header keeps is there too.
    for (const auto &pair : header->metadata) {
      if (metadata->find(pair.first.str()) == metadata->end()) {
        std::abort();
      }
    }
  } else {
    llvm::consumeError(metadata.takeError());
  }
  std::string architecture =
      header->metadata.getString("general.architecture").value_or("").str();
  for (const ModelFamily *family : getModelFamilies()) {
    if (family->gguf.architecture != architecture) {
      continue;
    }
    llvm::Expected<Checkpoint> checkpoint =
        mapGGUF(file, *header, family->gguf);
    if (!checkpoint) {
      llvm::consumeError(checkpoint.takeError());
      return 0;
    }
    checkpoint->files.push_back(
        {"fuzz.gguf", file.getSize(), header->size, ""});
    *header = GGUFHeader(); // the checkpoint stands alone
    fuzz::stats.accepted += fuzz::buildModel(*family, *checkpoint);
  }
  return 0;
}
