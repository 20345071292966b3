// RUN: qeff-opt %s --qeff-fuse-adapters='mode=swap max-lora-rank=16' | FileCheck %s
// RUN: qeff-opt %s --qeff-fuse-adapters=mode=swap | FileCheck %s --check-prefix=LARGEST
// RUN: sed -e '/^  qeff.adapter/,/^  }/d' %s | qeff-opt --qeff-fuse-adapters='mode=swap max-lora-rank=8' | FileCheck %s --check-prefix=ALL

// Targets are the modules of both adapters; the parts of a fused one share a
// and b. What the adapters alone used goes away.

// CHECK-NOT: qeff.file "private" @g
// CHECK-NOT: qeff.weight "private" @{{[abcd]}} file
module {
  qeff.file "private" @f "model.safetensors" {root = "model", size = 65536 : i64}
  qeff.weight "private" @qkv file(@f) {offset = 0 : i64} : tensor<24x8xf32>
  qeff.weight "private" @o file(@f) {offset = 2048 : i64} : tensor<8x16xf32>
  qeff.weight "private" @head file(@f) {offset = 4096 : i64} : tensor<32x8xf32>
  qeff.file "private" @g "adapter_model.safetensors" {root = "adapter.math", size = 65536 : i64}
  qeff.weight "private" @a file(@g) {offset = 0 : i64} : tensor<2x8xf32>
  qeff.weight "private" @b file(@g) {offset = 512 : i64} : tensor<24x2xf32>
  qeff.weight "private" @c file(@g) {offset = 2048 : i64} : tensor<6x8xf32>
  qeff.weight "private" @d file(@g) {offset = 4096 : i64} : tensor<32x6xf32>
  qeff.adapter "private" @math {
    qeff.adapter_lora "attn.qkv" a(@a) b(@b) {scaling = 2.0 : f64}
  }
  qeff.adapter "private" @code {
    qeff.adapter_lora "lm_head" a(@c) b(@d) {scaling = 2.0 : f64}
    qeff.adapter_lora "attn.qkv" a(@a) b(@b) {scaling = 1.0 : f64}
  }

  // CHECK-LABEL: func.func @main
  // CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<?x?x8xf32> {qeff.name = "x"}
  // CHECK-SAME: %[[A:[a-z0-9]+]]: tensor<16x8xf32> {qeff.adapter, qeff.name = "base_model.model.attn.qkv.lora_A.weight", qeff.state = "base_model.model.attn.qkv.lora_A.weight_RetainedState"}
  // CHECK-SAME: %[[B:[a-z0-9]+]]: tensor<24x16xf32> {qeff.adapter, qeff.name = "base_model.model.attn.qkv.lora_B.weight", qeff.state = "base_model.model.attn.qkv.lora_B.weight_RetainedState"}
  // CHECK-SAME: %[[S:[a-z0-9]+]]: tensor<1xf32> {qeff.adapter, qeff.name = "attn.qkv.lora_scaling"}
  // CHECK-SAME: %[[C:[a-z0-9]+]]: tensor<16x8xf32> {qeff.adapter, qeff.name = "base_model.model.lm_head.lora_A.weight"
  // CHECK-SAME: %[[D:[a-z0-9]+]]: tensor<32x16xf32> {qeff.adapter, qeff.name = "base_model.model.lm_head.lora_B.weight"
  // CHECK-SAME: %[[T:[a-z0-9]+]]: tensor<1xf32> {qeff.adapter, qeff.name = "lm_head.lora_scaling"}
  // CHECK-SAME: -> (tensor<?x?x32xf32> {qeff.name = "logits"}, tensor<16x8xf32> {qeff.name = "base_model.model.attn.qkv.lora_A.weight_RetainedState"}, tensor<24x16xf32> {qeff.name = "base_model.model.attn.qkv.lora_B.weight_RetainedState"}, tensor<16x8xf32> {qeff.name = "base_model.model.lm_head.lora_A.weight_RetainedState"}, tensor<32x16xf32> {qeff.name = "base_model.model.lm_head.lora_B.weight_RetainedState"})
  // LARGEST: tensor<6x8xf32> {qeff.adapter, qeff.name = "base_model.model.attn.qkv.lora_A.weight"
  // ALL: tensor<8x8xf32> {qeff.adapter, qeff.name = "base_model.model.attn.qkv.lora_A.weight"
  // ALL-SAME: tensor<8x16xf32> {qeff.adapter, qeff.name = "base_model.model.attn.o.lora_A.weight"
  // ALL-SAME: tensor<8x8xf32> {qeff.adapter, qeff.name = "base_model.model.lm_head.lora_A.weight"
  func.func @main(%x: tensor<?x?x8xf32> {qeff.name = "x"}) -> (tensor<?x?x32xf32> {qeff.name = "logits"}) {
    %w = qeff.weight_ref @qkv : tensor<24x8xf32>
    %o = qeff.weight_ref @o : tensor<8x16xf32>
    %h = qeff.weight_ref @head : tensor<32x8xf32>
    %0 = qeff.slice %w [0, 0] : tensor<24x8xf32> -> tensor<16x8xf32>
    %1 = qeff.slice %w [16, 0] : tensor<24x8xf32> -> tensor<8x8xf32>
    // CHECK: %[[Q0:.+]] = qeff.linear %[[X]], %{{.+}} scope("attn.q")
    // CHECK-NEXT: %[[Q:.+]] = qeff.lora %[[X]], %[[Q0]], %[[A]], %[[B]], %[[S]] scope("attn.q") : (
    %q = qeff.linear %x, %0 scope("attn.q") {module = #qeff.module<"attn.qkv">} : (tensor<?x?x8xf32>, tensor<16x8xf32>) -> tensor<?x?x16xf32>
    // CHECK-NEXT: %[[V0:.+]] = qeff.linear %[[X]]
    // CHECK-NEXT: %[[V:.+]] = qeff.lora %[[X]], %[[V0]], %[[A]], %[[B]], %[[S]] scope("attn.v") {row = 16 : i64}
    %v = qeff.linear %x, %1 scope("attn.v") {module = #qeff.module<"attn.qkv", row 16>} : (tensor<?x?x8xf32>, tensor<8x8xf32>) -> tensor<?x?x8xf32>
    // No adapter's target.
    // CHECK-NEXT: %[[O:.+]] = qeff.linear %[[Q]]
    // CHECK-NEXT: %[[Y:.+]] = qeff.add %[[O]], %[[V]]
    %p = qeff.linear %q, %o scope("attn.o") {module = #qeff.module<"attn.o">} : (tensor<?x?x16xf32>, tensor<8x16xf32>) -> tensor<?x?x8xf32>
    %y = qeff.add %p, %v : tensor<?x?x8xf32>
    // CHECK-NEXT: %[[L0:.+]] = qeff.linear %[[Y]]
    // CHECK-NEXT: %[[L:.+]] = qeff.lora %[[Y]], %[[L0]], %[[C]], %[[D]], %[[T]]
    // CHECK-NEXT: return %[[L]], %[[A]], %[[B]], %[[C]], %[[D]]
    %l = qeff.linear %y, %h {module = #qeff.module<"lm_head">} : (tensor<?x?x8xf32>, tensor<32x8xf32>) -> tensor<?x?x32xf32>
    return %l : tensor<?x?x32xf32>
  }
}
