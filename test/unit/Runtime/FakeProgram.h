/*
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Sizes of the toy program, for its C code and for the tests. Offsets are
 * bytes; make-fake-package.py says the same in the manifest.
 */
#ifndef QEFF_TEST_UNIT_RUNTIME_FAKEPROGRAM_H
#define QEFF_TEST_UNIT_RUNTIME_FAKEPROGRAM_H

#define FAKE_BATCH 3
#define FAKE_CTX 40
#define FAKE_PREFILL 16
#define FAKE_VOCAB 97

/* Two modules: "layers.0.self_attn", [40, 2] in parts of 33 and 7 rows, and
 * "layers.0.mlp", [32, 3]. Ranks up to 12, so memory for 16. */
#define FAKE_RANK 12
#define FAKE_HEADER 0
#define FAKE_A 128
#define FAKE_B 256
#define FAKE_SECOND_B 4352
#define FAKE_ADAPTER_BYTES 8640

#define FAKE_ALIGN(bytes) (((bytes) + 63) / 64 * 64)
#define FAKE_WEIGHTS_BYTES ((FAKE_VOCAB + 1) * 8)
#define FAKE_STATE_BYTES (FAKE_BATCH * FAKE_CTX * 4)
#define FAKE_NEXT FAKE_ALIGN(FAKE_BATCH * FAKE_PREFILL * 8)
#define FAKE_ARENA_BYTES (FAKE_NEXT + 64)
#define FAKE_IDS 0
#define FAKE_POS(seq) FAKE_ALIGN(FAKE_BATCH * (seq) * 8)
#define FAKE_LOGITS(seq) (2 * FAKE_POS(seq))
#define FAKE_IO_BYTES(seq) (FAKE_LOGITS(seq) + FAKE_BATCH * FAKE_VOCAB * 4)

#endif /* QEFF_TEST_UNIT_RUNTIME_FAKEPROGRAM_H */
