// SPDX-License-Identifier: Apache-2.0
// An output-stationary systolic array: ROWS x COLS PEs, int8 operands, sums of 32 bits that wrap and stay in the PEs.
//
// It is a grid of blocks of FAN_IN x BROADCAST PEs (short ones at the lower and right edge) with registers between
// them. A column of activations and a row of weights enter together, skewed: a cycle later for every block row, and for
// every block column; activations move to the right, weights down. So what enters in cycle t is multiplied in block
// (h, g) in cycle t + h + g. An order to drain takes the way of the activations. Behind it a counter addresses row
// after row, which leaves deskewed: row i in cycle drain + ceil(COLS / BROADCAST) + i.

module pod_os #(
    parameter int ROWS = 16,  // produce m
    parameter int COLS = 16,  // produce n
    parameter int BROADCAST = 16,  // columns of PEs that an activation reaches in a cycle
    parameter int FAN_IN = 16,  // rows of PEs that a weight reaches in a cycle
    parameter int OUTPUT_BUFFERS = 2  // 2: each PE has a shadow register for its sum; 1: it has none
) (
    input  logic                  clk,
    input  logic                  rst,          // empties the pipeline; sums stay undefined
    // A column of the activation tile, and a row of the weight tile.
    input  logic                  valid,
    input  logic                  replace,      // they begin new sums
    input  logic [ROWS-1:0][ 7:0] activations,
    input  logic [COLS-1:0][ 7:0] weights,
    // The sums are captured from now on, and their first rows leave.
    input  logic                  drain,
    input  logic [    15:0]       drain_rows,
    // A row of sums; a valid bit per column, since each has come its own way.
    output logic [COLS-1:0]       sums_valid,
    output logic [COLS-1:0][31:0] sums_out
);
  localparam int RowStages = (ROWS + FAN_IN - 1) / FAN_IN;
  localparam int ColStages = (COLS + BROADCAST - 1) / BROADCAST;

  // Index of the first dimension: block column, block row. What enters the leftmost or uppermost block has index 0.
  logic              row_valid  [ColStages+1][RowStages];
  logic              row_replace[ColStages+1][RowStages];
  logic              row_capture[ColStages+1][RowStages];
  logic signed [7:0] activation [ColStages+1][ROWS];
  logic              col_valid  [RowStages+1][ColStages];
  logic signed [7:0] weight     [RowStages+1][COLS];
  logic [31:0]       stored     [ROWS][COLS];

  // The row that is addressed.
  logic        read;
  logic [15:0] read_row, next_row, rows_left;
  if (OUTPUT_BUFFERS == 2) begin : g_read_shadows
    // From the cycle after the order on, when the first row is captured.
    assign read = rows_left != 16'd0;
    assign read_row = next_row;
    always_ff @(posedge clk) begin
      next_row  <= drain ? 16'd0 : next_row + 16'd1;
      rows_left <= rst ? 16'd0 : drain ? drain_rows : read ? rows_left - 16'd1 : 16'd0;
    end
  end else begin : g_read_sums
    assign read = drain || rows_left != 16'd0;
    assign read_row = drain ? 16'd0 : next_row;
    always_ff @(posedge clk) begin
      next_row  <= read_row + 16'd1;
      rows_left <= rst ? 16'd0 : drain ? drain_rows - 16'd1 : read ? rows_left - 16'd1 : 16'd0;
    end
  end

  // Activations and orders: block row h is h cycles late.
  for (genvar h = 0; h < RowStages; h++) begin : g_row_skew
    localparam int Rows = h == RowStages - 1 ? ROWS - h * FAN_IN : FAN_IN;
    logic [Rows-1:0][7:0] late;
    delay #(.WIDTH(3), .STAGES(h), .RESET(1'b1)) u_control (
        .clk, .rst, .d({valid, replace, drain}), .q({row_valid[0][h], row_replace[0][h], row_capture[0][h]}));
    delay #(.WIDTH(8 * Rows), .STAGES(h)) u_data (.clk, .rst, .d(activations[h*FAN_IN+:Rows]), .q(late));
    for (genvar r = 0; r < Rows; r++) begin : g_lane
      assign activation[0][h*FAN_IN+r] = late[r];
    end
  end

  // Weights and addresses: block column g is g cycles late; what leaves is deskewed.
  for (genvar g = 0; g < ColStages; g++) begin : g_col_skew
    localparam int First = g * BROADCAST;
    localparam int Cols = g == ColStages - 1 ? COLS - First : BROADCAST;
    // Sums pass an output register; shadow registers are one.
    localparam int Deskew = ColStages - 1 - g + (OUTPUT_BUFFERS == 2 ? 0 : 1);
    logic [Cols-1:0][ 7:0] weight_late;
    logic                  read_late;
    logic [15:0]           row_late;
    logic [Cols-1:0][31:0] sum_early;
    delay #(.WIDTH(1), .STAGES(g), .RESET(1'b1)) u_valid (.clk, .rst, .d(valid), .q(col_valid[0][g]));
    delay #(.WIDTH(8 * Cols), .STAGES(g)) u_weight (.clk, .rst, .d(weights[First+:Cols]), .q(weight_late));
    delay #(.WIDTH(1), .STAGES(g), .RESET(1'b1)) u_read (.clk, .rst, .d(read), .q(read_late));
    delay #(.WIDTH(16), .STAGES(g)) u_row (.clk, .rst, .d(read_row), .q(row_late));
    for (genvar c = 0; c < Cols; c++) begin : g_lane
      assign weight[0][First+c] = weight_late[c];
      always_comb begin
        sum_early[c] = '0;
        for (int r = 0; r < ROWS; r++) if (row_late == 16'(r)) sum_early[c] = stored[r][First+c];
      end
    end
    delay #(.WIDTH(32 * Cols), .STAGES(Deskew)) u_deskew (.clk, .rst, .d(sum_early), .q(sums_out[First+:Cols]));
    delay #(.WIDTH(Cols), .STAGES(Deskew), .RESET(1'b1)) u_deskew_valid (
        .clk, .rst, .d({Cols{read_late}}), .q(sums_valid[First+:Cols]));
  end

  for (genvar h = 0; h < RowStages; h++) begin : g_block_row
    localparam int Rows = h == RowStages - 1 ? ROWS - h * FAN_IN : FAN_IN;
    localparam int Top = h * FAN_IN;
    for (genvar g = 0; g < ColStages; g++) begin : g_block
      localparam int Cols = g == ColStages - 1 ? COLS - g * BROADCAST : BROADCAST;
      localparam int Left = g * BROADCAST;
      logic [31:0] held[Rows][Cols];
      pe_block_os #(
          .ROWS(Rows),
          .COLS(Cols),
          .OUTPUT_BUFFERS(OUTPUT_BUFFERS)
      ) u_block (
          .clk,
          .rst,
          .row_valid      (row_valid[g][h]),
          .row_replace    (row_replace[g][h]),
          .row_capture    (row_capture[g][h]),
          .activation     (activation[g][Top:Top+Rows-1]),
          .row_valid_out  (row_valid[g+1][h]),
          .row_replace_out(row_replace[g+1][h]),
          .row_capture_out(row_capture[g+1][h]),
          .activation_out (activation[g+1][Top:Top+Rows-1]),
          .col_valid      (col_valid[h][g]),
          .weight         (weight[h][Left:Left+Cols-1]),
          .col_valid_out  (col_valid[h+1][g]),
          .weight_out     (weight[h+1][Left:Left+Cols-1]),
          .stored         (held)
      );
      for (genvar r = 0; r < Rows; r++) begin : g_row
        for (genvar c = 0; c < Cols; c++) begin : g_col
          assign stored[Top+r][Left+c] = held[r][c];
        end
      end
    end
  end
endmodule
