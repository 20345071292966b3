// RUN: qeff-opt %s --convert-qeff-to-host=mcpu=x86-64-v3 --split-input-file --verify-diagnostics

// expected-error @below {{expects a function for each of the module's specializations, got none}}
module {
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {}>]} {
  // expected-error @below {{expects a function named as one of the module's specializations, got 'main'}}
  func.func @main() {
    return
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {}>]} {
  // expected-error @below {{expects each input to have a 'qeff.name' and a static type of floats, integers or booleans, got 'tensor<?xi64>'}}
  func.func @decode(%x: tensor<?xi64> {qeff.name = "x"}) {
    return
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {}>]} {
  // expected-error @below {{expects each input to have a 'qeff.name'}}
  func.func @decode(%x: tensor<4xi64>) {
    return
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {}>]} {
  // expected-error @below {{expects each output to have a 'qeff.name' and a static type of floats, integers or booleans, got 'tensor<1x2x1x4xf32>'}}
  func.func @decode(%x: tensor<1x1x8xf32> {qeff.name = "x"}) -> (tensor<1x2x1x4xf32> {qeff.name = "y"}) {
    %0 = qeff.split_heads %x : tensor<1x1x8xf32> -> tensor<1x2x1x4xf32>
    return %0 : tensor<1x2x1x4xf32>
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {}>]} {
  func.func @decode(%x: tensor<1x1x8xf32> {qeff.name = "x"}) -> (tensor<1x1x4xf32> {qeff.name = "y"}) {
    // expected-error @below {{'qeff.slice' op expects an op that the host has a kernel for}}
    %0 = qeff.slice %x [0, 0, 4] : tensor<1x1x8xf32> -> tensor<1x1x4xf32>
    return %0 : tensor<1x1x4xf32>
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {}>]} {
  func.func @decode(%x: tensor<1x1x8xf16> {qeff.name = "x"}) -> (tensor<1x1x8xf32> {qeff.name = "y"}) {
    // expected-error @below {{'qeff.cast' op expects an op that the host has a kernel for}}
    %0 = qeff.cast %x : tensor<1x1x8xf16> -> tensor<1x1x8xf32>
    return %0 : tensor<1x1x8xf32>
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"decode", {}>]} {
  func.func @decode(%x: tensor<1x1x8xf32> {qeff.name = "x"}, %w: tensor<8x8xf32> {qeff.name = "w"}) -> (tensor<1x1x8xf32> {qeff.name = "y"}) {
    // expected-error @below {{'qeff.linear' op expects a weight, got an activation of type 'tensor<8x8xf32>'}}
    %0 = qeff.linear %x, %w : (tensor<1x1x8xf32>, tensor<8x8xf32>) -> tensor<1x1x8xf32>
    return %0 : tensor<1x1x8xf32>
  }
}

// -----
// An attention over states is causal.
module attributes {qeff.specializations = [#qeff.spec<"decode", {}>]} {
  qeff.dim @n
  func.func @decode(%x: tensor<1x2x16xf32> {qeff.name = "x"}, %pos: tensor<1x2xi64> {qeff.name = "pos"},
                    %s: tensor<1x2x32x8xf32> {qeff.name = "s", qeff.state = "t"}, %u: tensor<1x2x32x8xf32> {qeff.name = "u", qeff.state = "v"})
      -> (tensor<1x2x16xf32> {qeff.name = "y"}, tensor<1x2x32x8xf32> {qeff.name = "t"}, tensor<1x2x32x8xf32> {qeff.name = "v"}) {
    %h = qeff.split_heads %x : tensor<1x2x16xf32> -> tensor<1x2x2x8xf32>
    %slots = qeff.cache_positions %pos {slots = @n} : tensor<1x2xi64> -> tensor<1x32xi64>
    %k = qeff.cache_read %s[%slots] : tensor<1x2x32x8xf32>, tensor<1x32xi64>
    %v = qeff.cache_read %u[%slots] : tensor<1x2x32x8xf32>, tensor<1x32xi64>
    // expected-error @below {{'qeff.attention' op expects a causal attention over cached keys and values, read by the slots of the same positions, or one without caches}}
    %a = qeff.attention %h, %k, %v, %pos, %slots {scale = 1.0 : f64} : (tensor<1x2x2x8xf32>, tensor<1x2x32x8xf32>, tensor<1x2x32x8xf32>, tensor<1x2xi64>, tensor<1x32xi64>) -> tensor<1x2x2x8xf32>
    %m = qeff.merge_heads %a : tensor<1x2x2x8xf32> -> tensor<1x2x16xf32>
    return %m, %s, %u : tensor<1x2x16xf32>, tensor<1x2x32x8xf32>, tensor<1x2x32x8xf32>
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"a", {}>, #qeff.spec<"b", {}>]} {
  func.func @a(%s: tensor<1x2x16x8xf32> {qeff.name = "s", qeff.state = "t"}) -> (tensor<1x2x16x8xf32> {qeff.name = "t"}) {
    return %s : tensor<1x2x16x8xf32>
  }
  // expected-error @below {{expects state "s" to be the same in all functions, got 'tensor<1x2x16x8xf32>' and 'tensor<1x2x32x8xf32>'}}
  func.func @b(%s: tensor<1x2x32x8xf32> {qeff.name = "s", qeff.state = "t"}) -> (tensor<1x2x32x8xf32> {qeff.name = "t"}) {
    return %s : tensor<1x2x32x8xf32>
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"a", {}>]} {
  func.func @a(%s: tensor<1x2x16x8xf32> {qeff.name = "s", qeff.state = "t"}) -> (tensor<1x2x16x8xf32> {qeff.name = "u"}) {
    // expected-error @below {{'func.return' op expects the state "s" to be returned as "t", got "u"}}
    return %s : tensor<1x2x16x8xf32>
  }
}

// -----
module attributes {qeff.specializations = [#qeff.spec<"a", {}>]} {
  // expected-error @below {{expects state "s" to be a static f32 tensor [B, G, L, D], got 'tensor<1x2x16x8xf16>'}}
  func.func @a(%s: tensor<1x2x16x8xf16> {qeff.name = "s", qeff.state = "t"}) -> (tensor<1x2x16x8xf16> {qeff.name = "t"}) {
    return %s : tensor<1x2x16x8xf16>
  }
}
