// RUN: qeff-opt --split-input-file --qeff-raise-norm --canonicalize %s | FileCheck %s

// The square by Pow, the quotient by Reciprocal and Mul, the weight first.
// CHECK-LABEL: func.func @main
// CHECK: qeff.rms_norm %arg0, %{{.*}} {eps = 9.9{{.*}}E-6 : f64}
// CHECK-NOT: onnxir.Mul
module {
  func.func @main(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
    %w = onnxir.initializer "w" dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
    %two = onnxir.initializer "two" dense<2.0> : tensor<f32>
    %axes = onnxir.initializer "axes" dense<-1> : tensor<1xi64>
    %eps = onnxir.initializer "eps" dense<1.0e-5> : tensor<f32>
    %0 = onnxir.Pow(%x, %two) : (tensor<?x?x4xf32>, tensor<f32>) -> tensor<?x?x4xf32>
    %1 = onnxir.ReduceMean(%0, %axes) : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
    %2 = onnxir.Add(%eps, %1) : (tensor<f32>, tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
    %3 = onnxir.Sqrt(%2) : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
    %4 = onnxir.Reciprocal(%3) : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
    %5 = onnxir.Mul(%4, %x) : (tensor<?x?x1xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %6 = onnxir.Mul(%w, %5) : (tensor<4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    return %6 : tensor<?x?x4xf32>
  }
}

// -----

// The square by Mul, Div, a mean that is subtracted, weight and bias.
// CHECK-LABEL: func.func @main
// CHECK: qeff.layer_norm %arg0 weight({{.*}}) bias({{.*}})
// CHECK-NOT: qeff.rms_norm
module {
  func.func @main(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
    %w = onnxir.initializer "w" dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
    %b = onnxir.initializer "b" dense<[0.5, 2.0, 3.0, 4.0]> : tensor<4xf32>
    %axes = onnxir.initializer "axes" dense<2> : tensor<1xi64>
    %eps = onnxir.initializer "eps" dense<1.0e-5> : tensor<f32>
    %0 = onnxir.ReduceMean(%x, %axes) : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
    %1 = onnxir.Sub(%x, %0) : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
    %2 = onnxir.Mul(%1, %1) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %3 = onnxir.ReduceMean(%2, %axes) : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x?x1xf32>
    %4 = onnxir.Add(%3, %eps) : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
    %5 = onnxir.Sqrt(%4) : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
    %6 = onnxir.Div(%1, %5) : (tensor<?x?x4xf32>, tensor<?x?x1xf32>) -> tensor<?x?x4xf32>
    %7 = onnxir.Mul(%6, %w) : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
    %8 = onnxir.Add(%b, %7) : (tensor<4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    return %8 : tensor<?x?x4xf32>
  }
}

// -----

// A mean over another axis is none of the last one.
// CHECK-LABEL: func.func @main
// CHECK-NOT: qeff.rms_norm
module {
  func.func @main(%x: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
    %axes = onnxir.initializer "axes" dense<1> : tensor<1xi64>
    %eps = onnxir.initializer "eps" dense<1.0e-5> : tensor<f32>
    %2 = onnxir.Mul(%x, %x) : (tensor<?x?x4xf32>, tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
    %3 = onnxir.ReduceMean(%2, %axes) : (tensor<?x?x4xf32>, tensor<1xi64>) -> tensor<?x1x4xf32>
    %4 = onnxir.Add(%3, %eps) : (tensor<?x1x4xf32>, tensor<f32>) -> tensor<?x1x4xf32>
    %5 = onnxir.Sqrt(%4) : (tensor<?x1x4xf32>) -> tensor<?x1x4xf32>
    %6 = onnxir.Div(%x, %5) : (tensor<?x?x4xf32>, tensor<?x1x4xf32>) -> tensor<?x?x4xf32>
    return %6 : tensor<?x?x4xf32>
  }
}
