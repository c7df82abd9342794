// SPDX-License-Identifier: Apache-2.0
// The PEs between two stages of the wavefront: an activation reaches all columns of the block in one cycle, and one
// adder stage sums the products of all its rows.

module pe_block #(
    parameter int ROWS = 1,
    parameter int COLS = 1,
    parameter int WEIGHT_BUFFERS = 2
) (
    input  logic               clk,
    input  logic               rst,
    // From the left; to the block on the right a cycle later.
    input  logic               row_valid,
    input  logic               row_first,
    input  logic signed [ 7:0] activation[ROWS],
    output logic               row_valid_out,
    output logic               row_first_out,
    output logic signed [ 7:0] activation_out[ROWS],
    // From above; to the block below a cycle later.
    input  logic               sum_valid[COLS],
    input  logic        [31:0] sum[COLS],
    output logic               sum_valid_out[COLS],
    output logic        [31:0] sum_out[COLS],
    // A weight per column, for the row whose bit is set.
    input  logic               write[ROWS],
    input  logic signed [ 7:0] weight[COLS]
);
  /* verilator no_inline_module */
  logic swap;
  logic signed [15:0] product[ROWS][COLS];

  assign swap = row_valid && row_first;

  for (genvar r = 0; r < ROWS; r++) begin : g_row
    for (genvar c = 0; c < COLS; c++) begin : g_col
      pe #(
          .WEIGHT_BUFFERS(WEIGHT_BUFFERS)
      ) u_pe (
          .clk,
          .activation(activation[r]),
          .swap,
          .write(write[r]),
          .weight(weight[c]),
          .product(product[r][c])
      );
    end
  end

  always_ff @(posedge clk) begin
    row_valid_out  <= row_valid && !rst;
    row_first_out  <= row_first;
    activation_out <= activation;
  end

  for (genvar c = 0; c < COLS; c++) begin : g_sum
    logic [31:0] total;
    always_comb begin
      total = sum[c];
      for (int r = 0; r < ROWS; r++) total += 32'(product[r][c]);  // sign-extended; wraps
    end
    always_ff @(posedge clk) begin
      sum_valid_out[c] <= sum_valid[c] && row_valid && !rst;
      sum_out[c] <= total;
    end
  end
endmodule
