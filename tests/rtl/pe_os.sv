// SPDX-License-Identifier: Apache-2.0
// An output-stationary processing element: an accumulator, and a shadow register that the rows are read from.

module pe_os #(
    parameter int OUTPUT_BUFFERS = 2  // 1: there is no shadow register, the accumulator itself is read
) (
    input  logic               clk,
    input  logic signed [ 7:0] activation,
    input  logic signed [ 7:0] weight,
    input  logic               multiply,    // the operands are valid
    input  logic               replace,     // they begin a new sum
    input  logic               capture,
    output logic        [31:0] stored
);
  logic [31:0] sum;
  logic signed [15:0] product;

  assign product = activation * weight;
  always_ff @(posedge clk) if (multiply) sum <= (replace ? 32'd0 : sum) + 32'(product);  // sign-extended; wraps

  if (OUTPUT_BUFFERS == 2) begin : g_double
    logic [31:0] shadow;
    always_ff @(posedge clk) if (capture) shadow <= sum;  // a product of this cycle is not in it
    assign stored = shadow;
  end else begin : g_single
    logic unused_capture;
    assign unused_capture = capture;
    assign stored = sum;
  end
endmodule
