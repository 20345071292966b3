// RUN: qeff-opt %s --convert-qeff-to-host=mcpu=x86-64-v3 | FileCheck %s

// Attention over the keys of its own call: keys are packed, values read as they
// are, positions come from a mask; nothing is kept.

// CHECK-LABEL: qeff_host.function @encode
// CHECK-SAME: outputs [#qeff_host.io<"y", tensor<2x8xf32> at {{[0-9]+}}>]
// CHECK-NEXT: launch @iota_2x20 {{.*}} (arena + [[Q:[0-9]+]])
// CHECK-NEXT: launch @mask_positions_2x20 {{.*}} (io + [[MASK:[0-9]+]], arena + [[K:[0-9]+]])
// CHECK-NEXT: launch @pack_keys_2x20x2x4 {{.*}} (io + 0, arena + [[P:[0-9]+]])
// CHECK-NEXT: launch @attention_2x20_2h2g_4x4_20_{{.*}}_own_cap{{.*}} (io + 0, arena + [[P]], io + 0, arena + [[Q]], arena + [[K]], arena + [[A:[0-9]+]])
// CHECK-NEXT: launch @scale_320_{{.*}} (arena + [[A]], arena + [[A]])
// CHECK-NEXT: launch @softcap_320_{{.*}} (arena + [[A]], arena + [[A]])
// CHECK-NEXT: launch @mul_320 {{.*}} (arena + [[A]], io + 0, arena + [[A]])
// CHECK-NEXT: launch @pool_mean_2x20x8_p {{.*}} (arena + [[A]], arena + [[K]], arena + {{[0-9]+}})
// CHECK-NEXT: launch @select_first_2x20x8 {{.*}} (arena + [[A]], arena + {{[0-9]+}})
// CHECK-NEXT: launch @add_16
module attributes {qeff.max_position = 64 : i64, qeff.specializations = [#qeff.spec<"encode", {batch_size = 2 : i64, seq_len = 20 : i64}>]} {
  func.func @encode(%x: tensor<2x20x8xf32> {qeff.name = "x"}, %mask: tensor<2x20xi64> {qeff.name = "mask"})
      -> (tensor<2x8xf32> {qeff.name = "y"}) {
    %pos = qeff.iota %mask : tensor<2x20xi64>
    %keys = qeff.mask_positions %mask : tensor<2x20xi64>
    %1 = qeff.split_heads %x : tensor<2x20x8xf32> -> tensor<2x2x20x4xf32>
    %2 = qeff.attention %1, %1, %1, %pos, %keys {scale = 0.5 : f64, softcap = 20.0 : f64}
        : (tensor<2x2x20x4xf32>, tensor<2x2x20x4xf32>, tensor<2x2x20x4xf32>, tensor<2x20xi64>, tensor<2x20xi64>) -> tensor<2x2x20x4xf32>
    %3 = qeff.merge_heads %2 : tensor<2x2x20x4xf32> -> tensor<2x20x8xf32>
    %4 = qeff.scale %3 {factor = 2.0 : f64} : tensor<2x20x8xf32>
    %5 = qeff.softcap %4 {cap = 3.0 : f64} : tensor<2x20x8xf32>
    %6 = qeff.mul %5, %x : tensor<2x20x8xf32>
    %7 = qeff.pool %6, %keys {kind = #qeff.pool<mean>} : (tensor<2x20x8xf32>, tensor<2x20xi64>) -> tensor<2x8xf32>
    %8 = qeff.pool %6 {kind = #qeff.pool<cls>} : (tensor<2x20x8xf32>) -> tensor<2x8xf32>
    %9 = qeff.add %7, %8 : tensor<2x8xf32>
    return %9 : tensor<2x8xf32>
  }
}
