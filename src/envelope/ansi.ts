// In: text as a terminal gets it. Out: the same without colours.

/** CSI sequences, and the strings of OSC, DCS, APC, PM and SOS. */
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;

/** Text of one character a byte or more: no sequence holds others than ASCII. */
export function stripSequences(text: string): string {
  return text.includes('\x1b') ? text.replace(SEQUENCES, '') : text;
}
