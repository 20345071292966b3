/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The binary interface of `program.so`, the native half of a host QPC. The
 * compiler emits these tables as constant data, the runtime walks them; both
 * include this header and nothing else of each other. C11, no dependencies.
 *
 * A program is a list of functions, one per specialization. A function is a
 * straight list of launches. A launch calls one kernel over `tiles` tiles: the
 * runtime splits [0, tiles) among its threads and puts a barrier after each
 * launch. Kernels own no memory: each operand is an offset into one of five
 * segments whose base addresses the runtime chooses (64-byte aligned).
 */
#ifndef QEFF_RUNTIME_PROGRAMABI_H
#define QEFF_RUNTIME_PROGRAMABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Raised when a table changes shape; a runtime refuses any other version. */
#define QEFF_PROGRAM_ABI_VERSION 2u

/* The one symbol that program.so exports: `const qeff_program qeff_program`. */
#define QEFF_PROGRAM_SYMBOL "qeff_program"

enum qeff_segment {
  QEFF_SEGMENT_ARENA = 0,   /* activations of one call, contents undefined */
  QEFF_SEGMENT_WEIGHTS = 1, /* weights.bin, mapped read-only */
  QEFF_SEGMENT_STATE = 2,   /* retained state of the session, zero at start */
  QEFF_SEGMENT_IO = 3,      /* inputs and outputs of this function */
  QEFF_SEGMENT_ADAPTER = 4  /* the adapter in use, read-only; zeros: none */
};

/* What the adapter segment holds of each module that an adapter may change. */
typedef struct qeff_adapter_header {
  int64_t rank;  /* in use, padding included: a multiple of 8; 0 is off */
  float scaling; /* y += scaling * B * A * x */
  uint8_t reserved[52]; /* 0 */
} qeff_adapter_header;

typedef struct qeff_operand {
  uint32_t segment;  /* enum qeff_segment */
  uint32_t reserved; /* 0 */
  uint64_t offset;   /* bytes from the segment's base, multiple of 64 */
} qeff_operand;

/* `operands[i]` is the address of the launch's operand i; computes the tiles
 * begin <= t < end. Reentrant: threads call it on disjoint ranges. */
typedef void (*qeff_kernel)(void *const *operands, int64_t begin, int64_t end);

typedef struct qeff_launch {
  qeff_kernel kernel;
  const qeff_operand *operands;
  uint32_t num_operands;
  uint32_t reserved; /* 0 */
  int64_t tiles;     /* >= 1 */
  uint64_t bytes;    /* of weights, state, adapter that it reads at most */
  const char *name;  /* kernel symbol, for traces */
  const char *scope; /* "layers.3.self_attn.q_proj", or "" */
} qeff_launch;

typedef struct qeff_function {
  const char *name; /* specialization name: "prefill", "decode" */
  const qeff_launch *launches;
  uint64_t num_launches;
  uint64_t arena_bytes;
  uint64_t io_bytes;
} qeff_function;

typedef struct qeff_program_table {
  uint32_t abi_version; /* QEFF_PROGRAM_ABI_VERSION */
  uint32_t num_functions;
  const qeff_function *functions;
  uint64_t weights_bytes; /* size of weights.bin */
  uint64_t state_bytes;   /* one session's retained state */
  uint64_t adapter_bytes; /* one adapter; 0: the program takes none */
} qeff_program_table;

#ifdef __cplusplus
}
#endif

#endif /* QEFF_RUNTIME_PROGRAMABI_H */
