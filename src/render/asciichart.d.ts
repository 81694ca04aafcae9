// asciichart 1.5 ships no types: what gcbend uses of it.
declare module 'asciichart' {
  export interface PlotConfig {
    /** Rows between the lowest and the highest value. */
    height?: number;
    min?: number;
    max?: number;
    /** Columns left of the curve, the axis included. */
    offset?: number;
    format?: (value: number, row: number) => string;
    symbols?: readonly string[];
  }
  /** Throws on an empty series and on NaN. */
  export function plot(series: readonly number[], config?: PlotConfig): string;
}
