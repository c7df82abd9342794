// SPDX-License-Identifier: Apache-2.0
// A radix-2 butterfly between TERMINALS sources and destinations, circuit-switched: the destinations travel with every
// word, so that a row is steered by the switches it meets in the cycle in which it meets them.
//
// Stage t joins lines that differ in bit Stages - 1 - t (as if a perfect shuffle of each half, quarter, ... had brought
// them side by side), and settles that bit of the destination's line. Source s enters line s, destination d leaves line
// d * PLANES: with several planes the last stages settle bits that are 0 for all destinations.

module butterfly #(
    parameter int TERMINALS = 8,
    parameter int PLANES = 1,  // a power of two
    parameter int WIDTH = 16,
    localparam int Bits = $clog2(TERMINALS),
    localparam int Stages = Bits + $clog2(PLANES) > 0 ? Bits + $clog2(PLANES) : 1
) (
    input  logic                                clk,
    input  logic                                rst,
    input  logic [TERMINALS-1:0]                valid,
    input  logic [TERMINALS-1:0][TERMINALS-1:0] destinations,  // a set per source
    input  logic [TERMINALS-1:0][    WIDTH-1:0] data,
    output logic [TERMINALS-1:0]                valid_out,
    output logic [TERMINALS-1:0][    WIDTH-1:0] data_out,
    output logic [   Stages-1:0]                conflict       // per stage: two sources want one of its links, now
);
  localparam int Lines = 1 << Stages;

  for (genvar t = 0; t < Stages; t++) begin : g_stage
    localparam int Reach = t < Bits ? 1 << (Bits - t) : 1;
    localparam int Left = Reach > 1 ? Reach / 2 : 1;
    logic             line_valid[Lines], next_valid[Lines];
    logic [Reach-1:0] line_destinations[Lines];
    // verilator lint_off UNUSEDSIGNAL
    logic [ Left-1:0] next_destinations[Lines];  // nobody needs those behind the last stage
    // verilator lint_on UNUSEDSIGNAL
    logic [WIDTH-1:0] line_data[Lines], next_data[Lines];

    if (t == 0) begin : g_first
      for (genvar l = 0; l < Lines; l++) begin : g_line
        if (l < TERMINALS) begin : g_source
          assign line_valid[l] = valid[l];
          assign line_destinations[l] = Reach'(destinations[l]);
          assign line_data[l] = data[l];
        end else begin : g_idle
          assign line_valid[l] = 1'b0;
          assign line_destinations[l] = '0;
          assign line_data[l] = '0;
        end
      end
    end else begin : g_later
      assign line_valid = g_stage[t-1].next_valid;
      assign line_destinations = g_stage[t-1].next_destinations;
      assign line_data = g_stage[t-1].next_data;
    end

    butterfly_stage #(
        .LINES(Lines),
        .SPAN (Lines >> (t + 1)),
        .REACH(Reach),
        .WIDTH(WIDTH)
    ) u_stage (
        .clk,
        .rst,
        .valid           (line_valid),
        .destinations    (line_destinations),
        .data            (line_data),
        .valid_out       (next_valid),
        .destinations_out(next_destinations),
        .data_out        (next_data),
        .conflict        (conflict[t])
    );
  end

  for (genvar d = 0; d < TERMINALS; d++) begin : g_destination
    assign valid_out[d] = g_stage[Stages-1].next_valid[d*PLANES];
    assign data_out[d] = g_stage[Stages-1].next_data[d*PLANES];
  end
endmodule
