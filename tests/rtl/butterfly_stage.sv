// SPDX-License-Identifier: Apache-2.0
// A stage of 2 x 2 switches with registered outputs. A switch joins lines x and x + SPAN. A word goes to the upper line
// if one of its destinations lies in the lower half of those it can still reach, to the lower line if one lies in the
// upper half, to both as a multicast. A line that both inputs of its switch want is given to neither.

module butterfly_stage #(
    parameter int LINES = 2,
    parameter int SPAN = 1,
    parameter int REACH = 2,  // destinations before this stage; 1: no choice is left, words go to upper lines
    parameter int WIDTH = 8,
    localparam int Left = REACH > 1 ? REACH / 2 : 1
) (
    input  logic             clk,
    input  logic             rst,
    input  logic             valid[LINES],
    input  logic [REACH-1:0] destinations[LINES],
    input  logic [WIDTH-1:0] data[LINES],
    output logic             valid_out[LINES],
    output logic [ Left-1:0] destinations_out[LINES],
    output logic [WIDTH-1:0] data_out[LINES],
    output logic             conflict  // in this cycle
);
  // What the two inputs of a line's switch have for it.
  logic [ Left-1:0] upper_set, lower_set;
  logic             upper_wants, lower_wants;
  // What the line carries next.
  logic             next_valid[LINES];
  logic [ Left-1:0] next_destinations[LINES];
  logic [WIDTH-1:0] next_data[LINES];

  always_comb begin
    conflict = 1'b0;
    for (int line = 0; line < LINES; line++) begin
      if ((line & SPAN) == 0) begin
        upper_set = destinations[line][Left-1:0];
        lower_set = destinations[line|SPAN][Left-1:0];
      end else begin
        upper_set = REACH > 1 ? destinations[line&~SPAN][REACH-1-:Left] : '0;
        lower_set = REACH > 1 ? destinations[line][REACH-1-:Left] : '0;
      end
      upper_wants = valid[line&~SPAN] && upper_set != '0;
      lower_wants = valid[line|SPAN] && lower_set != '0;
      conflict |= upper_wants && lower_wants;
      next_valid[line] = upper_wants != lower_wants && !rst;
      next_destinations[line] = lower_wants ? lower_set : upper_set;
      next_data[line] = lower_wants ? data[line|SPAN] : data[line&~SPAN];
    end
  end

  always_ff @(posedge clk) begin
    valid_out <= next_valid;
    destinations_out <= next_destinations;
    data_out <= next_data;
  end
endmodule
