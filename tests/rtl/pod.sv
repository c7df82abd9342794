// SPDX-License-Identifier: Apache-2.0
// A weight-stationary systolic array: ROWS x COLS PEs, int8 operands, sums of 32 bits that wrap.
//
// It is a grid of blocks of FAN_IN x BROADCAST PEs (short ones at the lower and right edge) with registers between
// them. An activation row enters skewed, a cycle later for every block row, and moves a block column to the right in a
// cycle; sums move a block row down in a cycle. So a row that enters in cycle t meets block (h, g) in cycle t + h + g,
// and has its sums at the outputs, deskewed, in cycle t + ceil(ROWS / FAN_IN) + ceil(COLS / BROADCAST) - 1.

module pod #(
    parameter int ROWS = 16,  // reduce over k
    parameter int COLS = 16,  // produce n
    parameter int BROADCAST = 16,  // PEs that an activation reaches in a cycle
    parameter int FAN_IN = 16,  // products that one adder stage sums
    parameter int WEIGHT_BUFFERS = 2  // 2: each PE has a shadow weight; 1: it has none
) (
    input  logic                         clk,
    input  logic                         rst,           // empties the pipeline; weights stay undefined
    // A row of activations, and the partial sums that it is added to.
    input  logic                         row_valid,
    input  logic                         row_first,     // of an operation: the swap to the shadow weights goes with it
    input  logic [ROWS-1:0][ 7:0]        activations,
    input  logic [COLS-1:0][31:0]        sums_in,
    // A row of weights, and which row of PEs it is for.
    input  logic                         weight_valid,
    input  logic [    15:0]              weight_row,
    input  logic [COLS-1:0][ 7:0]        weights,
    // A row of partial sums; a valid bit per column, since each has come its own way.
    output logic [COLS-1:0]              sums_valid,
    output logic [COLS-1:0][31:0]        sums_out
);
  localparam int RowStages = (ROWS + FAN_IN - 1) / FAN_IN;
  localparam int ColStages = (COLS + BROADCAST - 1) / BROADCAST;

  // Index of the first dimension: block column, block row. What enters the leftmost or uppermost block has index 0.
  logic              valid     [ColStages+1][RowStages];
  logic              first     [ColStages+1][RowStages];
  logic signed [7:0] activation[ColStages+1][ROWS];
  logic              sum_valid [RowStages+1][COLS];
  logic [31:0]       sum       [RowStages+1][COLS];
  logic              write     [ColStages][ROWS];
  logic signed [7:0] weight    [COLS];

  // Activations: block row h is h cycles late.
  for (genvar h = 0; h < RowStages; h++) begin : g_row_skew
    localparam int Rows = h == RowStages - 1 ? ROWS - h * FAN_IN : FAN_IN;
    logic [Rows-1:0][7:0] late;
    delay #(.WIDTH(2), .STAGES(h), .RESET(1'b1)) u_control (
        .clk, .rst, .d({row_valid, row_first}), .q({valid[0][h], first[0][h]}));
    delay #(.WIDTH(8 * Rows), .STAGES(h)) u_data (.clk, .rst, .d(activations[h*FAN_IN+:Rows]), .q(late));
    for (genvar r = 0; r < Rows; r++) begin : g_lane
      assign activation[0][h*FAN_IN+r] = late[r];
    end
  end

  // Partial sums and weights: block column g is g cycles late; what leaves is deskewed.
  logic [ROWS-1:0] row_select;
  always_comb for (int r = 0; r < ROWS; r++) row_select[r] = weight_valid && weight_row == 16'(r);

  for (genvar g = 0; g < ColStages; g++) begin : g_col_skew
    localparam int First = g * BROADCAST;
    localparam int Cols = g == ColStages - 1 ? COLS - First : BROADCAST;
    logic [ROWS-1:0]       write_late;
    logic [Cols-1:0][ 7:0] weight_late;
    logic [Cols-1:0][31:0] sum_late, sum_early;
    logic [Cols-1:0]       valid_late, valid_early;
    delay #(.WIDTH(ROWS), .STAGES(g)) u_write (.clk, .rst, .d(row_select), .q(write_late));
    delay #(.WIDTH(8 * Cols), .STAGES(g)) u_weight (.clk, .rst, .d(weights[First+:Cols]), .q(weight_late));
    delay #(.WIDTH(32 * Cols), .STAGES(g)) u_sum (.clk, .rst, .d(sums_in[First+:Cols]), .q(sum_late));
    delay #(.WIDTH(Cols), .STAGES(g), .RESET(1'b1)) u_sum_valid (
        .clk, .rst, .d({Cols{row_valid}}), .q(valid_late));
    for (genvar r = 0; r < ROWS; r++) begin : g_write
      assign write[g][r] = write_late[r];
    end
    for (genvar c = 0; c < Cols; c++) begin : g_lane
      assign weight[First+c] = weight_late[c];
      assign sum[0][First+c] = sum_late[c];
      assign sum_valid[0][First+c] = valid_late[c];
      assign sum_early[c] = sum[RowStages][First+c];
      assign valid_early[c] = sum_valid[RowStages][First+c];
    end
    delay #(.WIDTH(32 * Cols), .STAGES(ColStages - 1 - g)) u_deskew (
        .clk, .rst, .d(sum_early), .q(sums_out[First+:Cols]));
    delay #(.WIDTH(Cols), .STAGES(ColStages - 1 - g), .RESET(1'b1)) u_deskew_valid (
        .clk, .rst, .d(valid_early), .q(sums_valid[First+:Cols]));
  end

  for (genvar h = 0; h < RowStages; h++) begin : g_block_row
    localparam int Rows = h == RowStages - 1 ? ROWS - h * FAN_IN : FAN_IN;
    localparam int Top = h * FAN_IN;
    for (genvar g = 0; g < ColStages; g++) begin : g_block
      localparam int Cols = g == ColStages - 1 ? COLS - g * BROADCAST : BROADCAST;
      localparam int Left = g * BROADCAST;
      pe_block #(
          .ROWS(Rows),
          .COLS(Cols),
          .WEIGHT_BUFFERS(WEIGHT_BUFFERS)
      ) u_block (
          .clk,
          .rst,
          .row_valid     (valid[g][h]),
          .row_first     (first[g][h]),
          .activation    (activation[g][Top:Top+Rows-1]),
          .row_valid_out (valid[g+1][h]),
          .row_first_out (first[g+1][h]),
          .activation_out(activation[g+1][Top:Top+Rows-1]),
          .sum_valid     (sum_valid[h][Left:Left+Cols-1]),
          .sum           (sum[h][Left:Left+Cols-1]),
          .sum_valid_out (sum_valid[h+1][Left:Left+Cols-1]),
          .sum_out       (sum[h+1][Left:Left+Cols-1]),
          .write         (write[g][Top:Top+Rows-1]),
          .weight        (weight[Left:Left+Cols-1])
      );
    end
  end
endmodule
