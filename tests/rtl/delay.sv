// SPDX-License-Identifier: Apache-2.0
// A chain of registers; STAGES = 0 is a wire. Only the skew and deskew of the pod are made of it.

module delay #(
    parameter int WIDTH = 1,
    parameter int STAGES = 0,
    parameter bit RESET = 1'b0  // clear with rst
) (
    input  logic             clk,
    input  logic             rst,
    input  logic [WIDTH-1:0] d,
    output logic [WIDTH-1:0] q
);
  if (STAGES == 0) begin : g_wire
    logic unused;
    assign unused = clk ^ rst;
    assign q = d;
  end else begin : g_chain
    logic [WIDTH-1:0] stage[STAGES];
    for (genvar s = 0; s < STAGES; s++) begin : g_stage
      if (s == 0) begin : g_first
        always_ff @(posedge clk) stage[s] <= RESET && rst ? '0 : d;
      end else begin : g_next
        always_ff @(posedge clk) stage[s] <= RESET && rst ? '0 : stage[s-1];
      end
    end
    assign q = stage[STAGES-1];
  end
endmodule
