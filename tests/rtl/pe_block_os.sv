// SPDX-License-Identifier: Apache-2.0
// The output-stationary PEs between two stages of the wavefront: an activation reaches all columns of the block in one
// cycle, a weight all its rows.

module pe_block_os #(
    parameter int ROWS = 1,
    parameter int COLS = 1,
    parameter int OUTPUT_BUFFERS = 2
) (
    input  logic               clk,
    input  logic               rst,
    // From the left; to the block on the right a cycle later.
    input  logic               row_valid,
    input  logic               row_replace,
    input  logic               row_capture,
    input  logic signed [ 7:0] activation[ROWS],
    output logic               row_valid_out,
    output logic               row_replace_out,
    output logic               row_capture_out,
    output logic signed [ 7:0] activation_out[ROWS],
    // From above; to the block below a cycle later.
    input  logic               col_valid,
    input  logic signed [ 7:0] weight[COLS],
    output logic               col_valid_out,
    output logic signed [ 7:0] weight_out[COLS],
    // What can be read.
    output logic        [31:0] stored[ROWS][COLS]
);
  /* verilator no_inline_module */
  logic multiply;
  assign multiply = row_valid && col_valid;

  for (genvar r = 0; r < ROWS; r++) begin : g_row
    for (genvar c = 0; c < COLS; c++) begin : g_col
      pe_os #(
          .OUTPUT_BUFFERS(OUTPUT_BUFFERS)
      ) u_pe (
          .clk,
          .activation(activation[r]),
          .weight    (weight[c]),
          .multiply,
          .replace   (row_replace),
          .capture   (row_capture),
          .stored    (stored[r][c])
      );
    end
  end

  always_ff @(posedge clk) begin
    row_valid_out   <= row_valid && !rst;
    row_replace_out <= row_replace;
    row_capture_out <= row_capture && !rst;
    activation_out  <= activation;
    col_valid_out   <= col_valid && !rst;
    weight_out      <= weight;
  end
endmodule
