// SPDX-License-Identifier: Apache-2.0
// A processing element: one product a cycle, its active weight, and the shadow weight for the next operation.

module pe #(
    parameter int WEIGHT_BUFFERS = 2  // 1: there is no shadow weight, what is written is used from the next cycle on
) (
    input  logic               clk,
    input  logic signed [ 7:0] activation,
    input  logic               swap,        // the first activation row of an operation is here
    input  logic               write,
    input  logic signed [ 7:0] weight,
    output logic signed [15:0] product      // of this cycle
);
  logic signed [7:0] active, used;

  assign product = activation * used;

  if (WEIGHT_BUFFERS == 2) begin : g_double
    logic signed [7:0] shadow;
    // The row that brings the swap is multiplied with the new weight already.
    assign used = swap ? shadow : active;
    always_ff @(posedge clk) begin
      active <= used;
      if (write) shadow <= weight;  // a swap in this cycle has taken the old value
    end
  end else begin : g_single
    logic unused_swap;
    assign unused_swap = swap;
    assign used = active;
    always_ff @(posedge clk) if (write) active <= weight;
  end
endmodule
