/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A program.so written by hand, for tests of the runtime: a toy "model" whose
 * next token is a function of the row's whole history, kept in the retained
 * state, so that chunks, padding, groups and mixed batches are seen to work.
 *
 *   code[t]    = weights[t]                              (i64, t a token)
 *   state[b,p] = code[ids[b,s]] + 1  at p = pos[b,s]     (f32)
 *   next[b]    = sum over p <= max pos of (2 p + 3) state[b,p] + p p, mod vocab
 *   logits[b]  = 1 at next[b], a ramp below 1/2 elsewhere
 *
 * The adapter's first module adds scaling B[0, :] A[:, 0] to next (rounded down,
 * mod vocab).
 *
 * Position -1 is dropped; with weights[VOCAB] = 1 it writes garbage to the last
 * slot instead, as other targets' scatter does.
 */
#include "FakeProgram.h"

#include "qeff/Runtime/ProgramABI.h"

enum { B = FAKE_BATCH, L = FAKE_CTX, S = FAKE_PREFILL, V = FAKE_VOCAB };

/* ids, codes (all tokens), out: tiles over rows of the batch. */
static void embed(void *const *operands, int64_t begin, int64_t end,
                  int64_t seq) {
  const int64_t *ids = (const int64_t *)operands[0];
  const int64_t *codes = (const int64_t *)operands[1];
  int64_t *out = (int64_t *)operands[2];
  for (int64_t i = begin * seq; i < end * seq; ++i) {
    out[i] = codes[ids[i]];
  }
}

/* codes of the call, pos, state, codes (all tokens): one tile, all rows. */
static void cache_write(void *const *operands, int64_t seq) {
  const int64_t *code = (const int64_t *)operands[0];
  const int64_t *pos = (const int64_t *)operands[1];
  float *state = (float *)operands[2];
  const int64_t *codes = (const int64_t *)operands[3];
  for (int64_t b = 0; b < B; ++b) {
    for (int64_t s = 0; s < seq; ++s) {
      int64_t p = pos[b * seq + s];
      if (p >= 0) {
        state[b * L + p] = (float)(code[b * seq + s] + 1);
      } else if (codes[V]) {
        state[b * L + L - 1] = 12345.0f;
      }
    }
  }
}

/* state, pos, next: tiles over rows of the batch. */
static void history(void *const *operands, int64_t begin, int64_t end,
                    int64_t seq) {
  const float *state = (const float *)operands[0];
  const int64_t *pos = (const int64_t *)operands[1];
  int64_t *next = (int64_t *)operands[2];
  for (int64_t b = begin; b < end; ++b) {
    int64_t last = -1, sum = 0;
    for (int64_t s = 0; s < seq; ++s) {
      last = pos[b * seq + s] > last ? pos[b * seq + s] : last;
    }
    for (int64_t p = 0; p <= last; ++p) {
      sum += (2 * p + 3) * (int64_t)state[b * L + p] + p * p;
    }
    next[b] = sum % V;
  }
}

/* next, logits, header, a, b: tiles over the vocabulary. */
static void head(void *const *operands, int64_t begin, int64_t end) {
  const int64_t *next = (const int64_t *)operands[0];
  float *logits = (float *)operands[1];
  const qeff_adapter_header *header = (const qeff_adapter_header *)operands[2];
  const float *a = (const float *)operands[3];
  const float *b0 = (const float *)operands[4];
  float sum = 0;
  for (int64_t r = 0; r < header->rank; ++r) {
    sum += a[2 * r] * b0[r * 32];
  }
  int64_t shift = (int64_t)(header->scaling * sum);
  for (int64_t b = 0; b < B; ++b) {
    for (int64_t v = begin; v < end; ++v) {
      logits[b * V + v] = v == (next[b] + shift) % V ? 1.0f : (float)v / (2 * V);
    }
  }
}

#define FUNCTION(name, seq)                                                    \
  static void name##_embed(void *const *o, int64_t b, int64_t e) {             \
    embed(o, b, e, seq);                                                       \
  }                                                                            \
  static void name##_write(void *const *o, int64_t b, int64_t e) {             \
    (void)b, (void)e;                                                          \
    cache_write(o, seq);                                                       \
  }                                                                            \
  static void name##_history(void *const *o, int64_t b, int64_t e) {           \
    history(o, b, e, seq);                                                     \
  }                                                                            \
  static const qeff_operand name##_operands[] = {                              \
      {QEFF_SEGMENT_IO, 0, FAKE_IDS},                                          \
      {QEFF_SEGMENT_WEIGHTS, 0, 0},                                            \
      {QEFF_SEGMENT_ARENA, 0, 0},                                              \
      {QEFF_SEGMENT_ARENA, 0, 0},                                              \
      {QEFF_SEGMENT_IO, 0, FAKE_POS(seq)},                                     \
      {QEFF_SEGMENT_STATE, 0, 0},                                              \
      {QEFF_SEGMENT_WEIGHTS, 0, 0},                                            \
      {QEFF_SEGMENT_STATE, 0, 0},                                              \
      {QEFF_SEGMENT_IO, 0, FAKE_POS(seq)},                                     \
      {QEFF_SEGMENT_ARENA, 0, FAKE_NEXT},                                      \
      {QEFF_SEGMENT_ARENA, 0, FAKE_NEXT},                                      \
      {QEFF_SEGMENT_IO, 0, FAKE_LOGITS(seq)},                                  \
      {QEFF_SEGMENT_ADAPTER, 0, FAKE_HEADER},                                  \
      {QEFF_SEGMENT_ADAPTER, 0, FAKE_A},                                       \
      {QEFF_SEGMENT_ADAPTER, 0, FAKE_B},                                       \
  };                                                                           \
  static const qeff_launch name##_launches[] = {                               \
      {name##_embed, name##_operands, 3, 0, B, FAKE_WEIGHTS_BYTES,             \
       "embed_" #name, "embed_tokens"},                                        \
      {name##_write, name##_operands + 3, 4, 0, 1, 0, "write_" #name,          \
       "layers.0.self_attn"},                                                  \
      {name##_history, name##_operands + 7, 3, 0, B, FAKE_STATE_BYTES,         \
       "history_" #name, "layers.0.self_attn"},                                \
      {head, name##_operands + 10, 5, 0, V, 0, "head", "lm_head"},             \
  };

FUNCTION(prefill, S)
FUNCTION(decode, 1)

static const qeff_function functions[] = {
    {"prefill", prefill_launches, 4, FAKE_ARENA_BYTES, FAKE_IO_BYTES(S)},
    {"decode", decode_launches, 4, FAKE_ARENA_BYTES, FAKE_IO_BYTES(1)},
};

__attribute__((visibility("default")))
const qeff_program_table qeff_program = {
    QEFF_PROGRAM_ABI_VERSION, 2, functions, FAKE_WEIGHTS_BYTES,
    FAKE_STATE_BYTES, FAKE_ADAPTER_BYTES,
};
